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

/* Where columns are looked for, for messages. */
typedef struct table_place {
    const column_kind *kinds;
    size_t count;
    const char *position, *hint;
} table_place;

static bert_status reject(const table_place *table, const char *hint, const char *name,
                          size_t length, const char *what, bert_error *error)
{
    text list = {0};
    bert_status status = list_columns(&list, table->kinds, table->count, error);
    if (status == BERT_OK)
        status = error_set(error, BERT_ERROR_INPUT, "%s: %s%.*s%s; the columns are: %s. %s",
                           table->position, what, (int)length, name, length ? "\"" : "",
                           list.length > 0 ? list.data : "none", hint);
    text_free(&list);
    return status;
}

static bert_status choose(columns *chosen, size_t index, bert_error *error)
{
    if (chosen->count == COLUMNS_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                         COLUMNS_MAX);
    chosen->index[chosen->count++] = index;
    return BERT_OK;
}

static bert_status choose_text(columns *chosen, const table_place *table, const char *name,
                               size_t length, bert_error *error)
{
    size_t index;
    if (!find(table->kinds, table->count, name, length, &index))
        return reject(table, table->hint, name, length, "has no column \"", error);
    if (!table->kinds[index].is_text && !table->kinds[index].is_bytes)
        return reject(table, table->hint, name, length, "not a text column: \"", error);
    return choose(chosen, index, error);
}

static bert_status choose_key(columns *chosen, const table_place *table, const char *name,
                              bert_error *error)
{
    static const char hint[] = "Name another by options->document_column";
    size_t index, length = strlen(name);
    if (!find(table->kinds, table->count, name, length, &index))
        return reject(table, hint, name, length, "has no column \"", error);
    if (!table->kinds[index].is_key)
        return reject(table, hint, name, length, "not a column of strings, bytes or integers: \"",
                      error);
    return choose(chosen, index, error);
}

static bert_status choose_only(columns *chosen, const table_place *table, bert_error *error)
{
    size_t texts = 0, index = 0;
    for (size_t i = 0; i < table->count; i++)
        if (table->kinds[i].is_text &&
            !(chosen->count == 1 && chosen->index[0] == i)) { /* the document column */
            texts++;
            index = i;
        }
    if (texts == 1 || (texts == 0 && find(table->kinds, table->count, "text", 4, &index) &&
                       table->kinds[index].is_bytes))
        return choose(chosen, index, error);
    return reject(table, table->hint, "", 0,
                  texts == 0 ? "no column contains text" : "several columns contain text", error);
}

bert_status columns_choose(columns *chosen, const char *fields, const char *document_column,
                           const column_kind *kinds, size_t count, const char *position,
                           const char *hint, bert_error *error)
{
    const table_place table = {kinds, count, position, hint};
    size_t index;
    *chosen = (columns){0};
    if (document_column)
        TRY(choose_key(chosen, &table, document_column, error));
    if (!fields && find(kinds, count, "text", 4, &index) && kinds[index].is_text)
        fields = "text";
    if (!fields || !*fields)
        return choose_only(chosen, &table, error);
    size_t length = strlen(fields);
    if (find(kinds, count, fields, length, &index)) /* a name that contains a comma */
        return choose_text(chosen, &table, fields, length, error);
    const char *name;
    while (columns_next_name(&fields, &name, &length))
        TRY(choose_text(chosen, &table, name, length, error));
    return BERT_OK;
}
