/* A corpus, a tokenizer and a model so small that a run takes a fraction of a second, and yet there
 * is something to learn: a document keeps to one topic of five words, so a masked word is told by
 * the others, and a sentence of another topic does not continue the one before it. */
#ifndef TESTS_TRAIN_TINY_RUN_H
#define TESTS_TRAIN_TINY_RUN_H

#include "testing.h"

#include "base/file.h"
#include "bert.h"

/* The files of a test program: created by tiny_set_up, removed by tiny_tear_down (the group set-up
 * and tear-down of cmocka). */
extern char tiny_directory[256];
extern char tiny_data[300];   /* PREFIX with a validation split */
extern char tiny_config[300]; /* config.json: 1 layer of 32 */
int tiny_set_up(void **state);
int tiny_tear_down(void **state);

/* A path under the directory, in one of a few static buffers. */
const char *tiny_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* 16 steps of 8 samples; logging every 3 steps, evaluation every 5, saving every 4. */
bert_pretrain_params tiny_params(const char *output);

/* A setting changed, as "max_seq_length = 7": refused with a message that has the part in it. */
#define REFUSED(change, part)                                                            \
    do {                                                                                 \
        bert_pretrain_params params = tiny_params("run");                                \
        params.change;                                                                   \
        assert_fails(settings_check(&params, error), BERT_ERROR_INVALID_ARGUMENT, part); \
    } while (0)

bert_pretrain_result tiny_pretrain(const bert_pretrain_params *params);
bert_pretrain_result tiny_resume(const char *run, int64_t stop_after_steps);

/* Both files hold the same bytes. */
void assert_same_file(const char *left, const char *right);

/* metrics.jsonl, and weights, moments and state of the last checkpoint are the same in both. */
void assert_same_runs(const char *left, const char *right, int64_t last_step);

/* Copies a directory with all it holds. */
void copy_directory(const char *from, const char *to);

/* Copies the documents [first, end) of one prepared file into another. */
void copy_documents(const char *from, const char *to, uint64_t first, uint64_t end,
                    bert_layout layout);

/* A number in the last line of RUN/metrics.jsonl that has the key. */
double last_metric(const char *run, const char *key);

#endif
