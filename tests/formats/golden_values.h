/* Compares columns with tests/formats/tables/values.txt, which make-more-tables.py writes: the
 * file, the column, its type and its rows on each line, separated by tabs. */
#ifndef TESTS_FORMATS_GOLDEN_VALUES_H
#define TESTS_FORMATS_GOLDEN_VALUES_H

#include "testing.h"

#include "base/file.h"
#include "rows_text.h"

/* Reads all rows of a column, separated by "|", and copies its type to type[60]. */
typedef void golden_read(text *rows, char *type, const char *path, const char *column);

/* Appends a value of a list; nulls are left out. */
static inline bert_status golden_append_item(text *out, const char *data, size_t length,
                                             bool *is_first, bert_error *error)
{
    if (!data)
        return BERT_OK;
    if (!*is_first)
        TRY(text_append(out, ", ", 2, error));
    *is_first = false;
    return rows_append_value(out, data, length, error);
}

/* Checks every line of a file whose name ends with `ending`. */
static inline void golden_check(const char *ending, golden_read *read)
{
    text lines = {0};
    size_t checked = 0;
    assert_ok(file_read(&lines, "tests/formats/tables/values.txt", 1 << 20, error));
    char *next_line;
    for (char *line = strtok_r(lines.data, "\n", &next_line); line;
         line = strtok_r(NULL, "\n", &next_line)) {
        char *parts[4] = {line};
        for (int i = 1; i < 4; i++) {
            parts[i] = strchr(parts[i - 1], '\t');
            assert_non_null(parts[i]);
            *parts[i]++ = '\0';
        }
        const char *found_ending = strrchr(parts[0], '.');
        if (strcmp(found_ending, ending) != 0)
            continue;
        char path[200], type[60] = "";
        snprintf(path, sizeof path, "tests/formats/tables/%s", parts[0]);
        text found = {0};
        read(&found, type, path, parts[1]);
        if (strcmp(type, parts[2]) != 0 || strcmp(found.data ? found.data : "", parts[3]) != 0)
            fail_msg("%s, %s: found %s: %s, expected %s: %s", path, parts[1], type,
                     found.data ? found.data : "", parts[2], parts[3]);
        text_free(&found);
        checked++;
    }
    assert_true(checked > 30);
    text_free(&lines);
}

#endif
