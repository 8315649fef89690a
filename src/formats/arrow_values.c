/* The rows of record batches, and the values of a row. */
#include "base/memory.h"
#include "formats/arrow_data.h"
#include "formats/number_text.h"

#include <inttypes.h>
#include <string.h>

static const uint64_t no_row = UINT64_MAX; /* a value that is null at any level */

/* Elements of all levels that may be visited for one row: list views can refer to the same elements
 * again and again. */
static const uint64_t visits_limit = UINT64_C(1) << 28;

/* -------------------------------------------------------------------------------------- rows ---
 */

static bert_status next_message(arrow *arrow, bool *found, bert_error *error)
{
    if (!arrow->knows_blocks)
        return arrow_read_message(arrow, found, error);
    *found = arrow->next_block < arrow->block_count;
    if (!*found)
        return BERT_OK;
    TRY(arrow_read_block(arrow, &arrow->blocks[arrow->next_block++], error));
    if (arrow->header_type != ARROW_MESSAGE_BATCH)
        return arrow_fail(arrow, "not a record batch, unlike what the footer says", error);
    return BERT_OK;
}

static bert_status next_batch(arrow *arrow, bool *found, bert_error *error)
{
    for (arrow->row = arrow->rows = 0; arrow->rows == 0;) {
        TRY(next_message(arrow, found, error));
        if (!*found)
            return BERT_OK;
        if (arrow->header_type == ARROW_MESSAGE_DICTIONARY)
            TRY(arrow_read_dictionary(arrow, error));
        else if (arrow->header_type == ARROW_MESSAGE_BATCH)
            TRY(arrow_begin_batch(arrow, error));
        else
            return arrow_fail(arrow, "a message that is not a record batch", error);
    }
    return BERT_OK;
}

bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error)
{
    *found = false;
    if (arrow->finished)
        return BERT_OK;
    *found = true;
    if (arrow->row == arrow->rows)
        TRY(next_batch(arrow, found, error));
    arrow->finished = !*found;
    arrow->row += *found;
    return BERT_OK;
}

/* --------------------------------------------------------------------------- values of a row ---
 */

static bert_status add_value(arrow_column *column, uint64_t row, bert_error *error)
{
    TRY(memory_grow((void **)&column->values, &column->value_capacity, column->value_count + 1,
                    sizeof *column->values, "the values of a row", error));
    column->values[column->value_count++] = row;
    return BERT_OK;
}

/* A null at a level: a null value, unless a list is there or below, which then has no elements. */
static bert_status add_null(arrow_column *column, size_t index, bert_error *error)
{
    for (; index < column->level_count; index++) {
        arrow_kind kind = column->levels[index].kind;
        if (kind == ARROW_LIST || kind == ARROW_LIST_VIEW || kind == ARROW_FIXED_LIST)
            return BERT_OK;
    }
    return add_value(column, no_row, error);
}

