/* Selects the text columns of a table (--text-field), for all table formats. */
#ifndef CORPUS_COLUMNS_H
#define CORPUS_COLUMNS_H

#include "base/error.h"

enum { COLUMNS_MAX = 16 };

typedef struct columns {
    size_t index[COLUMNS_MAX]; /* that of documents, if any; then those of text as they are named */
    size_t count;
} columns;

typedef struct column_kind {
    const char *name;
    const char *type; /* for messages: "int64"; NULL if the format has no types */
    bool is_text;
    bool is_bytes; /* not declared to be text: read if it is named, or called "text" */
    bool is_key;   /* its values can be compared: it may tell which rows are one document */
} column_kind;

/* Finds the columns that `fields` names, separated by commas. NULL means "text", or the only text
 * column. `document_column` comes first unless it is NULL (options.document_column). Messages begin
 * with `position` ("FILE:1"), list the columns if a name is not found, and end with `hint`. */
bert_status columns_choose(columns *chosen, const char *fields, const char *document_column,
                           const column_kind *kinds, size_t count, const char *position,
                           const char *hint, bert_error *error);

/* The next name of a comma-separated list; advances `list` past it. Returns false at the end. */
bool columns_next_name(const char **list, const char **name, size_t *length);

#endif
