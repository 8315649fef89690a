/* bert tokenize: lines of text in, lines of ids out. */
#include "commands.h"
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *tokenizer;
    bert_tokenizer_options options;
    bool tokens, special_tokens;
    size_t max_length;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.options = bert_tokenizer_options_default();
    settings.special_tokens = true;
}

static const option options[] = {
    {.name = "tokenizer",
     .kind = OPTION_STRING,
     .target = &settings.tokenizer,
     .value = "PATH",
     .required = true,
     .help = "folder of tokenizer files, tokenizer.json or vocab.txt"},
    {.name = "cased",
     .kind = OPTION_INVERTED_SWITCH,
     .target = &settings.options.lowercase,
     .help = "keep case and accents, whatever the tokenizer's files say; --no-cased: do not"},
    {.name = "strip-accents",
     .kind = OPTION_SWITCH,
     .target = &settings.options.strip_accents,
     .help = "strip accents from cased text, too; --no-strip-accents: keep them in any text"},
    {.name = "tokens",
     .kind = OPTION_FLAG,
     .target = &settings.tokens,
     .help = "print tokens instead of ids"},
    {.name = "special-tokens",
     .kind = OPTION_FLAG,
     .target = &settings.special_tokens,
     .help = "leave out [CLS] and [SEP]"},
    {.name = "max-length",
     .kind = OPTION_SIZE,
     .target = &settings.max_length,
     .value = "N",
     .default_text = "no limit",
     .help = "cut what goes beyond N tokens, [CLS] and [SEP] included"},
};

/* Prints the ids (or tokens) with a space between two. */
static void print_encoding(const bert_tokenizer *tokenizer, const bert_encoding *encoding)
{
    for (size_t i = 0; i < encoding->count; i++) {
        if (i > 0)
            putchar_unlocked(' ');
        if (settings.tokens) {
            const char *token = bert_tokenizer_token(tokenizer, encoding->ids[i]);
            fputs_unlocked(token ? token : "?", stdout);
        } else {
            char digits[16];
            char *at = digits + sizeof digits;
            uint32_t id = (uint32_t)encoding->ids[i];
            do
                *--at = (char)('0' + id % 10);
            while (id /= 10);
            fwrite_unlocked(at, 1, (size_t)(digits + sizeof digits - at), stdout);
        }
    }
    putchar_unlocked('\n');
}

/* Encodes every line of stdin; `*invalid_bytes` counts. */
static bert_status encode_lines(const bert_tokenizer *tokenizer, uint64_t *invalid_bytes,
                                bert_error *error)
{
    bert_encoding encoding = {0};
    bert_status status = BERT_OK;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    errno = 0;
    while (status == BERT_OK && console_output_alive() &&
           (length = getline(&line, &capacity, stdin)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            length--; /* a carriage return before it is white space to the tokenizer */
        status = bert_tokenizer_encode(tokenizer, line, (size_t)length, settings.special_tokens,
                                       settings.max_length, &encoding, error);
        if (status == BERT_OK) {
            *invalid_bytes += encoding.invalid_bytes;
            print_encoding(tokenizer, &encoding);
        }
    }
    if (status == BERT_OK && console_output_alive() && !feof(stdin)) {
        snprintf(error->message, sizeof error->message, "standard input: %s", strerror(errno));
        status = error->status = BERT_ERROR_IO;
    }
    free(line);
    bert_encoding_free(&encoding);
    return status;
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count > 0) {
        console_error("tokenize: reads the standard input, not %s: bert tokenize ... < FILE",
                      arguments->operands[0]);
        return EXIT_USAGE;
    }
    bert_error error = {0};
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, settings.tokenizer, &settings.options, &error) != BERT_OK)
        return console_failure(&error);
    uint64_t invalid_bytes = 0;
    bert_status status = encode_lines(tokenizer, &invalid_bytes, &error);
    bert_tokenizer_free(tokenizer);
    console_warn_invalid(invalid_bytes);
    return status == BERT_OK ? EXIT_SUCCESS : console_failure(&error);
}

const command command_tokenize = {
    .name = "tokenize",
    .summary = "print the ids of each line of text",
    .synopsis = "--tokenizer PATH [OPTIONS] < FILE",
    .description =
        "Reads text from the standard input and prints, for each line, its ids with a space "
        "between two, [CLS] first and [SEP] last. Lines may have any length. The ids are those "
        "of Hugging Face's BertTokenizerFast; literal special tokens in the text, such as "
        "[MASK], are themselves. Bytes that are not UTF-8 are read as U+FFFD and counted.",
    .examples = "bert tokenize --tokenizer tokenizer < lines.txt > lines.ids\n"
                "echo \"Where to?\" | bert tokenize --tokenizer vocab.txt --tokens\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
