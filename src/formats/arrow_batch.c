/* Record batches and dictionaries: locates the buffers of a column in the body of a message. */
#include "base/memory.h"
#include "formats/arrow_data.h"

#include <stdlib.h>
#include <string.h>

enum { VIEW = 16, INLINE_MAX = 12 }; /* bytes of a string view, and of a string inside of it */

/* Rows of a column that stores nothing for each row, like nulls without a type. */
static const uint64_t free_rows_limit = UINT64_C(1) << 26;

void arrow_level_free(arrow_level *level)
{
    for (size_t i = 0; i < 3; i++)
        free(level->storage[i].data);
    for (size_t i = 0; i < level->heap_storage_count; i++)
        free(level->heap_storage[i].data);
    free(level->heap_storage);
    free(level->heaps);
}

/* ----------------------------------------------------------------------------------- buffers ---
 */

static bert_status grow(arrow_buffer *buffer, uint64_t size, bert_error *error)
{
    return memory_grow((void **)&buffer->data, &buffer->capacity, (size_t)size + 1, 1,
                       "an Arrow buffer", error);
}

static bert_status decompress(arrow *arrow, arrow_span *span, arrow_buffer *storage,
                              bert_error *error)
{
    if (span->size == 0)
        return BERT_OK;
    if (span->size < 8)
        return arrow_fail(arrow, "a compressed buffer without its length", error);
    int64_t length = arrow_signed(span->data, 8);
    span->data += 8;
    span->size -= 8;
    if (length == -1) /* stored uncompressed */
        return BERT_OK;
    if (length < 0 || (uint64_t)length > compression_bound(arrow->compression, span->size))
        return arrow_fail(arrow, "a compressed buffer with an impossible length", error);
    TRY(grow(storage, (uint64_t)length, error));
    bert_error reason;
    if (compression_decompress(arrow->compression, span->data, span->size, storage->data,
                               (size_t)length, &reason) != BERT_OK)
        return arrow_fail(arrow, reason.message, error);
    *span = (arrow_span){storage->data, (size_t)length};
    return BERT_OK;
}

/* Reads a buffer of the body from the file. */
static bert_status fetch(arrow *arrow, uint64_t offset, uint64_t length, arrow_span *span,
                         arrow_buffer *storage, bert_error *error)
{
    arrow_buffer *target = arrow->is_compressed ? &arrow->compressed : storage;
    TRY(grow(target, length, error));
    TRY(arrow_read_at(arrow, arrow->body_offset + offset, target->data, (size_t)length, error));
    if (arrow->is_compressed && length >= 8 && arrow_signed(target->data, 8) == -1) {
        TRY(grow(storage, length - 8, error)); /* `compressed` is used again for the next buffer */
        memcpy(storage->data, target->data + 8, (size_t)length - 8);
        *span = (arrow_span){storage->data, (size_t)length - 8};
        return BERT_OK;
    }
    *span = (arrow_span){target->data, (size_t)length};
    return arrow->is_compressed ? decompress(arrow, span, storage, error) : BERT_OK;
}

static bert_status find_buffer(arrow *arrow, size_t index, arrow_span *span, arrow_buffer *storage,
                               bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, buffers = flatbuffer_vector(metadata, arrow->batch, 2, 16, &count);
    if (index >= count)
        return arrow_fail(arrow, "fewer buffers than its columns need", error);
    int64_t offset = flatbuffer_number(metadata, buffers + 16 * index, 8);
    int64_t length = flatbuffer_number(metadata, buffers + 16 * index + 8, 8);
    if (metadata->failed || offset < 0 || length < 0 || (uint64_t)offset > arrow->body_size ||
        (uint64_t)length > arrow->body_size - (uint64_t)offset)
        return arrow_fail(arrow, "a buffer that extends past the end of the body", error);
    *span = (arrow_span){(const unsigned char *)"", 0};
    if (length == 0)
        return BERT_OK;
    if (arrow->knows_blocks)
        return fetch(arrow, (uint64_t)offset, (uint64_t)length, span, storage, error);
    *span = (arrow_span){arrow->body.data + offset, (size_t)length};
    return arrow->is_compressed ? decompress(arrow, span, storage, error) : BERT_OK;
}

