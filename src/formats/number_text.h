/* Numbers of tables as text, because labels are often numbers: the fewest digits that round-trip,
 * 3.8 and not 3.7999999999999998. */
#ifndef FORMATS_NUMBER_TEXT_H
#define FORMATS_NUMBER_TEXT_H

#include "base/text.h"

/* Append a number to `out`. */
bert_status number_append_double(text *out, double number, bert_error *error);
bert_status number_append_float(text *out, float number, bert_error *error);

/* The value of an IEEE 754 number of 16 bits. */
float number_from_half(uint16_t bits);

#endif
