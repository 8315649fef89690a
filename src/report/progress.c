#include "bert.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The write position. Like snprintf, `length` counts on past the end of the buffer. */
typedef struct cursor {
    char *line;
    size_t size, length;
} cursor;

static void put(cursor *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(cursor *out, const char *format, ...)
{
    size_t left = out->length < out->size ? out->size - out->length : 0;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(left ? out->line + out->length : NULL, left, format, arguments);
    va_end(arguments);
    if (length > 0)
        out->length += (size_t)length;
}

static void put_grouped(cursor *out, uint64_t value)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < count; i++)
        put(out, i > 0 && (count - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
}

/* 3:05, 2:03:05, 4d 02:03:05 */
static void put_duration(cursor *out, double seconds)
{
    uint64_t all = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : (uint64_t)1e15;
    uint64_t days = all / 86400, hours = all / 3600 % 24;
    if (days)
        put(out, "%" PRIu64 "d %02" PRIu64 ":%02" PRIu64, days, hours, all / 60 % 60);
    else if (hours)
        put(out, "%" PRIu64 ":%02" PRIu64, hours, all / 60 % 60);
    else
        put(out, "%" PRIu64, all / 60);
    put(out, ":%02" PRIu64, all % 60);
}

int bert_progress_format(char *line, size_t size, const bert_progress *progress)
{
    cursor out = {.line = line, .size = size};
    if (size)
        line[0] = '\0';
    put(&out, "%s %" PRIu64, progress->unit ? progress->unit : "", progress->done);
    if (progress->total)
        put(&out, "/%" PRIu64, progress->total);
    if (isfinite(progress->epoch))
        put(&out, "  epoch %.2f", progress->epoch);
    if (isfinite(progress->loss))
        put(&out, "  loss %.4g", progress->loss);
    if (isfinite(progress->learning_rate))
        put(&out, "  lr %.3g", progress->learning_rate);
    if (isfinite(progress->tokens_per_second) && progress->tokens_per_second >= 0) {
        put(&out, "  ");
        put_grouped(&out, (uint64_t)fmin(progress->tokens_per_second + 0.5, 1e15));
        put(&out, " tokens/s");
    }
    if (isfinite(progress->seconds_left) && progress->seconds_left >= 0) {
        put(&out, "  ");
        put_duration(&out, progress->seconds_left);
        put(&out, " left");
    }
    return (int)out.length;
}
