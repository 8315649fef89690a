/* The values of Parquet pages, and rows of them. */
#include "formats/number_text.h"
#include "formats/parquet_file.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

size_t parquet_number_size(int32_t type)
{
    switch (type) {
    case PARQUET_BOOLEAN:
        return 1;
    case PARQUET_INT32:
    case PARQUET_FLOAT:
        return 4;
    case PARQUET_INT64:
    case PARQUET_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

/* ----------------------------------------------------------------------------- plain values --- */

bool parquet_take_string(const unsigned char **data, size_t *size, parquet_string *value)
{
    if (*size < 4)
        return false;
    const unsigned char *at = *data;
    uint32_t length =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    if (length > *size - 4)
        return false;
    *value = (parquet_string){.data = at + 4, .length = length};
    *data += 4 + (size_t)length;
    *size -= 4 + (size_t)length;
    return true;
}

bool parquet_take_plain(const parquet_column *column, const unsigned char **data, size_t *size,
                        parquet_string *value)
{
    if (!column->is_number)
        return parquet_take_string(data, size, value);
    *value = (parquet_string){.data = *data, .length = parquet_number_size(column->physical_type)};
    if (value->length > *size)
        return false;
    *data += value->length;
    *size -= value->length;
    return true;
}

/* -------------------------------------------------------------------------------- encodings --- */

/* Some writers store nothing at all if all values are null. */
static bert_status take_deltas(parquet_cursor *cursor, int64_t **values, size_t *count,
                               bert_error *error)
{
    free(*values);
    *values = NULL;
    *count = 0;
    if (cursor->values_size == 0)
        return BERT_OK;
    size_t taken;
    bert_error reason;
    bert_status status = delta_read(cursor->values, cursor->values_size, cursor->page_values,
                                    values, count, &taken, &reason);
    if (status == BERT_ERROR_MEMORY)
        return error_set(error, status, "%s", reason.message);
    if (status != BERT_OK)
        return parquet_page_error(cursor, reason.message, error);
    cursor->values += taken;
    cursor->values_size -= taken;
    return BERT_OK;
}

static bert_status begin_indices(parquet_cursor *cursor, bert_error *error)
{
    cursor->indices = (run_reader){0};
    if (!cursor->has_dictionary)
        return parquet_page_error(cursor, "it needs a dictionary, but there is none", error);
    if (cursor->values_size == 0) /* nulls only */
        return BERT_OK;
    if (cursor->values[0] > 32)
        return parquet_page_error(cursor, "dictionary indices of more than 32 bits", error);
    cursor->indices = (run_reader){
        .data = cursor->values + 1, .size = cursor->values_size - 1, .width = cursor->values[0]};
    return BERT_OK;
}

/* Booleans in runs, after their length. */
static bert_status begin_runs(parquet_cursor *cursor, bert_error *error)
{
    cursor->indices = (run_reader){0};
    parquet_string runs;
    if (cursor->values_size == 0)
        return BERT_OK;
    if (!parquet_take_string(&cursor->values, &cursor->values_size, &runs))
        return parquet_page_error(cursor, "its runs extend past the end of the page", error);
    cursor->indices = (run_reader){.data = runs.data, .size = runs.length, .width = 1};
    return BERT_OK;
}

/* Whether a column's type may have an encoding. */
static bool has_encoding(const parquet_column *column, parquet_encoding encoding)
{
    bool is_boolean = column->physical_type == PARQUET_BOOLEAN;
    switch (encoding) {
    case PARQUET_PLAIN:
        return true;
    case PARQUET_PLAIN_DICTIONARY:
    case PARQUET_RLE_DICTIONARY:
        return !is_boolean;
    case PARQUET_RLE:
        return is_boolean;
    case PARQUET_DELTA_LENGTH:
    case PARQUET_DELTA_STRINGS:
        return !column->is_number;
    case PARQUET_DELTA_NUMBERS:
        return column->is_integer && !is_boolean;
    case PARQUET_BYTE_STREAM_SPLIT:
        return column->is_number && !is_boolean;
    default:
        return false;
    }
}

static bool is_null_type(const parquet_column *column)
{
    return !column->is_number && column->physical_type != PARQUET_BYTE_ARRAY;
}

bert_status parquet_begin_values(parquet_cursor *cursor, bert_error *error)
{
    cursor->next_length = cursor->next_bit = cursor->next_number = 0;
    if (is_null_type(cursor->column)) /* there are no values, in whatever encoding */
        return BERT_OK;
    if (!has_encoding(cursor->column, cursor->encoding))
        return parquet_page_error(cursor, "an encoding that its type does not have", error);
    switch (cursor->encoding) {
    case PARQUET_DELTA_STRINGS:
        TRY(take_deltas(cursor, &cursor->prefixes, &cursor->prefix_count, error));
        TRY(take_deltas(cursor, &cursor->lengths, &cursor->length_count, error));
        return cursor->prefix_count == cursor->length_count
                   ? BERT_OK
                   : parquet_page_error(cursor, "damaged delta-encoded strings", error);
    case PARQUET_DELTA_LENGTH:
    case PARQUET_DELTA_NUMBERS:
        return take_deltas(cursor, &cursor->lengths, &cursor->length_count, error);
    case PARQUET_PLAIN_DICTIONARY:
    case PARQUET_RLE_DICTIONARY:
        return begin_indices(cursor, error);
    case PARQUET_RLE:
        return begin_runs(cursor, error);
    default:
        return BERT_OK;
    }
}

/* --------------------------------------------------------------------------------- one value ---
 */

static bool take_bytes(parquet_cursor *cursor, int64_t length, parquet_string *value)
{
    if (length < 0 || (uint64_t)length > cursor->values_size)
        return false;
    *value = (parquet_string){.data = cursor->values, .length = (size_t)length};
    cursor->values += length;
    cursor->values_size -= (size_t)length;
    return true;
}

/* Before PARQUET-246, Java's writer let the first string of a page share its beginning with the
 * last one of the page before, which is therefore still in `previous`. */
static bert_status take_shared(parquet_cursor *cursor, parquet_string *value, bert_error *error)
{
    int64_t prefix = cursor->prefixes[cursor->next_length];
    if (prefix < 0 || (uint64_t)prefix > cursor->previous.length ||
        !take_bytes(cursor, cursor->lengths[cursor->next_length], value))
        return parquet_page_error(cursor, "a string extends past the end of the page", error);
    cursor->next_length++;
    cursor->previous.length = (size_t)prefix;
    TRY(text_append(&cursor->previous, (const char *)value->data, value->length, error));
    const char *data = cursor->previous.data ? cursor->previous.data : "";
    *value =
        (parquet_string){.data = (const unsigned char *)data, .length = cursor->previous.length};
    return BERT_OK;
}

static bool take_boolean(parquet_cursor *cursor, parquet_string *value)
{
    uint32_t bit;
    if (cursor->encoding == PARQUET_RLE) {
        if (!run_reader_next(&cursor->indices, &bit))
            return false;
    } else {
        if (cursor->next_bit / 8 >= cursor->values_size)
            return false;
        bit = cursor->values[cursor->next_bit / 8] >> cursor->next_bit % 8 & 1;
        cursor->next_bit++;
    }
    cursor->scratch[0] = (unsigned char)bit;
    *value = (parquet_string){.data = cursor->scratch, .length = 1};
    return true;
}

/* A number that does not lie in the page as it is. */
static bool take_number(parquet_cursor *cursor, parquet_string *value)
{
    size_t width = parquet_number_size(cursor->column->physical_type);
    *value = (parquet_string){.data = cursor->scratch, .length = width};
    if (cursor->encoding == PARQUET_DELTA_NUMBERS) {
        if (cursor->next_length == cursor->length_count)
            return false;
        uint64_t bits = htole64((uint64_t)cursor->lengths[cursor->next_length++]);
        memcpy(cursor->scratch, &bits, sizeof bits);
        return true;
    }
    size_t count = cursor->values_size / width;
    if (cursor->next_number >= count)
        return false;
    for (size_t i = 0; i < width; i++) /* the first bytes of all numbers, then the second */
        cursor->scratch[i] = cursor->values[i * count + cursor->next_number];
    cursor->next_number++;
    return true;
}

static bert_status take_value(parquet_cursor *cursor, parquet_string *value, bert_error *error)
{
    uint32_t index;
    switch (cursor->encoding) {
    case PARQUET_PLAIN:
    case PARQUET_RLE:
        if (cursor->column->physical_type == PARQUET_BOOLEAN
                ? take_boolean(cursor, value)
                : parquet_take_plain(cursor->column, &cursor->values, &cursor->values_size, value))
            return BERT_OK;
        break;
    case PARQUET_DELTA_LENGTH:
        if (cursor->next_length < cursor->length_count &&
            take_bytes(cursor, cursor->lengths[cursor->next_length++], value))
            return BERT_OK;
        break;
    case PARQUET_DELTA_STRINGS:
        if (cursor->next_length < cursor->length_count)
            return take_shared(cursor, value, error);
        break;
    case PARQUET_DELTA_NUMBERS:
    case PARQUET_BYTE_STREAM_SPLIT:
        if (take_number(cursor, value))
            return BERT_OK;
        break;
    default:
        if (!run_reader_next(&cursor->indices, &index))
            return parquet_page_error(cursor, "fewer dictionary indices than values", error);
        if (index >= cursor->dictionary_size)
            return parquet_page_error(cursor, "an index outside of its dictionary", error);
        *value = cursor->dictionary[index];
        return BERT_OK;
    }
    return parquet_page_error(cursor, "a value extends past the end of the page", error);
}

/* ------------------------------------------------------------------------------------- rows --- */

/* Reads the levels of the next value unless they are pending; *found is false after the last value.
 */
static bert_status next_levels(parquet_cursor *cursor, bool *found, bert_error *error)
{
    *found = true;
    if (cursor->pending)
        return BERT_OK;
    TRY(parquet_next_page(cursor, found, error));
    if (!*found)
        return BERT_OK;
    const parquet_column *column = cursor->column;
    cursor->definition = column->max_definition;
    cursor->repetition = 0;
    if (column->max_repetition > 0 && !run_reader_next(&cursor->repetitions, &cursor->repetition))
        return parquet_page_error(cursor, "fewer repetition levels than values", error);
    if (column->max_definition > 0 && !run_reader_next(&cursor->definitions, &cursor->definition))
        return parquet_page_error(cursor, "fewer definition levels than values", error);
    if (cursor->definition > column->max_definition || cursor->repetition > column->max_repetition)
        return parquet_page_error(cursor, "a level above the maximum of its column", error);
    cursor->page_values--;
    cursor->pending = true;
    return BERT_OK;
}

/* The bytes of the next value of the row; data is NULL for a null. */
static bert_status next_bytes(parquet_cursor *cursor, parquet_string *value, bool *found,
                              bert_error *error)
{
    *value = (parquet_string){0};
    TRY(next_levels(cursor, found, error));
    if (!*found || cursor->repetition == 0) {
        *found = false;
        return BERT_OK;
    }
    cursor->pending = false;
    if (cursor->definition < cursor->column->max_definition)
        return BERT_OK;
    if (is_null_type(cursor->column))
        return parquet_page_error(cursor, "a value in a column of nulls", error);
    return take_value(cursor, value, error);
}

bert_status parquet_next_row(parquet_cursor *cursor, bool *found, bert_error *error)
{
    TRY(next_levels(cursor, found, error));
    while (*found && cursor->repetition != 0) { /* skip the unread values of the previous row */
        parquet_string value;
        bool any;
        TRY(next_bytes(cursor, &value, &any, error));
        TRY(next_levels(cursor, found, error));
    }
    cursor->repetition = UINT32_MAX; /* so that next_bytes takes the first value of the row */
    return BERT_OK;
}

static uint64_t bits_of(const parquet_string *value)
{
    uint64_t bits = 0;
    for (size_t i = value->length; i-- > 0;)
        bits = bits << 8 | value->data[i];
    return bits;
}

/* An integer or boolean, extended by its sign. */
static int64_t integer_of(const parquet_column *column, const parquet_string *value)
{
    uint64_t bits = bits_of(value);
    return column->physical_type == PARQUET_INT32 && !column->is_unsigned ? (int32_t)(uint32_t)bits
                                                                          : (int64_t)bits;
}

static bert_status format_number(text *out, const parquet_column *column,
                                 const parquet_string *value, bert_error *error)
{
    uint64_t bits = bits_of(value);
    uint32_t single_bits = (uint32_t)bits;
    float single;
    double number;
    memcpy(&single, &single_bits, sizeof single);
    memcpy(&number, &bits, sizeof number);
    text_clear(out);
    switch (column->physical_type) {
    case PARQUET_BOOLEAN:
        return text_format(out, error, "%s", bits ? "true" : "false");
    case PARQUET_FLOAT:
        return number_append_float(out, single, error);
    case PARQUET_DOUBLE:
        return number_append_double(out, number, error);
    default:
        return column->is_unsigned ? text_format(out, error, "%" PRIu64, bits)
                                   : text_format(out, error, "%" PRId64, integer_of(column, value));
    }
}

bert_status parquet_next_value(parquet_cursor *cursor, const char **data, size_t *length,
                               bool *found, bert_error *error)
{
    parquet_string value;
    TRY(next_bytes(cursor, &value, found, error));
    if (value.data && cursor->column->is_number) {
        TRY(format_number(&cursor->number, cursor->column, &value, error));
        value = (parquet_string){.data = (const unsigned char *)cursor->number.data,
                                 .length = cursor->number.length};
    }
    *data = (const char *)value.data;
    *length = value.length;
    return BERT_OK;
}

bert_status parquet_next_integer(parquet_cursor *cursor, int64_t *value, bool *is_null, bool *found,
                                 bert_error *error)
{
    parquet_string bytes;
    *value = 0;
    TRY(next_bytes(cursor, &bytes, found, error));
    *found = *found && cursor->definition >= cursor->column->list_definition;
    *is_null = *found && !bytes.data;
    if (bytes.data)
        *value = integer_of(cursor->column, &bytes);
    if (*value < 0 && cursor->column->is_unsigned)
        return parquet_page_error(cursor, "an integer of more than 63 bits", error);
    return BERT_OK;
}
