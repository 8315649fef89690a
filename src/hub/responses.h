/* Parses and validates the Hub's JSON responses. `what` begins every message. Strings that become
 * paths, URLs or header lines are checked here, so callers can use them without further checks. */
#ifndef HUB_RESPONSES_H
#define HUB_RESPONSES_H

#include "base/text.h"
#include "bert/hub.h"

#include <jansson.h>

/* What a file should hold, as the Hub or the cache says. */
typedef struct hub_file_facts {
    bool has_size;
    uint64_t size;   /* bytes */
    char digest[65]; /* SHA-256 of LFS files, git's SHA-1 of others; empty: not known */
} hub_file_facts;

/* The files of one revision (GET /api/models/NAME/revision/REVISION?blobs=true). */
typedef struct hub_listing {
    char commit[41];
    char **paths;          /* each is a safe relative path (names.h) */
    hub_file_facts *facts; /* [count] of the files at these paths */
    size_t count, capacity, facts_capacity;
} hub_listing;
bert_status hub_listing_parse(hub_listing *listing, const text *answer, const char *what,
                              bert_error *error);
/* Checks `path` and takes ownership of it, also on failure; nothing is known of its content. */
bert_status hub_listing_add(hub_listing *listing, char *path, const char *what, bert_error *error);
/* By the bytes of the paths: the Hub and the cache then have one order. */
bert_status hub_listing_sort(hub_listing *listing, bert_error *error);
void hub_listing_free(hub_listing *listing);

/* The Hub's response for a file to upload (POST …/preupload/REVISION). */
typedef struct hub_upload_mode {
    bool large;      /* upload with LFS; false: inline in the commit */
    bool ignored;    /* matches the repository's .gitignore */
    char digest[65]; /* of the file at this path on the Hub; empty: none */
} hub_upload_mode;
/* Sets modes[count] for the files with these paths. A path without an entry is an error. */
bert_status hub_upload_modes_parse(hub_upload_mode *modes, const char *const *paths, size_t count,
                                   const text *answer, const char *what, bert_error *error);

/* Whom a token belongs to (GET /api/whoami-v2), but for token_source. */
bert_status hub_identity_parse(bert_whoami_result *identity, const text *answer, const char *what,
                               bert_error *error);

/* How to upload an object with LFS (POST NAME.git/info/lfs/objects/batch). */
typedef struct lfs_action {
    bool there; /* already stored: nothing to upload */
    char *url;  /* PUT the bytes; for a multipart upload: POST the list of parts to complete it */
    char **headers; /* [header_count] header lines to send with the bytes */
    size_t header_count;
    char **parts; /* [part_count] URLs; NULL: a single PUT */
    size_t part_count;
    uint64_t part_size; /* bytes; the last part may be smaller */
    char *verify_url;   /* POST here after the upload; NULL: not needed */
} lfs_action;
/* Parses the action for the object with this SHA-256 and size. */
bert_status lfs_action_parse(lfs_action *action, const text *answer, const char *digest,
                             uint64_t size, const char *what, bert_error *error);
void lfs_action_free(lfs_action *action);

/* The new commit (POST …/commit/REVISION). */
bert_status hub_commit_parse(char commit[41], const text *answer, const char *what,
                             bert_error *error);

#endif
