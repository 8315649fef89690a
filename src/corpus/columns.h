/* Which columns of a table hold the text: --text-field, the same for all formats of tables. */
#ifndef CORPUS_COLUMNS_H
#define CORPUS_COLUMNS_H

#include "base/error.h"

enum { COLUMNS_MAX = 16 };

typedef struct columns {
    size_t index[COLUMNS_MAX]; /* in the order in which they were named */
    size_t count;
} columns;

typedef struct column_kind {
    const char *name;
    const char *type; /* for messages: "int64"; NULL where the format has no types */
    bool is_text;
} column_kind;

/* Finds the columns that `fields` names, several with commas between them. NULL stands for "text",
 * or else for the one column that is text. Messages begin with `place` ("FILE:1"), list, where a
 * name is not there, the columns that are, and end with `hint`. */
bert_status columns_choose(columns *chosen, const char *fields, const column_kind *kinds,
                           size_t count, const char *place, const char *hint, bert_error *error);

/* The next name of a list with commas, which `list` then stands behind; false at its end. */
bool columns_next_name(const char **list, const char **name, size_t *length);

#endif
