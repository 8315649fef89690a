/* The texts that paths name in a JSON value: "text", "translation.en", "turns.content".
 *
 * A member whose name is longer wins: of {"a.b": "x", "a": {"b": "y"}} the path a.b is x. Of two
 * members of the same name the last wins, as in Python. Lists are gone through at every level. */
#ifndef CORPUS_JSON_FIELDS_H
#define CORPUS_JSON_FIELDS_H

#include "corpus/columns.h"
#include "formats/json_reader.h"

/* A longer text is an error: it must fit in memory. */
enum { JSON_TEXT_LIMIT = 64 << 20 };

typedef enum json_match {
    JSON_MISSING, /* the path leads nowhere */
    JSON_FOUND,   /* strings, or null, or lists of these */
    JSON_WRONG    /* something else */
} json_match;

typedef struct json_value {
    size_t end;   /* in json_field.text */
    bool in_list; /* the value is an element of a list */
} json_value;

typedef struct json_field {
    const char *path; /* not owned; "": the value itself */
    size_t length;
    bool takes_numbers; /* numbers and booleans are accepted, too */
    bool is_key;        /* one value that rows are compared by: lists are not accepted */
    json_match match;
    text text;          /* owned; the values after each other */
    json_value *values; /* owned; [count] */
    size_t count, capacity;
    json_kind wrong;    /* of JSON_WRONG: what was found, */
    bool wrong_in_list; /* whether as an element of a list, */
    uint64_t line;      /* where, */
    size_t rest;        /* and how much of the path was left */
} json_field;

typedef struct json_fields {
    json_field list[COLUMNS_MAX + 1]; /* one more for all names of a list as a single name */
    size_t count;
    text members;    /* owned; "id, translation, translation.de": for messages if one is missing */
    uint64_t offset; /* of the first text in the input, or of the value if there is none */
} json_fields;

/* Reads the next value of `reader` and takes the fields' texts out of it. Invalid JSON is an error;
 * what a field matched is left to the caller. */
bert_status json_fields_read(json_fields *fields, json_reader *reader, bert_error *error);

/* Adds a member to fields->members, unless these are many already; `path` leads to its object. */
bert_status json_fields_list_member(json_fields *fields, const char *path, size_t path_length,
                                    const char *name, size_t length, bert_error *error);

void json_fields_free(json_fields *fields); /* safe on a zeroed struct */

#endif
