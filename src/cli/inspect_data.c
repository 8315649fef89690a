/* bert inspect of prepared data and pre-tokenized data sets: what is in it, how long its sentences
 * and documents are, and some samples as a model would see them. */
#include "inspect.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BAR_WIDTH = 40 };

static bool is_there(const char *path, const char *ending)
{
    char index[4096];
    struct stat information;
    return snprintf(index, sizeof index, "%s%s", path, ending) < (int)sizeof index &&
           stat(index, &information) == 0;
}

static bool matches(const char *path, const char *ending)
{
    char pattern[4096];
    glob_t found = {0};
    bool any = snprintf(pattern, sizeof pattern, "%s%s", path, ending) < (int)sizeof pattern &&
               glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    globfree(&found);
    return any;
}

/* A prefix names no file itself: its index is PREFIX.idx. A folder and a pattern stand for the
 * prefixes in it. */
static bool detect(const char *path, const inspect_settings *settings)
{
    if (bert_pretokenized_detect(path))
        return true;
    if (settings->corpus.tokenizer)
        return false;
    if (!is_there(path, ""))
        return is_there(path, ".idx") || (strpbrk(path, "*?[") && matches(path, ".idx"));
    return is_there(path, "/.") && !strpbrk(path, "*?[\\") && matches(path, "/*.idx");
}

