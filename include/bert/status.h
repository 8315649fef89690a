/* Status, error and messages: how every function of libbert reports errors and progress.
 *
 * This is the one public header that all modules of the library include, down to base/: all
 * report errors in the same form. */
#ifndef BERT_STATUS_H
#define BERT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BERT_API __attribute__((visibility("default")))

typedef enum bert_status {
    BERT_OK = 0,
    BERT_ERROR_INVALID_ARGUMENT, /* a parameter is out of range, or two contradict each other */
    BERT_ERROR_INPUT,            /* the content of a file is not what it has to be */
    BERT_ERROR_IO,               /* the operating system refused: open, read, write, a full disk */
    BERT_ERROR_MEMORY,           /* an allocation failed */
    BERT_ERROR_NOT_FINITE,       /* a NaN or an infinity where a finite number belongs */
    BERT_ERROR_UNSUPPORTED,      /* valid, but not supported by this library */
} bert_status;

/* What went wrong, in one line that names the file, the position, what was found, what was
 * expected, and a hint. A parameter is named as C does: "params->max_steps is -5, expected …". The
 * caller owns the struct; it needs no initialisation and holds no resources. Every function that
 * takes one accepts NULL from callers who only want the status. */
typedef struct bert_error {
    bert_status status;
    char message[1024];
} bert_error;

typedef enum bert_message_level { BERT_MESSAGE_INFO, BERT_MESSAGE_WARNING } bert_message_level;

/* One moment of a long job. Numbers that a job does not have are NaN (doubles) or 0 (counts). */
typedef struct bert_progress {
    const char *job;          /* "pretrain", "prepare", "train-tokenizer" … */
    const char *unit;         /* what done and total count: "step", "byte", "document" … */
    uint64_t done, total;     /* total is 0 where the end is not known */
    double epoch;             /* passes over the data, fractional */
    double loss;              /* mean of the last steps, or of all that was evaluated so far */
    double learning_rate;     /* of the last step */
    double tokens_per_second; /* real tokens: there is no padding */
    double seconds_left;
} bert_progress;

/* "step 120/1000  epoch 0.36  loss 6.21  lr 9.6e-05  8,412 tokens/s  3:05 left", without a line end
 * and without what is not known. Returns what snprintf would. */
BERT_API int bert_progress_format(char *line, size_t size, const bert_progress *progress);

/* How a long job talks to its caller. Any member may be NULL. Calls come from the thread that
 * called the library, never two at once; text is valid during the call only, and has no line end.
 */
typedef struct bert_observer {
    void *context;
    void (*message)(void *context, bert_message_level level, const char *text);
    void (*progress)(void *context, const bert_progress *progress);
    /* Called between steps; true makes the job finish the step, save, and return BERT_OK. */
    bool (*should_stop)(void *context);
} bert_observer;

#ifdef __cplusplus
}
#endif
#endif
