/* Output of `bert`: results on stdout, everything else on stderr. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "bert.h"

#include <jansson.h>

enum { EXIT_USAGE = 2 };

/* Catches SIGINT and SIGTERM for the observer below (the second one ends the program at once). */
void console_catch_signals(void);
/* The signal caught so far, 0 for none. */
int console_signal(void);

/* "bert: error: …" in one line. */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The warning about bytes that were not UTF-8, where there were any. */
void console_warn_invalid(uint64_t bytes);

/* What seems wrong with a tokenizer, which `path` names. */
void console_warn_tokenizer(const bert_tokenizer *tokenizer, const char *path);

/* Prints the error of a failed library call and returns the exit code that belongs to it: a job
 * that a signal stopped half-way has failed by that signal. */
int console_failure(const bert_error *error);

/* Progress on stderr: on a terminal one line, rewritten in place; otherwise a plain line every ten
 * seconds of a job that takes so long. Stops when a signal was caught. */
extern const bert_observer console_observer;

/* Seconds of the monotonic clock; base/clock.h is inside the library, out of the program's sight.
 */
double console_seconds(void);

/* Ends a progress line on the terminal. */
void console_progress_end(void);

/* Prints one JSON object and releases it; returns the exit code. */
int console_json(json_t *object);

/* A string for JSON from any bytes: what is not UTF-8 becomes U+FFFD. */
json_t *console_json_text(const char *text, size_t length);

/* JSON has no NaN and infinities: null. */
json_t *console_json_number(double number);

/* "1,234,567" in a buffer of the caller's (at least 32 bytes), returned. */
const char *console_count(char *buffer, uint64_t number);

/* Flushes stdout. `code`, or 1 with an error printed where something could not be written. A reader
 * that has gone (`bert cat … | head`) ends the program the quiet way, by SIGPIPE. */
int console_finish(int code);

/* Whether reading the standard input would give something at once, its end included. */
bool console_input_waiting(void);

/* For commands that print much: false once stdout takes no more. */
bool console_output_alive(void);

#endif
