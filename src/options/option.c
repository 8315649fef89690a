#include "options/options.h"

#include "base/error.h"
#include "bert.h"
#include "options/choices.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const bert_option *bert_option_find(const bert_option *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const char *own = options[i].name, *given = name;
        while (*own && *own == (*given == '-' ? '_' : *given))
            own++, given++;
        if (!*own && !*given)
            return &options[i];
    }
    return NULL;
}

bool option_is_string(const bert_option *option)
{
    return option->type >= BERT_OPTION_STRING;
}

const char **option_string(void *params, const bert_option *option)
{
    return (const char **)(void *)((char *)params + option->offset);
}

/* -------------------------------------------------------------------------------- expected --- */

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

static void append_bound(char *text, size_t size, const char *before, double bound)
{
    if (bound == 0x1p53)
        append(text, size, "%s2^53", before);
    else
        append(text, size, "%s%.15g", before, bound);
}

static void append_range(char *text, size_t size, const bert_option *option)
{
    bool has_minimum = option->minimum > -DBL_MAX, has_maximum = option->maximum < DBL_MAX;
    bool closed = !option->above_minimum && !option->below_maximum;
    if (has_minimum && has_maximum && closed) {
        append_bound(text, size, " from ", option->minimum);
        append_bound(text, size, " to ", option->maximum);
        return;
    }
    if (has_minimum)
        append_bound(text, size, option->above_minimum ? " above " : ", at least ",
                     option->minimum);
    if (has_maximum)
        append_bound(text, size,
                     option->below_maximum ? has_minimum ? " and below " : " below "
                     : has_minimum         ? ", at most "
                                           : " of at most ",
                     option->maximum);
}

void bert_option_expected(const bert_option *option, char *text, size_t size)
{
    if (size == 0)
        return;
    text[0] = '\0';
    switch (option->type) {
    case BERT_OPTION_BOOL:
    case BERT_OPTION_SWITCH:
        append(text, size, "true or false");
        break;
    case BERT_OPTION_INT:
    case BERT_OPTION_INT64:
    case BERT_OPTION_UINT64:
    case BERT_OPTION_SIZE:
        append(text, size, "a whole number");
        append_range(text, size, option);
        break;
    case BERT_OPTION_DOUBLE:
        append(text, size, "a number");
        append_range(text, size, option);
        break;
    case BERT_OPTION_CHOICE:
        choice_names(text, size, option->choices);
        break;
    case BERT_OPTION_PATHS:
        append(text, size, "text, a line for each value");
        break;
    default:
        append(text, size, "text");
    }
}

static bool is_in_range(const bert_option *option, double value)
{
    return (option->above_minimum ? value > option->minimum : value >= option->minimum) &&
           (option->below_maximum ? value < option->maximum : value <= option->maximum);
}

/* A whole number as a double. 2^53 + 1 would be rounded to 2^53, which may be the maximum: what is
 * above 2^53 becomes a double that is above it, too. */
static double unsigned_number(uint64_t value)
{
    return value > (uint64_t)1 << 53 ? nextafter((double)value, INFINITY) : (double)value;
}

static double signed_number(int64_t value)
{
    return value < 0 ? (double)value : unsigned_number((uint64_t)value);
}

/* ------------------------------------------------------------------------------------- set --- */

static bool set_truth(void *member, const bert_option *option, const char *text)
{
    bool on = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!on && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return false;
    if (option->type == BERT_OPTION_BOOL)
        *(bool *)member = on;
    else
        *(bert_switch *)member = on ? BERT_ON : BERT_OFF;
    return true;
}

static bool set_signed(void *member, const bert_option *option, const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end || end == text || errno || !is_in_range(option, signed_number(value)))
        return false;
    if (option->type == BERT_OPTION_INT64)
        *(int64_t *)member = value;
    else if (value >= INT_MIN && value <= INT_MAX)
        *(int *)member = (int)value;
    else
        return false;
    return true;
}

static bool set_unsigned(void *member, const bert_option *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || end == text || errno || text[0] == '-' ||
        !is_in_range(option, unsigned_number(value)))
        return false;
    if (option->type == BERT_OPTION_UINT64)
        *(uint64_t *)member = value;
    else if (value <= SIZE_MAX)
        *(size_t *)member = (size_t)value;
    else
        return false;
    return true;
}

static bool set_double(void *member, const bert_option *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !isfinite(value) || !is_in_range(option, value))
        return false;
    *(double *)member = value;
    return true;
}

static bool set_number(void *member, const bert_option *option, const char *text)
{
    if (!text[0] || !strchr("+-.0123456789", text[0]) || strpbrk(text, "xXpP"))
        return false; /* no blanks, no "nan", no "0x" */
    switch (option->type) {
    case BERT_OPTION_INT:
    case BERT_OPTION_INT64:
        return set_signed(member, option, text);
    case BERT_OPTION_UINT64:
    case BERT_OPTION_SIZE:
        return set_unsigned(member, option, text);
    default:
        return set_double(member, option, text);
    }
}

static bool set_choice(void *member, const bert_option *option, const char *text)
{
    const bert_choice *choice = choice_find(option->choices, text);
    if (choice)
        *(int *)member = choice->value;
    return choice;
}

