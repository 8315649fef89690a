/* Texts from the command line or the standard input, a window of them at a time: what the commands
 * that use a model have in common. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "options.h"

/* Rows of an option table: what a text is, and how much of it counts. */
#define TEXT_OPTIONS(is_pair, length)                                                      \
    {.name = "pairs",                                                                      \
     .kind = OPTION_FLAG,                                                                  \
     .target = &(is_pair),                                                                 \
     .help = "a text is two, with a tab between them"},                                    \
    {                                                                                      \
        .name = "max-seq-length", .kind = OPTION_INT, .target = &(length), .value = "N",   \
        AT_LEAST(0), .default_text = "the model's positions",                              \
        .help = "tokens of a text at most, [CLS] and [SEP] included; longer texts are cut" \
    }

/* Rows of an option table: how a model that texts go through is set up. */
#define MODEL_OPTIONS(model_options)                                                             \
    {.name = "batch-tokens",                                                                     \
     .kind = OPTION_INT,                                                                         \
     .target = &(model_options).batch_tokens,                                                    \
     .value = "N",                                                                               \
     AT_LEAST(0),                                                                                \
     .default_text = "chosen from the model",                                                    \
     .help = "tokens computed at once, of all texts of a batch; memory grows with them"},        \
    {                                                                                            \
        .name = "threads", .kind = OPTION_INT, .target = &(model_options).threads, .value = "N", \
        AT_LEAST(0), .default_text = "all cores", .help = "threads to compute with"              \
    }

typedef struct lines {
    /* Set before the first call. */
    char **operands; /* texts; none: lines of the standard input */
    size_t operand_count;
    bool skips_empty; /* lines without text are left out */
    bool pairs;       /* a tab parts a line into two texts */

    /* The window; valid until the next call. */
    bert_input *inputs;
    size_t count;

    /* Of this module. */
    size_t next_operand, capacity;
    char *buffer;
    size_t begin, end, room;
    bool finished;
    unsigned long long lines; /* begun so far */
} lines;

/* Fills the window with the next texts, without waiting for more once it has some: whoever types
 * sees an answer to every line. Empty at the end. Errors: reading, memory, a line without tab where
 * there are pairs. */
bert_status lines_next(lines *lines, bert_error *error);
void lines_free(lines *lines);

/* Calls `window` for each window until there are no more, it fails, or nobody reads what is
 * printed.
 */
typedef bert_status lines_window(void *context, const lines *lines, bert_usage *usage,
                                 bert_error *error);
bert_status lines_each(lines *lines, lines_window *window, void *context, bert_usage *usage,
                       bert_error *error);

/* "bert: 1,234 texts, 45,678 tokens in 3.2 s: 386 texts/s, 14,274 tokens/s", on stderr. */
void lines_report(const bert_usage *usage, double seconds);

#endif