static double bytes_per_token(const bert_split_report *split)
{
    return split->tokens ? (double)split->bytes / (double)split->tokens : 0;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* Of the class i: lengths from 2^i to 2^(i + 1) − 1. */
static void print_lengths(const char *title, const uint64_t *classes, double mean, uint64_t median,
                          uint64_t longest)
{
    uint64_t most = 0;
    for (int i = 0; i < BERT_LENGTH_CLASSES; i++)
        most = classes[i] > most ? classes[i] : most;
    char middle[32], top[32];
    printf("\n%s, in tokens: mean %.1f, median %s, longest %s\n", title, mean,
           console_count(middle, median), console_count(top, longest));
    for (int i = 0; i < BERT_LENGTH_CLASSES; i++) {
        if (classes[i] == 0)
            continue;
        char count[32];
        int bar = (int)((double)classes[i] / (double)most * BAR_WIDTH + 0.5);
        printf("%9llu to %-9llu%14s  %.*s\n", 1ull << i, (2ull << i) - 1,
               console_count(count, classes[i]), bar, "########################################");
    }
}

static double mean_sentence(const bert_split_report *split)
{
    return share(split->tokens, split->sentences);
}

static double mean_document(const bert_split_report *split)
{
    return share(split->tokens, split->documents - split->empty_documents);
}

static void print_split(const char *name, const bert_split_report *split)
{
    printf("%s\n", name);
    inspect_print_count("  documents", split->documents);
    inspect_print_count("    of one sentence", split->one_sentence_documents);
    if (split->empty_documents > 0)
        inspect_print_count("    of none", split->empty_documents);
    inspect_print_count("  sentences", split->sentences);
    inspect_print_count("  tokens", split->tokens);
    printf("%-24s%16.3f\n", "  bytes a token", bytes_per_token(split));
}

static void print_rows(const bert_rows_report *rows)
{
    printf("pre-tokenized: a document is a row, a sentence a segment of it\n");
    if (rows->has_labels) {
        inspect_print_count("next_sentence_label 0", rows->labels[0]);
        inspect_print_count("next_sentence_label 1", rows->labels[1]);
    }
    printf("longest row: %llu tokens, %s\n", (unsigned long long)rows->longest, rows->longest_row);
    if (rows->longer > 0)
        inspect_print_count("rows that are cut", rows->longer);
    if (rows->restored_ids > 0)
        inspect_print_count("masked ids restored", rows->restored_ids);
    if (rows->skipped > 0)
        printf("%llu rows skipped, without text or with an empty segment; the first: %s\n",
               (unsigned long long)rows->skipped, rows->first_skipped);
}

/* What pre-training makes of the data. */
static void print_schemes(const bert_data_report *report)
{
    printf("\nAn epoch of sequences of %d tokens%s; random second parts are not counted as seen\n",
           report->max_seq_length, report->schemes_estimated ? ", estimated from a part" : "");
    printf("%-24s%16s%16s%9s%16s\n", "", "samples", "tokens seen", "", "labelled random");
    for (size_t i = 0; i < report->scheme_count; i++) {
        const bert_scheme_report *scheme = &report->schemes[i];
        char name[32], samples[32], tokens[32];
        snprintf(name, sizeof name, "%s %s", scheme->has_pairs ? "--pairs" : "--sequences",
                 scheme->name);
        printf("%-24s%16s%16s%7.1f %%", name, console_count(samples, scheme->samples),
               console_count(tokens, scheme->tokens),
               100 * share(scheme->tokens, report->train.tokens));
        if (scheme->has_pairs)
            printf("%14.1f %%", 100 * scheme->random_labels);
        printf("\n");
    }
}

static void print_report(const bert_data_report *report)
{
    inspect_print_count("vocabulary", report->vocab_size);
    if (report->is_pretokenized)
        print_rows(&report->rows);
    if (report->files > 1)
        inspect_print_count("files", report->files);
    print_split("training", &report->train);
    if (report->validation.documents > 0)
        print_split("validation", &report->validation);
    const bert_split_report *train = &report->train;
    print_lengths("Sentences", train->sentence_lengths, mean_sentence(train),
                  train->median_sentence, train->longest_sentence);
    printf("%.1f %% of the tokens are in sentences of more than 128 tokens, %.1f %% in those of "
           "more than 512\n",
           100 * share(train->tokens_beyond_128, train->tokens),
           100 * share(train->tokens_beyond_512, train->tokens));
    print_lengths("Documents", train->document_lengths, mean_document(train),
                  train->median_document, train->longest_document);
    if (!report->is_pretokenized)
        print_schemes(report);
    if (report->sample_count > 0)
        printf("\nSamples; {a>b} is a token to predict, and what replaces it:\n");
    for (size_t i = 0; i < report->sample_count; i++) {
        const bert_sample_report *sample = &report->samples[i];
        printf("\n%zu tokens, %zu to predict%s\n%s\n", sample->tokens, sample->predictions,
               sample->next_sentence_label < 0    ? ""
               : sample->next_sentence_label == 0 ? "; the second part follows the first"
                                                  : "; the second part is from elsewhere",
               sample->text);
    }
}

static json_t *lengths_json(const uint64_t *classes)
{
    json_t *list = json_array();
    for (int i = 0; i < BERT_LENGTH_CLASSES; i++)
        if (classes[i] > 0)
            json_array_append_new(list, json_pack("{s:I, s:I}", "from", (json_int_t)(1ull << i),
                                                  "count", (json_int_t)classes[i]));
    return list;
}

static json_t *split_json(const bert_split_report *split)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:o, s:o}",
        "documents", (json_int_t)split->documents, "sentences", (json_int_t)split->sentences,
        "tokens", (json_int_t)split->tokens, "bytes", (json_int_t)split->bytes, "bytes_per_token",
        bytes_per_token(split), "one_sentence_documents", (json_int_t)split->one_sentence_documents,
        "empty_documents", (json_int_t)split->empty_documents, "mean_sentence",
        mean_sentence(split), "median_sentence", (json_int_t)split->median_sentence,
        "longest_sentence", (json_int_t)split->longest_sentence, "tokens_beyond_128",
        (json_int_t)split->tokens_beyond_128, "tokens_beyond_512",
        (json_int_t)split->tokens_beyond_512, "mean_document", mean_document(split),
        "median_document", (json_int_t)split->median_document, "longest_document",
        (json_int_t)split->longest_document, "sentence_lengths",
        lengths_json(split->sentence_lengths), "document_lengths",
        lengths_json(split->document_lengths));
}

