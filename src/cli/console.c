#include "console.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught_signal;
static bool progress_on_screen;

/* ------------------------------------------------------------------------------- signals --- */

static void handle_signal(int number)
{
    if (caught_signal) { /* somebody means it */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    caught_signal = number;
}

void console_catch_signals(void)
{
    struct sigaction action = {.sa_handler = handle_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    const int signals[] = {SIGINT, SIGTERM, SIGUSR1}; /* the last one is what mpirun passes on */
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before;
        /* nohup and `&` in a script without job control ignore SIGINT on purpose: leave that. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

int console_signal(void)
{
    return caught_signal;
}

/* ------------------------------------------------------------------------------ messages --- */

/* Writes a member's name as that of its option: with dashes, but for those that have another one.
 */
static char *append_option(char *out, const char *member, size_t length)
{
    static const char *const others[][2] = {{"private_repository", "private"}, {"run", "resume"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strlen(others[i][0]) == length && strncmp(member, others[i][0], length) == 0)
            return stpcpy(out, others[i][1]);
    for (size_t i = 0; i < length; i++)
        *out++ = member[i] == '_' ? '-' : member[i];
    return out;
}

/* The library names parameters as C does: params->max_steps, params->resume = true. Here they are
 * options: --max-steps, --resume. In place, as the latter are shorter. */
static void name_options(char *text)
{
    static const char *const prefixes[] = {"params->", "options->"};
    static const char off[] = " = false", on[] = " = true", value[] = " = ";
    static const char lowercase[] = "lowercase"; /* its option is the opposite */
    char *out = text;
    for (const char *in = text; *in;) {
        const char *prefix = NULL;
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
            if (strncmp(in, prefixes[i], strlen(prefixes[i])) == 0)
                prefix = prefixes[i];
        if (!prefix) {
            *out++ = *in++;
            continue;
        }
        const char *member = in + strlen(prefix);
        size_t length = strspn(member, "abcdefghijklmnopqrstuvwxyz0123456789_");
        in = member + length;
        bool is_off = strncmp(in, off, strlen(off)) == 0, is_on = strncmp(in, on, strlen(on)) == 0;
        bool opposite = length == strlen(lowercase) && strncmp(member, lowercase, length) == 0;
        out = stpcpy(out, (opposite ? is_on : is_off) ? "--no-" : "--");
        out = opposite ? stpcpy(out, "cased") : append_option(out, member, length);
        if (is_off) {
            in += strlen(off);
        } else if (is_on) {
            in += strlen(on);
        } else if (strncmp(in, value, strlen(value)) == 0) {
            in += strlen(value);
            *out++ = ' ';
        }
    }
    *out = '\0';
}

static void say(const char *prefix, const char *format, va_list arguments)
{
    console_progress_end();
    char text[4096];
    vsnprintf(text, sizeof text, format, arguments);
    name_options(text);
    fprintf(stderr, "%s%s\n", prefix, text);
}

#define SAY(prefix)                         \
    do {                                    \
        va_list say_arguments;              \
        va_start(say_arguments, format);    \
        say(prefix, format, say_arguments); \
        va_end(say_arguments);              \
    } while (0)

void console_error(const char *format, ...)
{
    SAY("bert: error: ");
}

void console_warning(const char *format, ...)
{
    SAY("bert: warning: ");
}

void console_note(const char *format, ...)
{
    SAY("bert: ");
}

void console_warn_invalid(uint64_t bytes)
{
    char count[32];
    if (bytes > 0)
        console_warning("%s byte%s not UTF-8 and read as U+FFFD", console_count(count, bytes),
                        bytes == 1 ? " is" : "s are");
}

void console_warn_tokenizer(const bert_tokenizer *tokenizer, const char *path)
{
    char message[512];
    for (size_t i = 0; bert_tokenizer_warning(tokenizer, i, message, sizeof message); i++)
        console_warning("%s: %s", path, message);
}

int console_failure(const bert_error *error)
{
    console_error("%s", error->message);
    if (caught_signal)
        return 128 + caught_signal;
    return error->status == BERT_ERROR_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE;
}

/* ------------------------------------------------------------------------------ progress --- */

/* Columns that a text takes on the terminal, counting characters: the progress line has no wide
 * ones. Cuts it (in place) to `limit`. */
static void cut_to_columns(char *text, int limit)
{
    int columns = 0;
    for (char *at = text; *at; at++) {
        if ((*at & 0xC0) == 0x80)
            continue;
        if (columns == limit) {
            *at = '\0';
            return;
        }
        columns++;
    }
}

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return 80;
}

double console_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show_progress(void *context, const bert_progress *progress)
{
    (void)context;
    static double last_shown = -1;
    static bool any_shown;
    bool terminal = isatty(STDERR_FILENO);
    bool last = progress->total > 0 && progress->done >= progress->total;
    double now = console_seconds();
    if (last_shown < 0)
        last_shown = terminal ? -1 : now; /* a short job has no need of plain lines */
    if (now - last_shown < (terminal ? 0.1 : 10.0) && !(last && (terminal || any_shown)))
        return;
    last_shown = now;
    any_shown = true;

    char line[512];
    bert_progress_format(line, sizeof line, progress);
    if (terminal) {
        cut_to_columns(line, terminal_columns() - 1); /* a full line would wrap */
        fprintf(stderr, "\r%s\033[K", line);
        progress_on_screen = true;
    } else {
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
}

void console_progress_end(void)
{
    if (progress_on_screen)
        fputc('\n', stderr);
    progress_on_screen = false;
}

static void show_message(void *context, bert_message_level level, const char *text)
{
    (void)context;
    if (level == BERT_MESSAGE_WARNING)
        console_warning("%s", text);
    else
        console_note("%s", text);
}

static bool should_stop(void *context)
{
    (void)context;
    return caught_signal != 0;
}

const bert_observer console_observer = {
    .message = show_message,
    .progress = show_progress,
    .should_stop = should_stop,
};

/* -------------------------------------------------------------------------------- output --- */

int console_json(json_t *object)
{
    if (!object) {
        console_error("out of memory while building the JSON result");
        return EXIT_FAILURE;
    }
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    putchar('\n');
    json_decref(object);
    return EXIT_SUCCESS;
}

/* Length of the well-formed UTF-8 sequence at `text` (Unicode, table 3-7), 0 where there is none.
 */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    unsigned char first = text[0];
    size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size == 0 || first > 0xF4 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F) ||
        (first == 0xF0 && text[1] < 0x90) || (first == 0xF4 && text[1] > 0x8F))
        return 0;
    return size;
}

json_t *console_json_text(const char *text, size_t length)
{
    json_t *value = json_stringn(text, length);
    if (value)
        return value;
    char *mended = malloc(3 * length + 1);
    if (!mended)
        return NULL;
    size_t at = 0;
    for (size_t i = 0; i < length;) {
        size_t size = utf8_sequence((const unsigned char *)text + i, length - i);
        if (size > 0) {
            memcpy(mended + at, text + i, size);
            at += size;
            i += size;
        } else {
            memcpy(mended + at, "\xEF\xBF\xBD", 3);
            at += 3;
            i++;
        }
    }
    value = json_stringn(mended, at);
    free(mended);
    return value;
}

json_t *console_json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

const char *console_count(char *buffer, uint64_t number)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *out = buffer;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return buffer;
}

bool console_output_alive(void)
{
    return !ferror(stdout);
}

int console_finish(int code)
{
    console_progress_end();
    if (!ferror(stdout) && fflush(stdout) == 0)
        return code;
    /* The reason is that of the write that failed, perhaps long ago: it fails once more. */
    clearerr(stdout);
    errno = 0;
    int reason = putchar('\n') == EOF || fflush(stdout) != 0 ? errno : EIO;
    if (reason == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    console_error("cannot write to the standard output: %s", strerror(reason));
    return code ? code : EXIT_FAILURE;
}

bool console_input_waiting(void)
{
    struct pollfd standard_input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&standard_input, 1, 0) > 0;
}