/* The buffers of string views: their number is in the record batch, one for each field of views. */
static bert_status find_heaps(arrow *arrow, arrow_level *level, size_t view, size_t buffer,
                              bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, counts = flatbuffer_vector(metadata, arrow->batch, 4, 8, &count), buffers;
    if (view >= count)
        return arrow_fail(arrow, "string views without their number of buffers", error);
    int64_t heaps = flatbuffer_number(metadata, counts + 8 * view, 8);
    flatbuffer_vector(metadata, arrow->batch, 2, 16, &buffers);
    if (metadata->failed || heaps < 0 || buffer > buffers || (uint64_t)heaps > buffers - buffer)
        return arrow_fail(arrow, "fewer buffers than its columns need", error);
    size_t old = level->heap_storage_count;
    level->heap_count = (size_t)heaps;
    if (level->heap_count > old) {
        TRY(memory_grow((void **)&level->heaps, &level->heap_capacity, level->heap_count,
                        sizeof *level->heaps, "buffers", error));
        arrow_buffer *storage = realloc(level->heap_storage, level->heap_count * sizeof *storage);
        if (!storage)
            return error_set(error, BERT_ERROR_MEMORY, "no memory for buffers");
        memset(storage + old, 0, (level->heap_count - old) * sizeof *storage);
        level->heap_storage = storage;
        level->heap_storage_count = level->heap_count;
    }
    for (size_t i = 0; i < level->heap_count; i++)
        TRY(find_buffer(arrow, buffer + i, &level->heaps[i], &level->heap_storage[i], error));
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ levels ---
 */

/* Whether the buffers are long enough for the level's number of rows. */
static bool is_complete(const arrow_level *level)
{
    uint64_t length = level->length;
    if (level->validity.size > 0 && level->validity.size < length / 8 + (length % 8 > 0))
        return false;
    switch (level->kind) {
    case ARROW_LIST:
    case ARROW_STRING:
        return length == 0 || level->offsets.size / level->width > length;
    case ARROW_LIST_VIEW:
        return level->offsets.size / level->width >= length &&
               level->values.size / level->width >= length;
    case ARROW_STRING_VIEW:
        return level->values.size / VIEW >= length;
    case ARROW_DICTIONARY:
    case ARROW_INTEGER:
    case ARROW_FLOAT:
        return level->values.size / level->width >= length;
    case ARROW_BOOLEAN:
        return level->values.size >= length / 8 + (length % 8 > 0);
    default:
        return true;
    }
}

static bert_status node_length(arrow *arrow, size_t field, uint64_t *length, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, nodes = flatbuffer_vector(metadata, arrow->batch, 1, 16, &count);
    if (field >= count)
        return arrow_fail(arrow, "fewer nodes than its columns need", error);
    int64_t found = flatbuffer_number(metadata, nodes + 16 * field, 8);
    if (metadata->failed || found < 0)
        return arrow_fail(arrow, arrow_damaged, error);
    *length = (uint64_t)found;
    return BERT_OK;
}

/* The ends of runs are the values of the field's first child, which follows it. */
static bert_status load_run_ends(arrow *arrow, arrow_level *level, size_t buffer, bert_error *error)
{
    uint64_t runs = 0;
    TRY(node_length(arrow, level->field + 1, &runs, error));
    buffer += 1 + (arrow->version < ARROW_METADATA_V5); /* after their validity */
    TRY(find_buffer(arrow, buffer, &level->values, &level->storage[2], error));
    if (level->values.size / level->width < runs)
        return arrow_fail(arrow, "a column that is shorter than its number of rows", error);
    level->values.size = (size_t)runs * level->width;
    return BERT_OK;
}

/* `buffer` is the level's first buffer; `view` its number among the fields of views. */
static bert_status load_level(arrow *arrow, arrow_level *level, size_t buffer, size_t view,
                              bert_error *error)
{
    TRY(node_length(arrow, level->field, &level->length, error));
    level->validity = level->offsets = level->values = (arrow_span){0};
    if (level->kind == ARROW_NULLS)
        return BERT_OK;
    if (level->kind == ARROW_RUN_ENDS)
        return load_run_ends(arrow, level, buffer, error);
    TRY(find_buffer(arrow, buffer++, &level->validity, &level->storage[0], error));
    if (level->kind == ARROW_LIST || level->kind == ARROW_LIST_VIEW || level->kind == ARROW_STRING)
        TRY(find_buffer(arrow, buffer++, &level->offsets, &level->storage[1], error));
    if (level->kind == ARROW_LIST_VIEW || level->kind > ARROW_NULLS)
        TRY(find_buffer(arrow, buffer++, &level->values, &level->storage[2], error));
    if (level->kind == ARROW_STRING_VIEW)
        TRY(find_heaps(arrow, level, view, buffer, error));
    return is_complete(level)
               ? BERT_OK
               : arrow_fail(arrow, "a column that is shorter than its number of rows", error);
}

/* Whether a level stores something for each row, so that the size of the input bounds the rows. */
static bool stores_rows(const arrow_level *level)
{
    return level->validity.size > 0 ||
           (level->kind != ARROW_STRUCT && level->kind != ARROW_FIXED_LIST &&
            level->kind != ARROW_RUN_ENDS && level->kind != ARROW_NULLS);
}

/* Advances over the buffers of one field. *view counts the fields of views. */
static bert_status skip_field(arrow *arrow, size_t field, size_t *buffer, size_t *view,
                              bert_error *error)
{
    const arrow_field *skipped = &arrow->fields[field];
    *buffer += skipped->buffers;
    *buffer += skipped->had_validity && arrow->version < ARROW_METADATA_V5;
    if (!skipped->is_view)
        return BERT_OK;
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, counts = flatbuffer_vector(metadata, arrow->batch, 4, 8, &count);
    int64_t heaps = *view < count ? flatbuffer_number(metadata, counts + 8 * *view, 8) : -1;
    if (heaps < 0 || heaps > INT32_MAX)
        return arrow_fail(arrow, "string views without their number of buffers", error);
    *buffer += (size_t)heaps;
    ++*view;
    return BERT_OK;
}

bert_status arrow_load_column(arrow *arrow, size_t index, bert_error *error)
{
    const arrow_column *column = &arrow->columns[index];
    size_t field = 0, buffer = 0, view = 0;
    for (size_t i = 0; i < column->level_count; i++) {
        for (; field < column->levels[i].field; field++)
            TRY(skip_field(arrow, field, &buffer, &view, error));
        TRY(load_level(arrow, &column->levels[i], buffer, view, error));
    }
    if (arrow->rows > column->levels[0].length)
        return arrow_fail(arrow, "a column of fewer rows than the batch has", error);
    if (arrow->rows > free_rows_limit && !stores_rows(&column->levels[0]))
        return arrow_fail(arrow, "more than 2^26 rows without any content", error);
    arrow->loaded[index] = true;
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- batches ---
 */

static bert_status begin(arrow *arrow, size_t batch, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    arrow->batch = batch;
    int64_t rows = flatbuffer_integer(metadata, batch, 0, 8, 0);
    size_t compression = flatbuffer_table(metadata, batch, 3);
    if (metadata->failed || batch == 0 || rows < 0)
        return arrow_fail(arrow, arrow_damaged, error);
    arrow->rows = (uint64_t)rows;
    if (compression == 0)
        return BERT_OK;
    int64_t codec = flatbuffer_integer(metadata, compression, 0, 1, 0);
    if (codec != 0 && codec != 1)
        return arrow_fail(arrow, "an unknown compression", error);
    arrow->is_compressed = true;
    arrow->compression = codec == 0 ? COMPRESSION_LZ4_FRAME : COMPRESSION_ZSTD;
    return BERT_OK;
}

bert_status arrow_begin_batch(arrow *arrow, bert_error *error)
{
    TRY(begin(arrow, arrow->header, error));
    arrow->row = 0;
    for (size_t i = 0; i < arrow->column_count; i++) {
        arrow->loaded[i] = false;
        arrow->columns[i].values_row = 0;
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ values ---
 */

bool arrow_is_null(const arrow_level *level, uint64_t row)
{
    return level->kind == ARROW_NULLS ||
           (level->validity.size > 0 && !(level->validity.data[row / 8] >> row % 8 & 1));
}

static bert_status view_at(const arrow *arrow, const arrow_level *level, uint64_t row,
                           arrow_span *string, bert_error *error)
{
    const unsigned char *view = level->values.data + row * VIEW;
    int64_t length = arrow_signed(view, 4);
    *string = (arrow_span){view + 4, (size_t)length};
    if (length >= 0 && length <= INLINE_MAX)
        return BERT_OK;
    int64_t heap = arrow_signed(view + 8, 4), offset = arrow_signed(view + 12, 4);
    if (length < 0 || heap < 0 || (uint64_t)heap >= level->heap_count || offset < 0 ||
        (uint64_t)(offset + length) > level->heaps[heap].size)
        return arrow_fail(arrow, "a string that extends past the end of its buffer", error);
    string->data = level->heaps[heap].data + offset;
    return BERT_OK;
}

bert_status arrow_string_at(const arrow *arrow, const arrow_level *level, uint64_t row,
                            arrow_span *string, bert_error *error)
{
    if (level->kind == ARROW_STRING_VIEW)
        return view_at(arrow, level, row, string, error);
    const unsigned char *offset = level->offsets.data + row * level->width;
    int64_t begin = arrow_signed(offset, level->width);
    int64_t end = arrow_signed(offset + level->width, level->width);
    if (begin < 0 || end < begin || (uint64_t)end > level->values.size)
        return arrow_fail(arrow, "a string that extends past the end of its column", error);
    *string = (arrow_span){level->values.data + begin, (size_t)(end - begin)};
    return BERT_OK;
}

uint64_t arrow_bits_at(const arrow_level *level, uint64_t row)
{
    if (level->kind == ARROW_BOOLEAN)
        return level->values.data[row / 8] >> row % 8 & 1;
    const unsigned char *data = level->values.data + row * level->width;
    return level->is_signed ? (uint64_t)arrow_signed(data, level->width)
                            : arrow_unsigned(data, level->width);
}

/* ------------------------------------------------------------------------------ dictionaries ---
 */

arrow_dictionary *arrow_find_dictionary(const arrow *arrow, int64_t id)
{
    arrow_dictionary *dictionary = arrow->dictionaries;
    while (dictionary && dictionary->id != id)
        dictionary = dictionary->next;
    return dictionary;
}

static bert_status add_entry(arrow *arrow, arrow_dictionary *dictionary, uint64_t row,
                             bert_error *error)
{
    const arrow_level *values = &dictionary->values;
    arrow_entry *entry = &dictionary->entries[dictionary->count];
    *entry = (arrow_entry){.is_null = arrow_is_null(values, row)};
    if (!entry->is_null && values->kind >= ARROW_INTEGER) {
        entry->length = arrow_bits_at(values, row);
    } else if (!entry->is_null) {
        arrow_span string;
        TRY(arrow_string_at(arrow, values, row, &string, error));
        entry->begin = dictionary->bytes.length;
        entry->length = string.size;
        TRY(text_append(&dictionary->bytes, (const char *)string.data, string.size, error));
    }
    dictionary->count++;
    return BERT_OK;
}

/* Reads a DictionaryBatch: all values of a dictionary, or (a delta) further ones. */
bert_status arrow_read_dictionary(arrow *arrow, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    int64_t id = flatbuffer_integer(metadata, arrow->header, 0, 8, 0);
    bool is_delta = flatbuffer_integer(metadata, arrow->header, 2, 1, 0) != 0;
    TRY(begin(arrow, flatbuffer_table(metadata, arrow->header, 1), error));
    uint64_t rows = arrow->rows;
    arrow->rows = 0;
    arrow_dictionary *dictionary = arrow_find_dictionary(arrow, id);
    if (!dictionary || dictionary->values.kind == ARROW_OTHER)
        return BERT_OK; /* no column that can be read needs it */
    if (dictionary->was_read && !is_delta && arrow->is_file)
        return arrow_fail(arrow, "a second dictionary for a column, which files may not have",
                          error);
    dictionary->was_read = true;
    if (!is_delta) {
        dictionary->count = 0;
        text_clear(&dictionary->bytes);
    }
    TRY(load_level(arrow, &dictionary->values, 0, 0, error));
    if (rows > dictionary->values.length)
        return arrow_fail(arrow, "a column of fewer rows than the batch has", error);
    TRY(memory_grow((void **)&dictionary->entries, &dictionary->capacity,
                    dictionary->count + (size_t)rows, sizeof *dictionary->entries, "a dictionary",
                    error));
    for (uint64_t row = 0; row < rows; row++)
        TRY(add_entry(arrow, dictionary, row, error));
    return BERT_OK;
}
