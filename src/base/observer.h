/* Shorthands to talk to a job's observer, which may be NULL or have no such callback. */
#ifndef BASE_OBSERVER_H
#define BASE_OBSERVER_H

#include "bert/status.h"

/* Between two reports of progress, where nothing else calls for one. */
#define PROGRESS_SECONDS 0.5

void observer_message(const bert_observer *observer, bert_message_level level, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));
void observer_progress(const bert_observer *observer, const bert_progress *progress);
bool observer_should_stop(const bert_observer *observer);

#endif
