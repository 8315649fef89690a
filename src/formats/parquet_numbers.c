/* Formats the numbers of Parquet columns as strings, because labels are often numbers. */
#include "formats/parquet_file.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t parquet_number_size(int32_t type)
{
    switch (type) {
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

/* The fewest digits that round-trip: 3.8, not 3.7999999999999998. */
static bert_status format_double(text *out, uint64_t bits, bert_error *error)
{
    double number;
    char digits[40];
    memcpy(&number, &bits, sizeof number);
    int precision = DBL_DIG;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, number);
    while (precision++ < DBL_DECIMAL_DIG && strtod(digits, NULL) != number);
    return text_append(out, digits, strlen(digits), error);
}

static bert_status format_single(text *out, uint32_t bits, bert_error *error)
{
    float number;
    char digits[40];
    memcpy(&number, &bits, sizeof number);
    int precision = FLT_DIG;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, (double)number);
    while (precision++ < FLT_DECIMAL_DIG && strtof(digits, NULL) != number);
    return text_append(out, digits, strlen(digits), error);
}

bert_status parquet_number_format(text *out, int32_t type, const unsigned char *data,
                                  bert_error *error)
{
    uint64_t bits = 0;
    for (size_t i = parquet_number_size(type); i-- > 0;)
        bits = bits << 8 | data[i];
    uint32_t low_bits = (uint32_t)bits;
    text_clear(out);
    switch (type) {
    case PARQUET_INT32:
        return text_format(out, error, "%" PRId32, (int32_t)low_bits);
    case PARQUET_INT64:
        return text_format(out, error, "%" PRId64, (int64_t)bits);
    case PARQUET_FLOAT:
        return format_single(out, low_bits, error);
    default:
        return format_double(out, bits, error);
    }
}
