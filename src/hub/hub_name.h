/* Names on the Hub as users write them. */
#ifndef HUB_HUB_NAME_H
#define HUB_HUB_NAME_H

#include "bert/hub.h"

#include "base/error.h"

/* "[OWNER/]NAME[@REVISION]" of a model, or a reading of "hf://datasets/…": without an @,
 * "hf://datasets/a/b/c" may be c in a/b, or b/c in a. Strings are owned. */
typedef struct hub_name {
    bert_repository_kind kind; /* MODEL or DATASET */
    char *name;                /* [OWNER/]NAME; checked */
    char *revision;            /* checked; NULL: the default */
    char *path;                /* in a data set; checked; NULL: none */
} hub_name;

enum { HUB_NAME_READINGS = 2 };

/* Whether the text begins with "hf://". */
bool hub_name_is_url(const char *text);

/* The readings of `text`, those with an owner first; *count is 0 where it cannot be a name and is
 * no "hf://" URL. A URL that is not valid is an error. Release them with hub_names_free. */
bert_status hub_name_parse(hub_name *names, size_t *count, const char *text, bert_hub_part part,
                           bert_error *error);
void hub_names_free(hub_name *names, size_t count);

#endif
