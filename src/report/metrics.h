/* The logs of a run, in JSON Lines: metrics.jsonl has an object for every logging step and
 * evaluation; timings.jsonl has everything that depends on the clock, so that metrics.jsonl is
 * byte-for-byte reproducible. */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "base/file.h"

#include <jansson.h>

typedef struct metrics_log metrics_log;

/* Opens RUN/`name` for appending. First drops the lines whose "step" is greater than `last_step`
 * and an incomplete last line, so that after a resume the file reads as if the run had never
 * stopped. The truncated file replaces the old one atomically. */
bert_status metrics_open(metrics_log **log, const char *run, const char *name, int64_t last_step,
                         bert_error *error);

/* Appends one line with write(2), unbuffered. Does not take ownership of the object. */
bert_status metrics_write(metrics_log *log, const json_t *line, bert_error *error);

/* Syncs all lines so far to disk. Call it before writing a checkpoint that relies on them. */
bert_status metrics_sync(metrics_log *log, bert_error *error);
void metrics_close(metrics_log *log); /* takes NULL */

#endif
