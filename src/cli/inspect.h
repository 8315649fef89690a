/* The kinds of things that `bert inspect` knows, one file each. To add one: a file with an
 * inspector, and a line in the table of inspect.c. */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "commands.h"
#include "console.h"

/* What the command line said. */
typedef struct inspect_settings {
    const char *tokenizer; /* NULL: none */
    bert_tokenizer_options tokenizer_options;
    bert_reader_options reader_options;
    size_t top;
    uint64_t memory;
    int threads;
    bert_switch verify; /* checksums of a checkpoint */
    bool json;
} inspect_settings;

typedef struct inspector {
    /* Whether this is one of them, by what the path holds. They are asked in the table's order. */
    bool (*detect)(const char *path, const inspect_settings *settings);
    /* Prints what the operands hold, of which `detect` saw the first; returns the exit code. */
    int (*run)(const arguments *arguments, const inspect_settings *settings);
} inspector;

extern const inspector inspect_model, inspect_tokenizer, inspect_data, inspect_corpus;

/* "name                1,234" with the number in a column. */
void inspect_print_count(const char *name, uint64_t count);

/* Refuses more than one operand, where a kind takes one only; false after an error was said. */
bool inspect_one_operand(const arguments *arguments);

#endif
