/* The members of bert_pretrain_params as tables: their names in run.json and on the command line,
 * and what they may be. */
#ifndef TRAIN_SETTINGS_FIELDS_H
#define TRAIN_SETTINGS_FIELDS_H

#include "bert.h"

typedef enum field_kind {
    FIELD_INT,
    FIELD_INT64,
    FIELD_UINT64,
    FIELD_DOUBLE,
    FIELD_BOOL
} field_kind;
typedef enum field_open {
    CLOSED = 0,
    OPEN_BELOW = 1,
    OPEN_ABOVE = 2
} field_open; /* bounds left
                 out */

/* A number or a switch. */
typedef struct settings_field {
    const char *name; /* in run.json; with '-' for '_' the option of the command line */
    size_t offset;
    field_kind kind;
    field_open open;
    double minimum, maximum;
    const char *expected;
} settings_field;
extern const settings_field settings_fields[];
extern const size_t settings_field_count;

double settings_field_value(const bert_pretrain_params *params, const settings_field *field);
void settings_field_store(bert_pretrain_params *params, const settings_field *field, double value);

typedef enum string_kind {
    STRING_PATH,  /* kept absolute */
    STRING_PATHS, /* the same, a line for each; in run.json an array where there are several */
    STRING_OPTIONAL_PATH,
    STRING_MODEL, /* a size by name, or a path */
    STRING_OPTIONAL_MODEL,
    STRING_NAME,    /* a choice among names */
    STRING_OPTIONAL /* the same, or NULL */
} string_kind;
typedef struct settings_string {
    const char *name;
    size_t offset;
    string_kind kind;
} settings_string;
extern const settings_string settings_strings[];
extern const size_t settings_string_count;

/* Whether it may be NULL. */
bool settings_string_is_optional(const settings_string *string);

const char **settings_string_place(bert_pretrain_params *params, const settings_string *string);

#endif