static bool set_member(void *params, const bert_option *option, const char *text)
{
    void *member = (char *)params + option->offset;
    if (option_is_string(option)) {
        *option_string(params, option) = text;
        return true;
    }
    return option->type == BERT_OPTION_CHOICE   ? set_choice(member, option, text)
           : option->type <= BERT_OPTION_SWITCH ? set_truth(member, option, text)
                                                : set_number(member, option, text);
}

static bert_status fail_expected(const bert_option *option, const char *quote, const char *value,
                                 bert_error *error)
{
    char expected[512];
    bert_option_expected(option, expected, sizeof expected);
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->%s is %s%.80s%s; expected %s",
                     option->name, quote, value, quote, expected);
}

bert_status bert_option_set(void *params, const bert_option *option, const char *text,
                            bert_error *error)
{
    return set_member(params, option, text) ? BERT_OK : fail_expected(option, "\"", text, error);
}

/* ------------------------------------------------------------------------------------- get --- */

double option_number(const void *params, const bert_option *option)
{
    const void *member = (const char *)params + option->offset;
    switch (option->type) {
    case BERT_OPTION_BOOL:
        return *(const bool *)member;
    case BERT_OPTION_SWITCH:
        return *(const bert_switch *)member;
    case BERT_OPTION_INT:
    case BERT_OPTION_CHOICE:
        return *(const int *)member;
    case BERT_OPTION_INT64:
        return signed_number(*(const int64_t *)member);
    case BERT_OPTION_UINT64:
        return unsigned_number(*(const uint64_t *)member);
    case BERT_OPTION_SIZE:
        return unsigned_number(*(const size_t *)member);
    default:
        return *(const double *)member;
    }
}

/* The fewest digits that give the same number again. */
static int print_double(char *text, size_t size, double value)
{
    for (int digits = 6; digits < 17; digits++) {
        char shorter[32];
        snprintf(shorter, sizeof shorter, "%.*g", digits, value);
        if (strtod(shorter, NULL) == value)
            return snprintf(text, size, "%s", shorter);
    }
    return snprintf(text, size, "%.17g", value);
}

size_t bert_option_get(const void *params, const bert_option *option, char *text, size_t size)
{
    const void *member = (const char *)params + option->offset;
    int length;
    switch (option->type) {
    case BERT_OPTION_BOOL:
        length = snprintf(text, size, "%s", *(const bool *)member ? "true" : "false");
        break;
    case BERT_OPTION_SWITCH: {
        bert_switch value = *(const bert_switch *)member;
        length = snprintf(text, size, "%s",
                          value == BERT_UNSET ? ""
                          : value == BERT_ON  ? "true"
                                              : "false");
        break;
    }
    case BERT_OPTION_INT:
        length = snprintf(text, size, "%d", *(const int *)member);
        break;
    case BERT_OPTION_INT64:
        length = snprintf(text, size, "%" PRId64, *(const int64_t *)member);
        break;
    case BERT_OPTION_UINT64:
        length = snprintf(text, size, "%" PRIu64, *(const uint64_t *)member);
        break;
    case BERT_OPTION_SIZE:
        length = snprintf(text, size, "%zu", *(const size_t *)member);
        break;
    case BERT_OPTION_CHOICE: {
        const char *name = choice_name(option->choices, *(const int *)member);
        length = snprintf(text, size, "%s", name ? name : "");
        break;
    }
    case BERT_OPTION_DOUBLE:
        length = print_double(text, size, *(const double *)member);
        break;
    default: {
        const char *string = *(const char *const *)member;
        length = snprintf(text, size, "%s", string ? string : "");
    }
    }
    return (size_t)length;
}

/* ----------------------------------------------------------------------------------- check --- */

static bert_status check_string(const bert_option *option, const char *value, bert_error *error)
{
    if (!value && option->optional)
        return BERT_OK;
    if (!value)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->%s is missing", option->name);
    if (!*value)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->%s is empty, expected a value", option->name);
    return BERT_OK;
}

static bool is_value(const bert_option *option, double value)
{
    if (option->type == BERT_OPTION_CHOICE)
        return choice_name(option->choices, (int)value) || (option->optional && value == -1);
    if (option->type == BERT_OPTION_SWITCH)
        return value == BERT_UNSET || value == BERT_OFF || value == BERT_ON;
    return option->type == BERT_OPTION_BOOL || is_in_range(option, value);
}

bert_status option_check(const bert_option *option, const void *params, bert_error *error)
{
    if (option_is_string(option))
        return check_string(option, *option_string((void *)(uintptr_t)params, option), error);
    double number = option_number(params, option);
    if (is_value(option, number))
        return BERT_OK;
    char value[32];
    if (option->type == BERT_OPTION_CHOICE || option->type == BERT_OPTION_SWITCH)
        snprintf(value, sizeof value, "%g", number); /* it has no name */
    else
        bert_option_get(params, option, value, sizeof value);
    return fail_expected(option, "", value, error);
}

bert_status bert_options_check(const bert_option *options, size_t count, const void *params,
                               bert_error *error)
{
    for (size_t i = 0; i < count; i++)
        TRY(option_check(&options[i], params, error));
    return BERT_OK;
}

bert_status options_check_table(option_table *table, const void *params, bert_error *error)
{
    size_t count;
    const bert_option *options = table(&count);
    return bert_options_check(options, count, params, error);
}