/* The run that a row belongs to: the first that ends after it. */
static uint64_t find_run(const arrow_level *level, uint64_t row)
{
    uint64_t low = 0, high = level->values.size / level->width;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t end = arrow_signed(level->values.data + middle * level->width, level->width);
        if (end < 0 || (uint64_t)end <= row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The rows of the level below, for a row that is not null. */
static void find_range(const arrow_level *level, uint64_t row, uint64_t *begin, uint64_t *end)
{
    const unsigned char *offset = level->offsets.data + row * level->width;
    switch (level->kind) {
    case ARROW_LIST:
        *begin = (uint64_t)arrow_signed(offset, level->width);
        *end = (uint64_t)arrow_signed(offset + level->width, level->width);
        return;
    case ARROW_LIST_VIEW:
        *begin = (uint64_t)arrow_signed(offset, level->width);
        *end = (uint64_t)arrow_signed(level->values.data + row * level->width, level->width);
        if (__builtin_add_overflow(*begin, *end, end))
            *end = UINT64_MAX;
        return;
    case ARROW_FIXED_LIST:
        if (__builtin_mul_overflow(row, level->list_length, begin) ||
            __builtin_add_overflow(*begin, level->list_length, end))
            *begin = *end = UINT64_MAX;
        return;
    case ARROW_RUN_ENDS:
        *begin = find_run(level, row);
        *end = *begin + 1;
        return;
    default:
        *begin = row;
        *end = row + 1;
    }
}

/* Adds the values of the rows [begin, end) of a level. */
static bert_status collect(arrow *arrow, arrow_column *column, size_t index, uint64_t begin,
                           uint64_t end, bert_error *error)
{
    const arrow_level *level = &column->levels[index];
    if (begin > end || end > level->length)
        return arrow_fail(arrow, "a list or struct that extends past the end of its column", error);
    column->visits += end - begin;
    if (column->visits > visits_limit)
        return arrow_fail(arrow, "more than 2^28 values in a row", error);
    bool is_last = index + 1 == column->level_count;
    for (uint64_t row = begin; row < end; row++) {
        uint64_t first, last;
        if (arrow_is_null(level, row)) {
            TRY(add_null(column, index, error));
        } else if (is_last) {
            TRY(add_value(column, row, error));
        } else {
            find_range(level, row, &first, &last);
            TRY(collect(arrow, column, index + 1, first, last, error));
        }
    }
    return BERT_OK;
}

/* Makes column->values those of the current row. */
static bert_status find_values(arrow *arrow, size_t index, bert_error *error)
{
    arrow_column *column = &arrow->columns[index];
    if (column->values_row == arrow->row)
        return BERT_OK;
    if (!arrow->loaded[index])
        TRY(arrow_load_column(arrow, index, error));
    column->value_count = 0;
    column->visits = 0;
    TRY(collect(arrow, column, 0, arrow->row - 1, arrow->row, error));
    column->values_row = arrow->row;
    return BERT_OK;
}

bert_status arrow_value_count(arrow *arrow, size_t column, size_t *count, bert_error *error)
{
    *count = 0;
    TRY(find_values(arrow, column, error));
    *count = arrow->columns[column].value_count;
    return BERT_OK;
}

/* The entry of a dictionary that a row refers to; NULL for a null. */
static bert_status find_entry(const arrow *arrow, const arrow_level *level, uint64_t row,
                              const arrow_entry **entry, bert_error *error)
{
    uint64_t index = arrow_bits_at(level, row); /* a negative one is very large */
    if (index >= level->dictionary->count)
        return arrow_fail(arrow, "an index outside of its dictionary", error);
    *entry = &level->dictionary->entries[index];
    if ((*entry)->is_null)
        *entry = NULL;
    return BERT_OK;
}

/* The bits of a number; *is_null if it is null. `values` describes them. */
static bert_status find_number(const arrow *arrow, const arrow_column *column, uint64_t row,
                               const arrow_level **values, uint64_t *bits, bool *is_null,
                               bert_error *error)
{
    const arrow_level *level = &column->levels[column->level_count - 1];
    *values = level;
    *bits = 0;
    *is_null = row == no_row;
    if (*is_null)
        return BERT_OK;
    if (level->kind != ARROW_DICTIONARY) {
        *bits = arrow_bits_at(level, row);
        return BERT_OK;
    }
    const arrow_entry *entry = NULL;
    TRY(find_entry(arrow, level, row, &entry, error));
    *values = &level->dictionary->values;
    *is_null = !entry;
    *bits = entry ? entry->length : 0;
    return BERT_OK;
}

static bert_status format_number(text *out, const arrow_level *level, uint64_t bits,
                                 bert_error *error)
{
    uint32_t single_bits = (uint32_t)bits;
    float single;
    double number;
    memcpy(&single, &single_bits, sizeof single);
    memcpy(&number, &bits, sizeof number);
    text_clear(out);
    if (level->kind == ARROW_BOOLEAN)
        return text_format(out, error, "%s", bits ? "true" : "false");
    if (level->kind == ARROW_INTEGER)
        return level->is_signed ? text_format(out, error, "%" PRId64, (int64_t)bits)
                                : text_format(out, error, "%" PRIu64, bits);
    if (level->width == 8)
        return number_append_double(out, number, error);
    return number_append_float(out, level->width == 4 ? single : number_from_half((uint16_t)bits),
                               error);
}

static bert_status find_string(arrow *arrow, const arrow_column *column, uint64_t row,
                               arrow_span *string, bert_error *error)
{
    const arrow_level *level = &column->levels[column->level_count - 1];
    if (level->kind != ARROW_DICTIONARY)
        return arrow_string_at(arrow, level, row, string, error);
    const arrow_entry *entry = NULL;
    TRY(find_entry(arrow, level, row, &entry, error));
    const char *bytes = level->dictionary->bytes.data;
    *string = entry ? (arrow_span){bytes ? (const unsigned char *)bytes + entry->begin
                                         : (const unsigned char *)"",
                                   (size_t)entry->length}
                    : (arrow_span){0};
    return BERT_OK;
}

bert_status arrow_text(arrow *arrow, size_t column, size_t index, const char **data, size_t *length,
                       bert_error *error)
{
    *data = NULL;
    *length = 0;
    TRY(find_values(arrow, column, error));
    const arrow_column *info = &arrow->columns[column];
    uint64_t row = info->values[index];
    if (row == no_row)
        return BERT_OK;
    if (!info->is_number) {
        arrow_span string;
        TRY(find_string(arrow, info, row, &string, error));
        *data = (const char *)string.data;
        *length = string.size;
        return BERT_OK;
    }
    const arrow_level *values;
    uint64_t bits;
    bool is_null;
    TRY(find_number(arrow, info, row, &values, &bits, &is_null, error));
    if (is_null)
        return BERT_OK;
    TRY(format_number(&arrow->number, values, bits, error));
    *data = arrow->number.data;
    *length = arrow->number.length;
    return BERT_OK;
}

bert_status arrow_integers(arrow *arrow, size_t column, int64_t *values, bert_error *error)
{
    TRY(find_values(arrow, column, error));
    const arrow_column *info = &arrow->columns[column];
    for (size_t i = 0; i < info->value_count; i++) {
        const arrow_level *level;
        uint64_t bits;
        bool is_null;
        TRY(find_number(arrow, info, info->values[i], &level, &bits, &is_null, error));
        if (is_null)
            return arrow_fail(arrow, "a null where an integer was expected", error);
        if (bits > INT64_MAX && level->kind == ARROW_INTEGER && !level->is_signed)
            return arrow_fail(arrow, "an integer of more than 63 bits", error);
        values[i] = (int64_t)bits;
    }
    return BERT_OK;
}
