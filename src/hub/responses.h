/* The Hub's JSON answers, held against what they have to be. `what` begins every message. Strings
 * that will become paths, URLs or header lines are checked here; after that they can be used. */
#ifndef HUB_RESPONSES_H
#define HUB_RESPONSES_H

#include "base/text.h"

#include <jansson.h>

/* The files of one revision (GET /api/models/NAME/revision/REVISION). */
typedef struct hub_listing {
    char commit[41];
    char **paths; /* each safe below any folder (names.h) */
    size_t count, capacity;
} hub_listing;
bert_status hub_listing_parse(hub_listing *listing, const text *answer, const char *what,
                              bert_error *error);
/* Takes over `path`, which is checked; freed on failure. */
bert_status hub_listing_add(hub_listing *listing, char *path, const char *what, bert_error *error);
void hub_listing_free(hub_listing *listing);

/* What the Hub says of one file that is to be uploaded (POST …/preupload/REVISION). */
typedef struct hub_upload_mode {
    bool large;      /* goes to the store of large files; false: into the commit itself */
    bool ignored;    /* the repository's .gitignore names it */
    char digest[65]; /* of the file that the Hub has under this path; empty: none */
} hub_upload_mode;
/* modes: [count], of the files with these paths. A path without an answer is an error. */
bert_status hub_upload_modes_parse(hub_upload_mode *modes, const char *const *paths, size_t count,
                                   const text *answer, const char *what, bert_error *error);

/* How one object gets into the store of large files (POST NAME.git/info/lfs/objects/batch). */
typedef struct lfs_action {
    bool there;     /* the store has it: nothing is to be sent */
    char *url;      /* PUT the bytes; with parts: POST their list when they are there */
    char **headers; /* [header_count] lines to send with the bytes */
    size_t header_count;
    char **parts; /* [part_count] URLs; NULL: one piece */
    size_t part_count;
    uint64_t part_size; /* bytes; the last part may have fewer */
    char *verify_url;   /* NULL, or to be told when the bytes are there */
} lfs_action;
/* Of the object with this SHA-256 and size. */
bert_status lfs_action_parse(lfs_action *action, const text *answer, const char *digest,
                             uint64_t size, const char *what, bert_error *error);
void lfs_action_free(lfs_action *action);

/* The new commit (POST …/commit/REVISION). */
bert_status hub_commit_parse(char commit[41], const text *answer, const char *what,
                             bert_error *error);

#endif
