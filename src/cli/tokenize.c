/* bert tokenize: lines of text in, lines of ids out. */
#include "commands.h"
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct settings {
    const char *tokenizer;
    bert_tokenizer_options options;
    bool tokens, special_tokens;
    size_t max_length;
    int threads;
} settings;

/* Read at once: enough work for many threads. A longer line is read whole. */
enum { BLOCK_BYTES = 1 << 22 };

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.options = bert_tokenizer_options_default();
    settings.special_tokens = true;
}

static const bert_option own_options[] = {
    {.name = "tokenizer",
     .type = BERT_OPTION_PATH,
     .offset = offsetof(struct settings, tokenizer),
     .value = "PATH",
     .help = "folder of tokenizer files, tokenizer.json or vocab.txt"},
    {.name = "tokens",
     .type = BERT_OPTION_BOOL,
     .offset = offsetof(struct settings, tokens),
     .help = "print tokens instead of ids"},
    {.name = "special_tokens",
     .type = BERT_OPTION_BOOL,
     .offset = offsetof(struct settings, special_tokens),
     .help = "leave out [CLS] and [SEP]"},
    {.name = "max_length",
     .type = BERT_OPTION_SIZE,
     .offset = offsetof(struct settings, max_length),
     .value = "N",
     .maximum = 0x1p53,
     .default_text = "no limit",
     .help = "cut what goes beyond N tokens, [CLS] and [SEP] included"},
    {.name = "threads",
     .type = BERT_OPTION_INT,
     .offset = offsetof(struct settings, threads),
     .value = "N",
     .maximum = 4096,
     .default_text = "all cores",
     .help = "threads to compute with"},
};

typedef struct job {
    const bert_tokenizer *tokenizer;
    uint64_t invalid_bytes;
} job;

static void print_id(uint32_t id)
{
    char digits[16];
    char *at = digits + sizeof digits;
    do
        *--at = (char)('0' + id % 10);
    while (id /= 10);
    fwrite_unlocked(at, 1, (size_t)(digits + sizeof digits - at), stdout);
}

/* Prints the ids (or tokens) with a space between two. */
static bert_status print_line(void *context, const char *text, size_t length,
                              const bert_encoding *encoding, bert_error *error)
{
    (void)text, (void)length, (void)error;
    job *j = context;
    j->invalid_bytes += encoding->invalid_bytes;
    for (size_t i = 0; i < encoding->count; i++) {
        if (i > 0)
            putchar_unlocked(' ');
        if (settings.tokens) {
            const char *token = bert_tokenizer_token(j->tokenizer, encoding->ids[i]);
            fputs_unlocked(token ? token : "?", stdout);
        } else {
            print_id((uint32_t)encoding->ids[i]);
        }
    }
    putchar_unlocked('\n');
    return BERT_OK;
}

/* ------------------------------------------------------------------------- standard input --- */

typedef struct block {
    char *data;
    size_t length, capacity;
    bool finished;
} block;

static bert_status read_more(block *b, bert_error *error)
{
    if (b->length == b->capacity) {
        size_t capacity = b->capacity ? 2 * b->capacity : BLOCK_BYTES;
        char *grown = realloc(b->data, capacity);
        if (!grown) {
            snprintf(error->message, sizeof error->message,
                     "no memory for a line of more than %zu bytes", b->length);
            return error->status = BERT_ERROR_MEMORY;
        }
        b->data = grown;
        b->capacity = capacity;
    }
    ssize_t got;
    do
        got = read(STDIN_FILENO, b->data + b->length, b->capacity - b->length);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        snprintf(error->message, sizeof error->message, "standard input: %s", strerror(errno));
        return error->status = BERT_ERROR_IO;
    }
    b->finished = got == 0;
    b->length += (size_t)got;
    return BERT_OK;
}

/* Reads until whole lines are there: a block full of them, or those that are there now, so that
 * a user who types sees an answer to every line. *whole is how far they go. */
static bert_status gather(block *b, size_t *whole, bert_error *error)
{
    size_t searched = 0;
    for (*whole = 0;;) {
        char *end =
            b->length > searched ? memrchr(b->data + searched, '\n', b->length - searched) : NULL;
        if (end)
            *whole = (size_t)(end - b->data) + 1;
        searched = b->length;
        if (b->finished) {
            *whole = b->length; /* a last line without its end */
            return BERT_OK;
        }
        if (*whole > 0 && (b->length >= BLOCK_BYTES || !console_input_waiting()))
            return BERT_OK;
        if (!console_input_waiting())
            fflush(stdout); /* it may take long until there is more to say */
        bert_status status = read_more(b, error);
        if (status != BERT_OK)
            return status;
    }
}

static bert_status encode_input(job *j, bert_error *error)
{
    block b = {0};
    bert_status status = BERT_OK;
    while (status == BERT_OK && console_output_alive() && !(b.finished && b.length == 0)) {
        size_t whole;
        status = gather(&b, &whole, error);
        if (status == BERT_OK && whole > 0)
            status = bert_tokenizer_encode_lines(j->tokenizer, b.data, whole,
                                                 settings.special_tokens, settings.max_length,
                                                 settings.threads, print_line, j, error);
        if (status == BERT_OK && whole > 0) {
            b.length -= whole;
            memmove(b.data, b.data + whole, b.length);
        }
    }
    free(b.data);
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
    console_warn_tokenizer(tokenizer, settings.tokenizer);
    job j = {.tokenizer = tokenizer};
    bert_status status = encode_input(&j, &error);
    bert_tokenizer_free(tokenizer);
    console_warn_invalid(j.invalid_bytes);
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
    .parts = {OWN_PART(own_options, settings),
              TABLE_PART(bert_tokenizer_options, settings.options)},
    .set_defaults = set_defaults,
    .run = run,
};
