/* bert inspect of a corpus: how well a tokenizer suits it, and what is in it twice. */
#include "inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool detect(const char *path, const inspect_settings *settings)
{
    (void)path, (void)settings;
    return true;
}

static double ratio(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* The code point of one character, terminated. */
static uint32_t code_point(const char *character)
{
    const unsigned char *c = (const unsigned char *)character;
    if (c[0] < 0x80)
        return c[0];
    uint32_t code = c[0] < 0xE0 ? c[0] & 0x1F : c[0] < 0xF0 ? c[0] & 0x0F : c[0] & 0x07;
    while ((*++c & 0xC0) == 0x80)
        code = code << 6 | (*c & 0x3F);
    return code;
}

/* Text from a corpus may hold what a terminal would obey. */
static void print_text(const bert_counted_text *entry)
{
    for (const char *c = entry->text; *c; c++)
        putchar((unsigned char)*c < 0x20 || *c == 0x7F ? '?' : *c);
    puts(entry->cut ? "..." : "");
}

static void print_list(const char *title, const bert_counted_texts *list)
{
    if (list->count == 0)
        return;
    printf("\n%s\n", title);
    for (size_t i = 0; i < list->count; i++) {
        char count[32];
        printf("%14s  ", console_count(count, list->entries[i].count));
        print_text(&list->entries[i]);
    }
}

static void print_characters(const bert_corpus_report *report)
{
    if (report->uncovered.count == 0)
        return;
    char different[32], count[32];
    printf("\n%s characters are in no token, seen %s times; the most frequent:\n",
           console_count(different, report->uncovered_different),
           console_count(count, report->uncovered_count));
    for (size_t i = 0; i < report->uncovered.count; i++) {
        const bert_counted_text *entry = &report->uncovered.entries[i];
        printf("%14s  U+%04" PRIX32 "  ", console_count(count, entry->count),
               code_point(entry->text));
        print_text(entry);
    }
}

static void print_report(const bert_corpus_report *r)
{
    inspect_print_count("documents", r->documents);
    inspect_print_count("lines", r->lines);
    inspect_print_count("words", r->words);
    inspect_print_count("tokens", r->tokens);
    inspect_print_count("bytes", r->bytes);
    inspect_print_count("bytes not UTF-8", r->invalid_bytes);
    printf("%-24s%16.3f\n%-24s%16.3f\n", "tokens per word", ratio(r->tokens, r->words),
           "bytes per token", ratio(r->bytes, r->tokens));
    printf("\n");
    inspect_print_count("[UNK] words", r->unknown_words);
    printf("%-24s%16.4f\n%-24s%16.4f\n", "  % of words", 100 * ratio(r->unknown_words, r->words),
           "  % of tokens", 100 * ratio(r->unknown_words, r->tokens));
    inspect_print_count("  too long", r->too_long);
    inspect_print_count("  unknown character", r->not_covered);
    inspect_print_count("  no pieces", r->no_pieces);
    print_characters(r);
    print_list("Longest words, in characters:", &r->longest_words);
    printf("\n");
    inspect_print_count("repeated lines", r->repeated_count);
    printf("%-24s%16.4f\n", "  % of lines", 100 * ratio(r->repeated_count, r->lines));
    if (r->repeated_error)
        printf("at least: memory was full, and counts may be too low by %" PRIu64 "\n",
               r->repeated_error);
    print_list("Lines seen most often:", &r->repeated_lines);
}

static json_t *list_json(const bert_counted_texts *list, const char *number)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const bert_counted_text *entry = &list->entries[i];
        json_array_append_new(array,
                              json_pack("{s:o, s:b, s:I}", "text",
                                        console_json_text(entry->text, strlen(entry->text)), "cut",
                                        entry->cut, number, (json_int_t)entry->count));
    }
    return array;
}

static json_t *report_json(const bert_corpus_report *r)
{
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:{s:I, s:f, s:I, s:I, s:I}, "
        "s:{s:I, s:I, s:o}, s:o, s:{s:I, s:I, s:o}}",
        "kind", "corpus", "documents", (json_int_t)r->documents, "lines", (json_int_t)r->lines,
        "words", (json_int_t)r->words, "tokens", (json_int_t)r->tokens, "bytes",
        (json_int_t)r->bytes, "invalid_bytes", (json_int_t)r->invalid_bytes, "tokens_per_word",
        ratio(r->tokens, r->words), "bytes_per_token", ratio(r->bytes, r->tokens), "unknown",
        "words", (json_int_t)r->unknown_words, "share_of_tokens",
        ratio(r->unknown_words, r->tokens), "too_long", (json_int_t)r->too_long, "not_covered",
        (json_int_t)r->not_covered, "no_pieces", (json_int_t)r->no_pieces, "uncovered_characters",
        "different", (json_int_t)r->uncovered_different, "count", (json_int_t)r->uncovered_count,
        "list", list_json(&r->uncovered, "count"), "longest_words",
        list_json(&r->longest_words, "characters"), "repeated_lines", "count",
        (json_int_t)r->repeated_count, "count_error", (json_int_t)r->repeated_error, "list",
        list_json(&r->repeated_lines, "count"));
}

static int run(const arguments *arguments, const inspect_settings *settings)
{
    const char *first = arguments->operands[0];
    if (!settings->corpus.tokenizer && strcmp(first, "-") != 0 && access(first, F_OK) != 0) {
        console_error("inspect: %s: %s", first, strerror(errno));
        return EXIT_FAILURE;
    }
    if (!settings->corpus.tokenizer) {
        console_error("inspect: %s is not a tokenizer; for a corpus, name the tokenizer to inspect "
                      "it with: bert inspect --tokenizer PATH FILE...",
                      first);
        return EXIT_USAGE;
    }
    bert_inspect_corpus_params params = settings->corpus;
    params.inputs = (const char *const *)arguments->operands;
    params.input_count = arguments->operand_count;
    console_catch_signals();
    bert_error error = {0};
    bert_corpus_report report;
    bool finished;
    int code = EXIT_SUCCESS;
    if (bert_inspect_corpus(&params, &report, &finished, &console_observer, &error) != BERT_OK) {
        code = console_failure(&error);
    } else if (!finished) {
        console_error("inspect: stopped before the end");
        code = 128 + console_signal();
    } else if (settings->json) {
        code = console_json(report_json(&report));
    } else {
        print_report(&report);
    }
    bert_corpus_report_free(&report);
    return code;
}

const inspector inspect_corpus = {.detect = detect, .run = run};
