/* Names from outside: repositories, revisions, and files inside a repository. What passes here may
 * become part of a path below the cache or the output folder. */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include "base/error.h"

/* "name" or "owner/name" of letters, digits, '-', '_' and '.', as the Hub has them: no part begins
 * or ends with '-' or '.', no "--", no "..", not ".git" at the end, 96 characters a part. */
bert_status repository_name_check(const char *name, bert_error *error);

/* A branch, tag or commit: parts with '/' between them, none of which is empty, "." or ".."; no
 * control characters. */
bert_status revision_check(const char *revision, bert_error *error);

/* The same for a file in `repository`; no part is longer than a file system takes. */
bert_status repository_path_check(const char *repository, const char *path, bert_error *error);

/* 40 hexadecimal digits, in small letters. */
bool commit_is_valid(const char *text);

/* Whether the path matches one of the patterns, which have commas between them. */
bool pattern_list_matches(const char *patterns, const char *path);

#endif
