#include "dataset/split_names.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *word, *split;
} words[] = {
    {"train", "train"},      {"training", "train"}, {"validation", "validation"},
    {"valid", "validation"}, {"val", "validation"}, {"dev", "validation"},
    {"test", "test"},        {"testing", "test"},   {"eval", "test"},
    {"evaluation", "test"},
};
enum { WORDS = sizeof words / sizeof *words };

static const char *split_of_word(const char *word, size_t length)
{
    for (size_t i = 0; i < WORDS; i++)
        if (strlen(words[i].word) == length && memcmp(words[i].word, word, length) == 0)
            return words[i].split;
    return NULL;
}

/* The first word of a name that is one of a split. Words are separated by whatever is no letter. */
static const char *split_of_name(const char *name, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t end = at;
        while (end < length && isalpha((unsigned char)name[end]))
            end++;
        const char *split = split_of_word(name + at, end - at);
        if (split)
            return split;
        at = end + 1;
    }
    return NULL;
}

/* The length of NAME in NAME-00000-of-00001.EXTENSION, 0 where the name is not of this form. */
static size_t sharded_name(const char *name)
{
    size_t length = 0, digits;
    while (isalnum((unsigned char)name[length]) || name[length] == '_')
        length++;
    const char *rest = name + length;
    if (*rest != '-' || (digits = strspn(rest + 1, "0123456789")) != 5)
        return 0;
    rest += 1 + digits;
    if (strncmp(rest, "-of-", 4) != 0 || (digits = strspn(rest + 4, "0123456789")) < 5)
        return 0;
    return rest[4 + digits] == '.' ? length : 0;
}

/* What the folders of a path tell, from the innermost outwards; NULL: nothing. */
static const char *split_of_folders(const char *path)
{
    const char *end = strrchr(path, '/');
    while (end) {
        const char *start = end;
        while (start > path && start[-1] != '/')
            start--;
        const char *found = split_of_name(start, (size_t)(end - start));
        if (found)
            return found;
        end = start > path ? start - 1 : NULL;
    }
    return NULL;
}

bert_status split_of_path(char **split, const char *path, bool folders_are_splits,
                          bert_error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t sharded = sharded_name(name);
    bool is_saved = (sharded == 4 && strncmp(name, "data", 4) == 0) ||
                    strcmp(name, "dataset.arrow") == 0; /* by save_to_disk */
    const char *found =
        sharded > 0 ? split_of_word(name, sharded) : split_of_name(name, strlen(name));
    if (!found)
        found = split_of_folders(path);
    if (found)
        return path_format(split, error, "%s", found);
    if (sharded > 0 && !is_saved)
        return path_format(split, error, "%.*s", (int)sharded, name);
    if (!slash || !is_saved || !folders_are_splits)
        return path_format(split, error, "%s", "");
    const char *folder = slash;
    while (folder > path && folder[-1] != '/')
        folder--;
    return path_format(split, error, "%.*s", (int)(slash - folder), folder);
}

bert_status split_normalize(char **split, const char *name, bert_error *error)
{
    const char *known = split_of_word(name, strlen(name));
    return path_format(split, error, "%s", known ? known : name);
}
