/* Texts from the command line, the standard input or columns of tables, a window of them at a time:
 * what the commands that use a model have in common. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "options.h"

/* Rows of a command's own options, for the members model, pairs, text_column and text_pair_column
 * of its struct. */
#define MODEL_OPTION(struct_name, help_text)                                                \
    {                                                                                       \
        .name = "model", .type = BERT_OPTION_MODEL, .offset = offsetof(struct_name, model), \
        .value = "MODEL", .hub = BERT_HUB_MODEL, .help = help_text                          \
    }
#define PAIRS_OPTION(struct_name)                                                          \
    {                                                                                      \
        .name = "pairs", .type = BERT_OPTION_BOOL, .offset = offsetof(struct_name, pairs), \
        .help = "a text is two, with a tab between them"                                   \
    }
#define TEXT_COLUMN_OPTION(struct_name)                                                            \
    {                                                                                              \
        .name = "text_column", .type = BERT_OPTION_STRING,                                         \
        .offset = offsetof(struct_name, text_column), .value = "NAME", .optional = true,           \
        .default_text = "the operands are texts",                                                  \
        .help = "the operands are files (TSV, CSV, JSON lines, Parquet, Arrow) with the texts in " \
                "this column; a number counts columns from 1, where a file has no row of names"    \
    }
#define TEXT_PAIR_COLUMN_OPTION(struct_name)                                                  \
    {                                                                                         \
        .name = "text_pair_column", .type = BERT_OPTION_STRING,                               \
        .offset = offsetof(struct_name, text_pair_column), .value = "NAME", .optional = true, \
        .default_text = "there is one text", .help = "column of the second texts"             \
    }

/* Where a text came from: a row of a table. */
typedef struct text_source {
    size_t name; /* offset in `names` */
    uint64_t number;
    bool is_line;
} text_source;

typedef struct lines {
    /* Set before the first call. */
    const char *command; /* for messages */
    char **operands;     /* texts; none: lines of the standard input */
    size_t operand_count;
    bool skips_empty; /* lines without text are left out */
    bool pairs;       /* a tab separates a line into two texts */
    /* Where it is set, operands are tables ("-": the standard input, also where there are none),
     * and a row of them is a text, or two. */
    const char *text_column, *text_pair_column;

    /* The window; valid until the next call. */
    bert_input *inputs;
    size_t count;

    /* Of this module. */
    size_t next_operand, capacity;
    char *buffer;
    size_t begin, end, buffer_capacity;
    bool finished;
    unsigned long long lines; /* begun so far */
    bert_table *table;
    text_source *sources; /* [count] of the rows in the window */
    char *names;          /* of their files, terminated each */
    size_t source_capacity, names_length, names_capacity;
    uint64_t invalid_bytes; /* of the tables read to their end */
} lines;

/* Whether what was set can be combined; false after an error was printed. */
bool lines_check(const lines *lines);

/* Fills the window with the next texts, without waiting for more once it has some: a user who types
 * sees an answer to every line. Empty at the end. Errors: reading, memory, a line without tab where
 * there are pairs, a table without the columns. */
bert_status lines_next(lines *lines, bert_error *error);
void lines_free(lines *lines);

/* Calls `window` for each window until there are no more, it fails, or no reader is left for what
 * is printed. A message about a text of a table names its file and row. */
typedef bert_status lines_window(void *context, const lines *lines, bert_inference_stats *usage,
                                 bert_error *error);
bert_status lines_each(lines *lines, lines_window *window, void *context,
                       bert_inference_stats *usage, bert_error *error);

/* "bert: 1,234 texts, 45,678 tokens in 3.2 s: 386 texts/s, 14,274 tokens/s", on stderr. Of
 * texts from the command line, which are few, only how many were cut, if any. Before it, a warning
 * of bytes that are not UTF-8. */
void lines_report(const lines *lines, const bert_inference_stats *usage, double seconds);

#endif
