/* Texts from the command line, the standard input or columns of tables, a window of them at a time:
 * what the commands that use a model have in common. */
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

/* Rows of an option table: texts in tables. */
#define TEXT_COLUMN_OPTION(column)                                                                 \
    {                                                                                              \
        .name = "text-column", .kind = OPTION_STRING, .target = &(column), .value = "NAME",        \
        .default_text = "the operands are texts",                                                  \
        .help = "the operands are files (TSV, CSV, JSON lines, Parquet, Arrow) with the texts in " \
                "this column; a number counts columns from 1, where a file has no row of names"    \
    }
#define TEXT_PAIR_COLUMN_OPTION(column)                                                          \
    {                                                                                            \
        .name = "text-pair-column", .kind = OPTION_STRING, .target = &(column), .value = "NAME", \
        .default_text = "there is one text", .help = "column of the second texts"                \
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

/* Where a row of a table stood. */
typedef struct lines_place {
    size_t name; /* offset in `names` */
    uint64_t number;
    bool is_line;
} lines_place;

typedef struct lines {
    /* Set before the first call. */
    const char *command; /* for messages */
    char **operands;     /* texts; none: lines of the standard input */
    size_t operand_count;
    bool skips_empty; /* lines without text are left out */
    bool pairs;       /* a tab parts a line into two texts */
    /* Where it is set, operands are tables ("-": the standard input, also where there are none),
     * and a row of them is a text, or two. */
    const char *text_column, *text_pair_column;

    /* The window; valid until the next call. */
    bert_input *inputs;
    size_t count;

    /* Of this module. */
    size_t next_operand, capacity;
    char *buffer;
    size_t begin, end, room;
    bool finished;
    unsigned long long lines; /* begun so far */
    bert_table *table;
    lines_place *places; /* [count] of the rows in the window */
    char *names;         /* of their files, terminated each */
    size_t place_capacity, names_length, names_room;
    uint64_t invalid_bytes; /* of the tables read to their end */
} lines;

/* Whether what was set can go together; false after an error was said. */
bool lines_check(const lines *lines);

/* Fills the window with the next texts, without waiting for more once it has some: whoever types
 * sees an answer to every line. Empty at the end. Errors: reading, memory, a line without tab where
 * there are pairs, a table without the columns. */
bert_status lines_next(lines *lines, bert_error *error);
void lines_free(lines *lines);

/* Calls `window` for each window until there are no more, it fails, or nobody reads what is
 * printed. A message about a text of a table names its file and row. */
typedef bert_status lines_window(void *context, const lines *lines, bert_inference_stats *usage,
                                 bert_error *error);
bert_status lines_each(lines *lines, lines_window *window, void *context,
                       bert_inference_stats *usage, bert_error *error);

/* "bert: 1,234 texts, 45,678 tokens in 3.2 s: 386 texts/s, 14,274 tokens/s", on stderr; not for
 * texts from the command line, which are few. */
void lines_report(const lines *lines, const bert_inference_stats *usage, double seconds);

#endif
