#include "hub/names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

enum { NAME_PART_MAX = 96, PATH_PART_MAX = 240, PATH_MAX_LENGTH = 1024, PATTERN_MAX = 256 };

/* Returns NULL, or what is wrong with a component of a repository name. */
static const char *name_part_problem(const char *part, size_t length)
{
    if (length == 0 || length > NAME_PART_MAX)
        return "a component is empty or longer than 96 characters";
    if (strchr("-.", part[0]) || strchr("-.", part[length - 1]))
        return "a component begins or ends with - or .";
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)part[i]) && !strchr("-_.", part[i]))
            return "only letters, digits, - _ and . are allowed";
        if (i > 0 && part[i] == part[i - 1] && strchr("-.", part[i]))
            return "-- and .. are not allowed";
    }
    if (length >= 4 && memcmp(part + length - 4, ".git", 4) == 0)
        return "a name must not end with .git";
    return NULL;
}

bert_status repository_name_check(const char *name, bert_error *error)
{
    const char *problem = NULL;
    int parts = 0;
    for (const char *part = name; part && !problem; parts++) {
        size_t length = strcspn(part, "/");
        problem = name_part_problem(part, length);
        part = part[length] ? part + length + 1 : NULL;
    }
    if (!problem && parts > 2)
        problem = "expected NAME or OWNER/NAME";
    if (problem)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "\"%.200s\" is not a valid name on the Hub: %s", name, problem);
    return BERT_OK;
}

/* Returns NULL, or why the path is not safe. */
static const char *path_problem(const char *path)
{
    if (!*path)
        return "it is empty";
    if (strlen(path) > PATH_MAX_LENGTH)
        return "it is too long";
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return "it has a control character";
    for (const char *part = path; part;) {
        size_t length = strcspn(part, "/");
        if (length == 0)
            return "a component is empty";
        if ((length == 1 || length == 2) && strncmp(part, "..", length) == 0)
            return "it contains . or ..";
        if (length > PATH_PART_MAX)
            return "a component is too long";
        part = part[length] ? part + length + 1 : NULL;
    }
    return NULL;
}

bert_status revision_check(const char *revision, bert_error *error)
{
    const char *problem = path_problem(revision);
    if (problem)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "\"%.200s\" is not a valid revision: %s", revision, problem);
    return BERT_OK;
}

bert_status repository_path_check(const char *repository, const char *path, bert_error *error)
{
    const char *problem = path_problem(path);
    if (problem)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: unsafe file name \"%.200s\": %s; nothing was written", repository,
                         path, problem);
    return BERT_OK;
}

bool commit_is_valid(const char *text)
{
    return strspn(text, "0123456789abcdef") == 40 && text[40] == '\0';
}

bool pattern_list_matches(const char *patterns, const char *path)
{
    while (*patterns) {
        size_t length = strcspn(patterns, ",");
        char pattern[PATTERN_MAX];
        if (length > 0 && length < sizeof pattern) {
            memcpy(pattern, patterns, length);
            pattern[length] = '\0';
            if (fnmatch(pattern, path, 0) == 0)
                return true;
        }
        patterns += length + (patterns[length] == ',');
    }
    return false;
}
