/* Calls a job's observer; the observer and each of its callbacks may be NULL. */
#ifndef BASE_OBSERVER_H
#define BASE_OBSERVER_H

#include "bert/status.h"

/* Default interval between two progress reports. */
#define PROGRESS_SECONDS 0.5

void observer_message(const bert_observer *observer, bert_message_level level, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));
void observer_progress(const bert_observer *observer, const bert_progress *progress);
bool observer_should_stop(const bert_observer *observer);

#endif
