/* bert prepare: documents in, indexed token files out. */
#include "commands.h"
#include "console.h"
#include "corpus_options.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    bert_prepare_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_prepare_params_default();
    settings.json = false;
}

static const option options[] = {
    {.name = "tokenizer",
     .kind = OPTION_STRING,
     .target = &settings.params.tokenizer,
     .value = "PATH",
     .required = true,
     .help = "folder of tokenizer files, tokenizer.json or vocab.txt; a copy stays with the data"},
    {.name = "output",
     .kind = OPTION_STRING,
     .target = &settings.params.output,
     .value = "PREFIX",
     .required = true,
     .help = "write PREFIX.bin, PREFIX.idx, PREFIX.validation.bin, PREFIX.validation.idx, "
             "PREFIX.json and PREFIX.tokenizer/ (and .sentences, see --layout); none of them may "
             "exist"},
    {.name = "layout",
     .kind = OPTION_STRING,
     .target = &settings.params.layout,
     .value = "NAME",
     .help = "what a sequence of the index is: sentences (as Megatron-LM's BERT wants it) or "
             "documents (less on the disk, the ends of sentences stand in PREFIX.sentences); "
             "training is the same"},
    {.name = "overwrite",
     .kind = OPTION_FLAG,
     .target = &settings.params.overwrite,
     .help = "replace them when all is done; and start anew where an interrupted preparation would "
             "be continued"},
    {.name = "cased",
     .kind = OPTION_INVERTED_SWITCH,
     .target = &settings.params.tokenizer_options.lowercase,
     .help = "keep case and accents, whatever the tokenizer's files say; --no-cased: do not"},
    {.name = "strip-accents",
     .kind = OPTION_SWITCH,
     .target = &settings.params.tokenizer_options.strip_accents,
     .help = "strip accents from cased text, too; --no-strip-accents: keep them in any text"},
    CORPUS_TEXT_FIELD_OPTION(settings.params.reader_options),
    CORPUS_FORMAT_OPTION(settings.params.reader_options),
    {.name = "language",
     .kind = OPTION_STRING,
     .target = &settings.params.language,
     .value = "LANGUAGE",
     .help = "whose rules split the sentences, as BCP 47 or ICU names it"},
    {.name = "validation-fraction",
     .kind = OPTION_NUMBER,
     .target = &settings.params.validation_fraction,
     .value = "SHARE",
     .minimum = 0,
     .maximum = 1,
     .help = "share of the documents to hold out, chosen by a hash of their text; 0: none"},
    {.name = "seed",
     .kind = OPTION_UINT64,
     .target = &settings.params.seed,
     .value = "N",
     .help =
         "of that hash, and of the one by which documents of a source with a weight are chosen"},
    {.name = "threads",
     .kind = OPTION_INT,
     .target = &settings.params.threads,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all cores",
     .help = "the result does not depend on it"},
    {.name = "save-seconds",
     .kind = OPTION_NUMBER,
     .target = &settings.params.save_seconds,
     .value = "SECONDS",
     AT_LEAST(0),
     .help = "how often to note how far the work is, for continuing it"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
    CORPUS_CLEANING_OPTIONS(settings.params.reader_options),
};

static json_t *counts_json(const bert_data_counts *counts)
{
    return json_pack("{s:I, s:I, s:I}", "documents", (json_int_t)counts->documents, "sentences",
                     (json_int_t)counts->sentences, "tokens", (json_int_t)counts->tokens);
}

static void print_counts(const char *what, const bert_data_counts *counts)
{
    char documents[32], sentences[32], tokens[32];
    printf("%-12s%14s documents%14s sentences%16s tokens\n", what,
           console_count(documents, counts->documents), console_count(sentences, counts->sentences),
           console_count(tokens, counts->tokens));
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count == 0) {
        console_error("prepare: name the files to read: bert prepare ... FILE...");
        return EXIT_USAGE;
    }
    settings.params.inputs = (const char *const *)arguments->operands;
    settings.params.input_count = arguments->operand_count;
    console_catch_signals();
    bert_error error = {0};
    bert_prepare_result result;
    if (bert_prepare(&settings.params, &result, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    if (settings.json)
        return console_json(json_pack(
            "{s:s, s:o, s:o, s:I, s:I, s:I, s:o}", "output", settings.params.output, "train",
            counts_json(&result.train), "validation", counts_json(&result.validation), "bytes",
            (json_int_t)result.bytes, "invalid_bytes", (json_int_t)result.invalid_bytes,
            "unknown_tokens", (json_int_t)result.unknown_tokens, "corpus",
            corpus_counts_json(&result.corpus)));
    corpus_counts_print(stdout, &result.corpus);
    print_counts("training", &result.train);
    print_counts("validation", &result.validation);
    uint64_t tokens = result.train.tokens + result.validation.tokens;
    printf("%.3f %% of the tokens are [UNK]\n",
           tokens > 0 ? 100.0 * (double)result.unknown_tokens / (double)tokens : 0.0);
    return EXIT_SUCCESS;
}

const command command_prepare = {
    .name = "prepare",
    .summary = "turn text into data to train on",
    .synopsis = "--tokenizer PATH --output PREFIX [OPTIONS] FILE...",
    .description =
        "Finds the documents in the files, splits them into sentences, and writes their ids as "
        "Megatron-LM indexed data; a share of the documents becomes the validation split.\n\n"
        "The work grows in PREFIX.preparing/. Interrupted, even killed, it is continued by the "
        "same "
        "command and gives the bytes of one that was not.\n\n" CORPUS_INPUTS_HELP,
    .examples = "bert prepare --tokenizer tokenizer --output data corpus.txt\n"
                "bert prepare --tokenizer tokenizer --output data --language de texts/\n"
                "bert prepare --tokenizer tok --output data wiki=dump.xml.bz2 web=web/:0.1\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