static json_t *schemes_json(const bert_data_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->scheme_count; i++) {
        const bert_scheme_report *scheme = &report->schemes[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I, s:f, s:o}", scheme->has_pairs ? "pairs" : "sequences",
                            scheme->name, "samples", (json_int_t)scheme->samples, "tokens",
                            (json_int_t)scheme->tokens, "share_of_tokens",
                            share(scheme->tokens, report->train.tokens), "share_of_random_labels",
                            console_json_number(scheme->random_labels)));
    }
    return json_pack("{s:i, s:b, s:o}", "max_seq_length", report->max_seq_length, "estimated",
                     report->schemes_estimated, "schemes", list);
}

static json_t *ids_json(const int32_t *ids, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(ids[i]));
    return list;
}

static json_t *name_json(const char *name)
{
    return name ? console_json_text(name, strlen(name)) : json_null();
}

static json_t *rows_json(const bert_rows_report *rows)
{
    return json_pack("{s:o, s:I, s:o, s:I, s:o, s:I, s:I}", "next_sentence_labels",
                     rows->has_labels ? json_pack("[I, I]", (json_int_t)rows->labels[0],
                                                  (json_int_t)rows->labels[1])
                                      : json_null(),
                     "longest", (json_int_t)rows->longest, "longest_row",
                     name_json(rows->longest_row), "skipped", (json_int_t)rows->skipped,
                     "first_skipped", name_json(rows->first_skipped), "longer",
                     (json_int_t)rows->longer, "restored_ids", (json_int_t)rows->restored_ids);
}

static json_t *report_json(const bert_data_report *report)
{
    json_t *samples = json_array();
    for (size_t i = 0; i < report->sample_count; i++) {
        const bert_sample_report *sample = &report->samples[i];
        json_array_append_new(
            samples,
            json_pack("{s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "text",
                      console_json_text(sample->text, strlen(sample->text)), "tokens",
                      (json_int_t)sample->tokens, "predictions", (json_int_t)sample->predictions,
                      "next_sentence_label",
                      sample->next_sentence_label < 0 ? json_null()
                                                      : json_integer(sample->next_sentence_label),
                      "input_ids", ids_json(sample->input_ids, sample->tokens), "token_type_ids",
                      ids_json(sample->token_type_ids, sample->tokens), "labels",
                      ids_json(sample->labels, sample->tokens)));
    }
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "kind", "data", "vocab_size",
                     (json_int_t)report->vocab_size, "files", (json_int_t)report->files, "rows",
                     report->is_pretokenized ? rows_json(&report->rows) : json_null(), "train",
                     split_json(&report->train), "validation", split_json(&report->validation),
                     "epoch", report->is_pretokenized ? json_null() : schemes_json(report),
                     "samples", samples);
}

/* A line each, as bert_inspect_data takes them. */
static char *join_operands(const arguments *arguments)
{
    size_t length = 0;
    for (size_t i = 0; i < arguments->operand_count; i++)
        length += strlen(arguments->operands[i]) + 1;
    char *joined = malloc(length), *end = joined;
    for (size_t i = 0; joined && i < arguments->operand_count; i++) {
        end = stpcpy(end, arguments->operands[i]);
        *end++ = i + 1 < arguments->operand_count ? '\n' : '\0';
    }
    return joined;
}

static int run(const arguments *arguments, const inspect_settings *settings)
{
    char *data = join_operands(arguments);
    if (!data) {
        console_error("inspect: no memory for the names of data");
        return EXIT_FAILURE;
    }
    bert_inspect_data_params params = settings->data;
    params.data = data;
    params.tokenizer = settings->corpus.tokenizer;
    if (arguments_given(arguments, "top"))
        params.samples = settings->corpus.top;
    bert_data_report report;
    bert_error error = {0};
    int code = EXIT_SUCCESS;
    if (bert_inspect_data(&params, &report, &error) != BERT_OK)
        code = console_failure(&error);
    else if (settings->json)
        code = console_json(report_json(&report));
    else
        print_report(&report);
    bert_data_report_free(&report);
    free(data);
    return code;
}

const inspector inspect_data = {.detect = detect, .run = run};
