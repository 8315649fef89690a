/* metrics.jsonl: one JSON object a line for every logging step and evaluation of a run. */
#ifndef REPORT_METRICS_H
#define REPORT_METRICS_H

#include "base/file.h"

#include <jansson.h>

typedef struct metrics_log metrics_log;

/* Opens RUN/metrics.jsonl for appending. On resume, lines of steps after `last_step` are cut off
 * first, so that the file reads as if the run had never stopped. */
bert_status metrics_open(metrics_log **log, const char *run, int64_t last_step, bert_error *error);

/* Appends one line and flushes it. The object is not kept. */
bert_status metrics_write(metrics_log *log, const json_t *line, bert_error *error);
void metrics_close(metrics_log *log);

#endif
