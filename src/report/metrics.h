/* Logs of a run in JSON lines: metrics.jsonl, one object for every logging step and evaluation, and
 * timings.jsonl, where all that depends on the clock goes, so that metrics.jsonl is the same bytes
 * in every repetition of a run. */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "base/file.h"

#include <jansson.h>

typedef struct metrics_log metrics_log;

/* Opens RUN/`name` for appending. On resume, lines whose "step" is after `last_step`, and a last
 * line that was torn by a crash, are cut off first, so that the file reads as if the run had never
 * stopped; the cut file replaces the old one whole. */
bert_status metrics_open(metrics_log **log, const char *run, const char *name, int64_t last_step,
                         bert_error *error);

/* Appends one line and hands it to the system. The object is not kept. */
bert_status metrics_write(metrics_log *log, const json_t *line, bert_error *error);

/* Makes all lines so far survive a power cut: called before a checkpoint that stands on them. */
bert_status metrics_sync(metrics_log *log, bert_error *error);
void metrics_close(metrics_log *log); /* takes NULL */

#endif
