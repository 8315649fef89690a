/* bert prepare: documents in, indexed token files out. */
#include "commands.h"
#include "console.h"
#include "corpus_counts.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings {
    bert_prepare_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_prepare_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, "Output")};

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
                "bert prepare --tokenizer tok --output data wiki=dump.xml.bz2 web=web/:0.1\n"
                "# Books, a file each, with blank lines between paragraphs:\n"
                "bert prepare --tokenizer tok --output data --document-separator file books/\n"
                "# A sentence a line, a blank line between documents (Google's input):\n"
                "bert prepare --tokenizer tok --output data --sentence-separator line a.txt\n"
                "# A sentence a row, and the title of its book in the column book:\n"
                "bert prepare --tokenizer tok --output data --document-column book \\\n"
                "    --sentence-separator row books.parquet\n"
                "# A chat log of JSON lines, a message each:\n"
                "bert prepare --tokenizer tok --output data --text-field message \\\n"
                "    --document-column conversation_id --sentence-separator row chat.jsonl\n",
    .parts = {TABLE_PART(bert_prepare_params, settings.params), OWN_PART(own_options, settings)},
    .hub_operands = HUB_OPERANDS_FILES,
    .set_defaults = set_defaults,
    .run = run,
};
