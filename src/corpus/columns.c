#include "corpus/columns.h"

#include "base/text.h"

#include <string.h>

bool columns_next_name(const char **list, const char **name, size_t *length)
{
    if (!**list)
        return false;
    *name = *list;
    *length = strcspn(*list, ",");
    *list += *length + ((*list)[*length] == ',');
    return true;
}

static bool find(const column_kind *kinds, size_t count, const char *name, size_t length,
                 size_t *index)
{
    for (*index = 0; *index < count; ++*index)
        if (strlen(kinds[*index].name) == length && memcmp(kinds[*index].name, name, length) == 0)
            return true;
    return false;
}

/* "sentence (string), label (int64)"; truncated for wide tables, because a message is one line. */
static bert_status list_columns(text *list, const column_kind *kinds, size_t count,
                                bert_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (list->length > 500)
            return text_format(list, error, " and %zu more", count - i);
        TRY(text_format(list, error, "%s%s", i > 0 ? ", " : "", kinds[i].name));
        if (kinds[i].type)
            TRY(text_format(list, error, " (%s)", kinds[i].type));
    }
    return BERT_OK;
}

static bert_status reject(const column_kind *kinds, size_t count, const char *position,
                          const char *hint, const char *name, size_t length, const char *what,
                          bert_error *error)
{
    text list = {0};
    bert_status status = list_columns(&list, kinds, count, error);
    if (status == BERT_OK)
        status = error_set(error, BERT_ERROR_INPUT, "%s: %s%.*s%s; the columns are: %s. %s",
                           position, what, (int)length, name, length ? "\"" : "",
                           list.length > 0 ? list.data : "none", hint);
    text_free(&list);
    return status;
}

static bert_status choose_one(columns *chosen, const column_kind *kinds, size_t count,
                              const char *position, const char *hint, const char *name,
                              size_t length, bert_error *error)
{
    size_t index;
    if (!find(kinds, count, name, length, &index))
        return reject(kinds, count, position, hint, name, length, "has no column \"", error);
    if (!kinds[index].is_text && !kinds[index].is_bytes)
        return reject(kinds, count, position, hint, name, length, "not a text column: \"", error);
    if (chosen->count == COLUMNS_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                         COLUMNS_MAX);
    chosen->index[chosen->count++] = index;
    return BERT_OK;
}

static bert_status choose_only(columns *chosen, const column_kind *kinds, size_t count,
                               const char *position, const char *hint, bert_error *error)
{
    size_t texts = 0;
    for (size_t i = 0; i < count; i++)
        if (kinds[i].is_text) {
            texts++;
            chosen->index[0] = i;
        }
    chosen->count = 1;
    if (texts == 1)
        return BERT_OK;
    return reject(kinds, count, position, hint, "", 0,
                  texts == 0 ? "no column contains text" : "several columns contain text", error);
}

bert_status columns_choose(columns *chosen, const char *fields, const column_kind *kinds,
                           size_t count, const char *position, const char *hint, bert_error *error)
{
    *chosen = (columns){0};
    size_t index;
    if (!fields && find(kinds, count, "text", 4, &index) && kinds[index].is_text)
        fields = "text";
    if (!fields || !*fields)
        return choose_only(chosen, kinds, count, position, hint, error);
    size_t length = strlen(fields);
    if (find(kinds, count, fields, length, &index)) /* a name that contains a comma */
        return choose_one(chosen, kinds, count, position, hint, fields, length, error);
    const char *name;
    while (columns_next_name(&fields, &name, &length))
        TRY(choose_one(chosen, kinds, count, position, hint, name, length, error));
    return BERT_OK;
}
