#include "formats/number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bert_status number_append_double(text *out, double number, bert_error *error)
{
    char digits[40];
    int precision = DBL_DIG;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, number);
    while (precision++ < DBL_DECIMAL_DIG && strtod(digits, NULL) != number);
    return text_append(out, digits, strlen(digits), error);
}

bert_status number_append_float(text *out, float number, bert_error *error)
{
    char digits[40];
    int precision = FLT_DIG;
    do
        snprintf(digits, sizeof digits, "%.*g", precision, (double)number);
    while (precision++ < FLT_DECIMAL_DIG && strtof(digits, NULL) != number);
    return text_append(out, digits, strlen(digits), error);
}

float number_from_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float magnitude = exponent == 31  ? (fraction ? NAN : INFINITY)
                      : exponent == 0 ? ldexpf((float)fraction, -24)
                                      : ldexpf((float)(fraction + 1024), exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}
