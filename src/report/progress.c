#include "bert.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where the next piece goes: counts on past the end of the line, as snprintf does. */
typedef struct cursor {
    char *line;
    size_t size, length;
} cursor;

static void put(cursor *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(cursor *at, const char *format, ...)
{
    size_t left = at->length < at->size ? at->size - at->length : 0;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(left ? at->line + at->length : NULL, left, format, arguments);
    va_end(arguments);
    if (length > 0)
        at->length += (size_t)length;
}

static void put_grouped(cursor *at, uint64_t value)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < count; i++)
        put(at, i > 0 && (count - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
}

/* 3:05, 2:03:05, 4d 02:03:05 */
static void put_duration(cursor *at, double seconds)
{
    uint64_t all = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : (uint64_t)1e15;
    uint64_t days = all / 86400, hours = all / 3600 % 24;
    if (days)
        put(at, "%" PRIu64 "d %02" PRIu64 ":%02" PRIu64, days, hours, all / 60 % 60);
    else if (hours)
        put(at, "%" PRIu64 ":%02" PRIu64, hours, all / 60 % 60);
    else
        put(at, "%" PRIu64, all / 60);
    put(at, ":%02" PRIu64, all % 60);
}

int bert_progress_format(char *line, size_t size, const bert_progress *progress)
{
    cursor at = {.line = line, .size = size};
    if (size)
        line[0] = '\0';
    put(&at, "%s %" PRIu64, progress->unit ? progress->unit : "", progress->done);
    if (progress->total)
        put(&at, "/%" PRIu64, progress->total);
    if (isfinite(progress->epoch))
        put(&at, "  epoch %.2f", progress->epoch);
    if (isfinite(progress->loss))
        put(&at, "  loss %.4g", progress->loss);
    if (isfinite(progress->learning_rate))
        put(&at, "  lr %.3g", progress->learning_rate);
    if (isfinite(progress->tokens_per_second) && progress->tokens_per_second >= 0) {
        put(&at, "  ");
        put_grouped(&at, (uint64_t)fmin(progress->tokens_per_second + 0.5, 1e15));
        put(&at, " tokens/s");
    }
    if (isfinite(progress->seconds_left) && progress->seconds_left >= 0) {
        put(&at, "  ");
        put_duration(&at, progress->seconds_left);
        put(&at, " left");
    }
    return (int)at.length;
}
