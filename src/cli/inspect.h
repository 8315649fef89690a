/* The kinds of things that `bert inspect` knows, one file each. To add one: a file with an
 * inspector, and a line in the table of inspect.c. */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "commands.h"
#include "console.h"

/* From the command line. */
typedef struct inspect_settings {
    bert_inspect_corpus_params corpus; /* its tokenizer is NULL where none was given */
    bert_inspect_model_params model;
    bert_inspect_data_params data; /* how samples are made */
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

/* Rejects more than one operand, where a kind takes one only; false after an error was printed. */
bool inspect_one_operand(const arguments *arguments);

#endif
