/* bert train-tokenizer: a WordPiece vocabulary from text. */
#include "commands.h"
#include "console.h"
#include "corpus_counts.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings {
    bert_train_tokenizer_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_train_tokenizer_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, "Output")};

static int run(const arguments *arguments)
{
    if (arguments->operand_count == 0) {
        console_error("train-tokenizer: name the files to read: bert train-tokenizer ... FILE...");
        return EXIT_USAGE;
    }
    settings.params.inputs = (const char *const *)arguments->operands;
    settings.params.input_count = arguments->operand_count;
    console_catch_signals();
    bert_error error = {0};
    bert_train_tokenizer_result result;
    if (bert_train_tokenizer(&settings.params, &result, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    if (!result.finished) {
        console_error("train-tokenizer: stopped; nothing was written");
        return 128 + console_signal();
    }
    if (settings.json)
        return console_json(json_pack(
            "{s:s, s:I, s:I, s:I, s:I, s:I, s:o*}", "output", settings.params.output, "vocab_size",
            (json_int_t)result.vocab_size, "bytes", (json_int_t)result.bytes, "words",
            (json_int_t)result.words, "distinct_words", (json_int_t)result.distinct_words,
            "invalid_bytes", (json_int_t)result.invalid_bytes, "corpus",
            result.corpus.source_count > 0 ? corpus_counts_json(&result.corpus) : NULL));
    char entries[32], words[32], distinct[32];
    printf("%s: %s entries from %s words (%s different)\n", settings.params.output,
           console_count(entries, result.vocab_size), console_count(words, result.words),
           console_count(distinct, result.distinct_words));
    corpus_counts_print(stdout, &result.corpus);
    return EXIT_SUCCESS;
}

const command command_train_tokenizer = {
    .name = "train-tokenizer",
    .summary = "make a WordPiece vocabulary from text",
    .synopsis = "--output DIR [OPTIONS] FILE...",
    .description =
        "Learns a WordPiece vocabulary from text and writes it as Hugging Face's tokenizer "
        "files: vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json. It "
        "takes the files that bert prepare takes, folders and - for the standard input too, and "
        "learns from the text that bert cat prints. The same text gives the same vocabulary, on "
        "any machine and with any number of threads.",
    .examples = "bert train-tokenizer --output tokenizer corpus.txt\n"
                "bert train-tokenizer --cased --vocab-size 8192 --output tokenizer *.txt\n"
                "bert train-tokenizer --text-field body --output tokenizer news.jsonl.gz\n"
                "bert train-tokenizer --extend base --add 1000 --output medical papers.txt\n",
    .parts = {TABLE_PART(bert_train_tokenizer_params, settings.params),
              OWN_PART(own_options, settings)},
    .hub_operands = HUB_OPERANDS_FILES,
    .set_defaults = set_defaults,
    .run = run,
};
