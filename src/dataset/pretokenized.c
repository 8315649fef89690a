#include "dataset/pretokenized.h"

#include "base/memory.h"
#include "corpus/inputs.h"
#include "corpus/source.h"
#include "formats/arrow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS, TYPES, ATTENTION, LABEL, COLUMNS };
static const char *const column_names[COLUMNS] = {
    [IDS] = "input_ids",
    [TYPES] = "token_type_ids",
    [ATTENTION] = "attention_mask",
    [LABEL] = "next_sentence_label",
};

typedef struct cells {
    int64_t *values; /* owned */
    size_t count, capacity;
} cells;

typedef struct import {
    const bert_tokenizer *tokenizer;
    tokenizer_special_ids special;
    dataset_writer *writer;
    arrow *arrow;
    source source;
    size_t columns[COLUMNS]; /* of the current file; SIZE_MAX where it lacks one */
    bool had_labels;         /* the first file has them, so all must */
    uint64_t rows, row_of_file;
    cells row[COLUMNS];
    int32_t *part; /* [part_capacity] the tokens of a segment, owned */
    size_t part_capacity;
    uint8_t *labels; /* [rows], owned */
    size_t label_capacity;
} import;

/* ------------------------------------------------------------------------------------ rows --- */

static bert_status row_error(const import *import, bert_error *error, const char *what)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: row %llu: %s", import->source.name,
                     (unsigned long long)import->row_of_file, what);
}

static bert_status read_cells(import *import, int column, bert_error *error)
{
    cells *cells = &import->row[column];
    cells->count = 0;
    if (import->columns[column] == SIZE_MAX)
        return BERT_OK;
    TRY(arrow_value_count(import->arrow, import->columns[column], &cells->count, error));
    TRY(memory_grow((void **)&cells->values, &cells->capacity, cells->count, sizeof *cells->values,
                    column_names[column], error));
    return arrow_integers(import->arrow, import->columns[column], cells->values, error);
}

/* The number of tokens of the row that are not padding. */
static bert_status row_length(const import *import, size_t *length, bert_error *error)
{
    const cells *ids = &import->row[IDS], *attention = &import->row[ATTENTION];
    size_t count = ids->count;
    if (import->columns[ATTENTION] != SIZE_MAX) {
        if (attention->count != count)
            return row_error(import, error, "attention_mask and input_ids differ in length");
        while (count > 0 && attention->values[count - 1] == 0)
            count--;
        for (size_t i = 0; i < count; i++)
            if (attention->values[i] != 1)
                return row_error(import, error, "attention_mask has a 0 before the last 1");
    } else {
        while (count > 0 && ids->values[count - 1] == import->special.pad)
            count--;
    }
    if (count < 3 || ids->values[0] != import->special.cls ||
        ids->values[count - 1] != import->special.sep)
        return row_error(import, error,
                         "expected [CLS] first and [SEP] last, with the tokenizer's ids; is "
                         "params->tokenizer the one that the data was made with?");
    *length = count;
    return BERT_OK;
}

/* Where the tokens of type 1 begin; `length` where there are none. */
static bert_status find_second_part(const import *import, size_t length, size_t *second,
                                    bert_error *error)
{
    const cells *types = &import->row[TYPES];
    *second = length;
    if (import->columns[TYPES] == SIZE_MAX)
        return BERT_OK;
    if (types->count != import->row[IDS].count)
        return row_error(import, error, "token_type_ids and input_ids differ in length");
    while (*second > 0 && types->values[*second - 1] == 1)
        --*second;
    for (size_t i = 0; i < *second; i++)
        if (types->values[i] != 0)
            return row_error(import, error, "token_type_ids, expected zeros followed by ones");
    if (*second < 2 || import->row[IDS].values[*second - 1] != import->special.sep)
        return row_error(import, error, "no [SEP] before the tokens of type 1");
    return BERT_OK;
}

static bert_status write_part(import *import, size_t first, size_t end, bert_error *error)
{
    if (first >= end)
        return row_error(import, error, "a segment without tokens");
    TRY(memory_grow((void **)&import->part, &import->part_capacity, end - first,
                    sizeof *import->part, "a segment of a sample", error));
    size_t vocab_size = bert_tokenizer_vocab_size(import->tokenizer);
    for (size_t i = first; i < end; i++) {
        int64_t id = import->row[IDS].values[i];
        if (id < 0 || (uint64_t)id >= vocab_size)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: row %llu: id %lld, but the tokenizer has %zu tokens",
                             import->source.name, (unsigned long long)import->row_of_file,
                             (long long)id, vocab_size);
        if (id == import->special.mask)
            return row_error(import, error,
                             "contains [MASK]; expected ids that are not masked yet");
        import->part[i - first] = (int32_t)id;
    }
    return dataset_writer_sentence(import->writer, import->part, end - first, error);
}

static bert_status add_label(import *import, bert_error *error)
{
    const cells *label = &import->row[LABEL];
    if (!import->had_labels)
        return BERT_OK;
    if (label->count != 1 || (label->values[0] != 0 && label->values[0] != 1))
        return row_error(import, error, "next_sentence_label, expected 0 or 1");
    TRY(memory_grow((void **)&import->labels, &import->label_capacity, import->rows + 1, 1,
                    "labels of pairs", error));
    import->labels[import->rows] = (uint8_t)label->values[0];
    return BERT_OK;
}

