/* Validates untrusted names: repositories, revisions, and files in a repository. Names that pass
 * can be used in paths below the cache or the output folder. */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include "base/error.h"

/* "name" or "owner/name" of letters, digits, '-', '_' and '.', by the rules of the Hub: no
 * component begins or ends with '-' or '.', no "--", no "..", no ".git" at the end, at most 96
 * characters per component. */
bert_status repository_name_check(const char *name, bert_error *error);

/* A branch, tag or commit: components separated by '/', none of them empty, "." or ".."; no control
 * characters. */
bert_status revision_check(const char *revision, bert_error *error);

/* The same for a file in `repository`; components must not be longer than file systems allow. */
bert_status repository_path_check(const char *repository, const char *path, bert_error *error);

/* 40 lower-case hexadecimal digits. */
bool commit_is_valid(const char *text);

/* Whether the path matches one of the comma-separated patterns. */
bool pattern_list_matches(const char *patterns, const char *path);

#endif
