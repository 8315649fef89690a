/* Labelled examples: one text or two, and what a model has to answer. */
#ifndef TASKS_EXAMPLES_H
#define TASKS_EXAMPLES_H

#include "base/text.h"
#include "bert.h"

/* The names of a task's classes, in the order of their numbers. */
typedef struct class_names {
    char **names; /* [count], owned */
    size_t count, capacity;
} class_names;

bert_status class_names_add(class_names *classes, const char *name, size_t length,
                            bert_error *error);
int32_t class_names_find(const class_names *classes, const char *name, size_t length); /* or -1 */
void class_names_free(class_names *classes); /* safe on a zeroed struct */

/* Sorts them: by value where all are integers, else by their bytes, so that the numbers of the
 * classes do not depend on the order of the examples. */
void class_names_sort(class_names *classes);

typedef struct example {
    size_t begin, middle, end; /* in `texts`: the first text, the second */
    int32_t class;             /* of a classification, -1 where there is no label */
    double score;              /* of a regression, NaN where there is no label */
} example;

typedef struct examples {
    example *items; /* [count], owned */
    size_t count, capacity;
    text texts; /* owned */
    bool pairs;
    /* Rows that were left out: with another number of cells than the first, as GLUE's own reader
     * leaves them out; without a gold label. */
    uint64_t bad_rows, unlabelled_rows;
} examples;

/* Where a file has what. Columns are names, or numbers from 1 where it has no row of names. */
typedef struct example_columns {
    const char *text, *pair; /* `pair` NULL: one text */
    const char *label;       /* NULL: there is none, as in a test file */
    const char *hint;        /* for messages: how to name other columns */
    bool skips_bad_rows;
    const char *no_label; /* the label of unlabelled rows ("-"), which are left out; or NULL */
} example_columns;

/* What labels mean. */
typedef struct label_rule {
    bool regression;
    /* Of a classification. An example of no known class is an error that lists them, but where
     * `learns_classes`: then the class is added. */
    class_names *classes;
    bool learns_classes;
} label_rule;

/* More classes than that are taken for a mistake: most likely for a regression. */
enum { CLASSES_MAX = 1024 };

/* Appends the examples of `path` (TSV, CSV, JSON lines, Parquet, Arrow). A file without any is an
 * error, and so is a label that is empty or, of a regression, no finite number: it names file and
 * line. */
bert_status examples_read(examples *examples, const char *path, const example_columns *columns,
                          const label_rule *rule, bert_error *error);
void examples_free(examples *examples); /* safe on a zeroed struct */

/* The n-th text, as bert_embed and bert_predict take it. */
bert_input examples_input(const examples *examples, size_t number);

#endif