static bert_status import_row(import *import, bert_error *error)
{
    size_t length = 0, second;
    import->row_of_file++;
    for (int column = 0; column < COLUMNS; column++)
        TRY(read_cells(import, column, error));
    TRY(row_length(import, &length, error));
    TRY(find_second_part(import, length, &second, error));
    if (import->had_labels && second == length)
        return row_error(import, error, "has a next_sentence_label, but no tokens of type 1");
    TRY(write_part(import, 1, second - 1, error));
    if (second < length)
        TRY(write_part(import, second, length - 1, error));
    TRY(add_label(import, error));
    import->rows++;
    return dataset_writer_end_document(import->writer, error);
}

/* ----------------------------------------------------------------------------------- files --- */

static bert_status read_source(void *context, void *data, size_t size, size_t *got,
                               bert_error *error)
{
    return source_take(context, data, size, got, error);
}

static bert_status find_columns(import *import, bert_error *error)
{
    size_t count;
    const arrow_column *columns = arrow_columns(import->arrow, &count);
    for (int i = 0; i < COLUMNS; i++) {
        import->columns[i] = SIZE_MAX;
        for (size_t j = 0; j < count; j++)
            if (strcmp(columns[j].name, column_names[i]) == 0 && columns[j].is_integer)
                import->columns[i] = j;
    }
    if (import->columns[IDS] == SIZE_MAX)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no integer column input_ids; for text, use `bert prepare`",
                         import->source.name);
    bool has_labels = import->columns[LABEL] != SIZE_MAX;
    if (import->rows > 0 && has_labels != import->had_labels)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: %s next_sentence_label, unlike the previous files",
                         import->source.name, has_labels ? "has" : "has no");
    import->had_labels = has_labels;
    return BERT_OK;
}

static bert_status import_rows(import *import, bert_error *error)
{
    TRY(find_columns(import, error));
    for (import->row_of_file = 0;;) {
        bool found;
        TRY(arrow_next_row(import->arrow, &found, error));
        if (!found)
            return BERT_OK;
        TRY(import_row(import, error));
    }
}

static bert_status import_file(import *import, const char *path, bert_error *error)
{
    bert_status status = source_open(&import->source, path, ZSTD_WINDOW_LOG_LARGEST, error);
    if (status == BERT_OK) {
        arrow_input input = {.context = &import->source, .read = read_source};
        status = arrow_open(&import->arrow, input, import->source.name, error);
    }
    if (status == BERT_OK)
        status = import_rows(import, error);
    arrow_close(import->arrow);
    import->arrow = NULL;
    source_close(&import->source);
    return status;
}

static bool is_arrow_file(const char *path)
{
    size_t length = strlen(path);
    return length > 6 && strcmp(path + length - 6, ".arrow") == 0;
}

static bert_status import_folder(import *import, const char *folder, bert_error *error)
{
    inputs inputs = {0};
    bert_status status = inputs_expand(&inputs, &folder, 1, error);
    for (size_t i = 0; i < inputs.count && status == BERT_OK; i++)
        if (is_arrow_file(inputs.paths[i].path))
            status = import_file(import, inputs.paths[i].path, error);
    inputs_free(&inputs);
    if (status == BERT_OK && import->rows == 0)
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: no rows in *.arrow files; expected params->data to be a PREFIX of "
                           "`bert prepare` or a folder written by save_to_disk",
                           folder);
    return status;
}

/* The files are unlinked once they are open; messages use the folder's name. */
static bert_status open_nameless(dataset *data, const char *prefix, import *import,
                                 const char *folder, bert_error *error)
{
    dataset_writer *writer = import->writer;
    import->writer = NULL; /* the commit frees it even if it fails */
    TRY(dataset_writer_commit(writer, error));
    TRY(dataset_open_all(data, folder, (const char *const[]){prefix}, 1, error));
    char **name = &data->shards[0].file.prefix;
    free(*name);
    *name = NULL;
    TRY(path_format(name, error, "%s", folder));
    data->is_pretokenized = true;
    if (import->had_labels) {
        data->labels = import->labels;
        import->labels = NULL;
    }
    return BERT_OK;
}

static void release(import *import)
{
    dataset_writer_discard(import->writer);
    for (int i = 0; i < COLUMNS; i++)
        free(import->row[i].values);
    free(import->part);
    free(import->labels);
}

bert_status pretokenized_open(dataset *data, const char *path, const bert_tokenizer *tokenizer,
                              bert_error *error)
{
    *data = (dataset){0};
import import = {.tokenizer = tokenizer, .special = tokenizer_special(tokenizer) };
    char *prefix = NULL, *directory = NULL;
    const char *temporary = getenv("TMPDIR");
    bert_status status;
    TRY_OR_GO(status,
              path_format(&directory, error, "%s/bert-XXXXXX",
                          temporary && *temporary ? temporary : "/tmp"),
              done);
    if (!mkdtemp(directory)) {
        status = error_set_errno(error, errno, "%s: cannot create a temporary folder", directory);
        goto done;
    }
    TRY_OR_GO(status, path_join(&prefix, directory, "data", error), remove);
    TRY_OR_GO(
        status,
        dataset_writer_open(&import.writer, prefix, bert_tokenizer_vocab_size(tokenizer), error),
        remove);
    TRY_OR_GO(status, import_folder(&import, path, error), remove);
    status = open_nameless(data, prefix, &import, path, error);
remove:
    directory_remove(directory, NULL);
done:
    if (status != BERT_OK)
        dataset_close(data);
    release(&import);
    free(prefix);
    free(directory);
    return status;
}
