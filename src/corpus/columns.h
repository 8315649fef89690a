/* Selects the text columns of a table (--text-field), for all table formats. */
#ifndef CORPUS_COLUMNS_H
#define CORPUS_COLUMNS_H

#include "base/error.h"

enum { COLUMNS_MAX = 16 };

typedef struct columns {
    size_t index[COLUMNS_MAX]; /* in the order in which they are named */
    size_t count;
} columns;

typedef struct column_kind {
    const char *name;
    const char *type; /* for messages: "int64"; NULL if the format has no types */
    bool is_text;
    bool is_bytes; /* text only if the user names it: bytes of no declared kind */
} column_kind;

/* Finds the columns that `fields` names, separated by commas. NULL means "text", or the only text
 * column. Messages begin with `position` ("FILE:1"), list the columns if a name is not found, and
 * end with `hint`. */
bert_status columns_choose(columns *chosen, const char *fields, const column_kind *kinds,
                           size_t count, const char *position, const char *hint, bert_error *error);

/* The next name of a comma-separated list; advances `list` past it. Returns false at the end. */
bool columns_next_name(const char **list, const char **name, size_t *length);

#endif
