#include "base/observer.h"

#include <stdarg.h>
#include <stdio.h>

void observer_message(const bert_observer *observer, bert_message_level level, const char *format,
                      ...)
{
    if (!observer || !observer->message)
        return;
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    observer->message(observer->context, level, text);
}

void observer_progress(const bert_observer *observer, const bert_progress *progress)
{
    if (observer && observer->progress)
        observer->progress(observer->context, progress);
}

bool observer_should_stop(const bert_observer *observer)
{
    return observer && observer->should_stop && observer->should_stop(observer->context);
}
