/* bert train-tokenizer: a WordPiece vocabulary from text. */
#include "commands.h"
#include "console.h"
#include "corpus_options.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    bert_train_tokenizer_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_train_tokenizer_params_default();
    settings.json = false;
}

static const option options[] = {
    {.name = "output",
     .kind = OPTION_STRING,
     .target = &settings.params.output,
     .value = "DIR",
     .required = true,
     .help = "folder for the tokenizer's files; must not exist, or be empty"},
    {.name = "vocab-size",
     .kind = OPTION_SIZE,
     .target = &settings.params.vocab_size,
     .value = "N",
     AT_LEAST(1),
     .help = "entries of the vocabulary, special tokens included"},
    {.name = "cased",
     .kind = OPTION_INVERTED_FLAG,
     .target = &settings.params.lowercase,
     .help = "keep case and accents"},
    {.name = "strip-accents",
     .kind = OPTION_SWITCH,
     .target = &settings.params.strip_accents,
     .help = "strip accents though cased; --no-strip-accents: keep them though uncased"},
    {.name = "min-frequency",
     .kind = OPTION_UINT64,
     .target = &settings.params.min_frequency,
     .value = "N",
     .help = "do not merge pairs seen less often"},
    {.name = "limit-alphabet",
     .kind = OPTION_SIZE,
     .target = &settings.params.limit_alphabet,
     .value = "N",
     AT_LEAST(1),
     .help = "how many different characters to keep, the most frequent"},
    {.name = "initial-alphabet",
     .kind = OPTION_STRING,
     .target = &settings.params.initial_alphabet,
     .value = "CHARACTERS",
     .help = "characters to keep even if the text has none of them"},
    CORPUS_TEXT_FIELD_OPTION(settings.params.reader_options),
    CORPUS_FORMAT_OPTION(settings.params.reader_options),
    CORPUS_SEED_OPTION(settings.params.reader_options),
    {.name = "algorithm",
     .kind = OPTION_STRING,
     .target = &settings.params.algorithm,
     .value = "NAME",
     .help = "frequency: merge the pair seen most often, as Hugging Face does; likelihood: the one "
             "that raises the likelihood of the text most, as WordPiece was defined"},
    {.name = "extend",
     .kind = OPTION_STRING,
     .target = &settings.params.extend,
     .value = "PATH",
     .help = "keep every entry of this tokenizer and its settings, and put new ones behind"},
    {.name = "add",
     .kind = OPTION_SIZE,
     .target = &settings.params.add,
     .value = "N",
     .help = "entries to put behind those of --extend"},
    {.name = "memory",
     .kind = OPTION_UINT64,
     .target = &settings.params.memory,
     .value = "BYTES",
     .default_text = "no limit",
     .help = "memory for words and their counts; where it is not enough, the rarest words are "
             "dropped, and how many is said"},
    {.name = "threads",
     .kind = OPTION_INT,
     .target = &settings.params.threads,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all cores",
     .help = "the result does not depend on it"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
    CORPUS_CLEANING_OPTIONS(settings.params.reader_options),
};

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
        "Learns a WordPiece vocabulary from text and writes it as Hugging Face's tokenizer files: "
        "vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json. It takes "
        "the files that bert prepare takes, folders and - for the standard input too, and learns "
        "from the text that bert cat prints. "
        "The same text gives the same vocabulary, on any machine and with any number of threads.",
    .examples = "bert train-tokenizer --output tokenizer corpus.txt\n"
                "bert train-tokenizer --cased --vocab-size 8192 --output tokenizer *.txt\n"
                "bert train-tokenizer --text-field body --output tokenizer news.jsonl.gz\n"
                "bert train-tokenizer --extend base --add 1000 --output medical papers.txt\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
