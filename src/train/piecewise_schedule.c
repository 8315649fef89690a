#include "train/piecewise_schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

bert_status piecewise_schedule_parse(piecewise_schedule *list, const char *text,
                                     const piecewise_schedule_format *form, bert_error *error)
{
    double sum = 0;
    *list = (piecewise_schedule){0};
    for (const char *cursor = text;;) {
        char *end;
        long long number = strtoll(cursor, &end, 10);
        bool fits =
            end > cursor && *end == ':' && number >= form->minimum && number <= form->maximum;
        cursor = fits ? end + 1 : cursor;
        double share = strtod(cursor, &end);
        if (!fits || end == cursor || !(share > 0 && share <= 1) || (*end && *end != ','))
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%s is \"%s\", expected %s from %" PRId64 " to %" PRId64
                             " with their shares of the steps, as %s",
                             form->option, text, form->numbers, form->minimum, form->maximum,
                             form->example);
        if (list->count == PIECEWISE_SCHEDULE_MAX)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s has more than %d %s",
                             form->option, PIECEWISE_SCHEDULE_MAX, form->numbers);
        list->numbers[list->count] = number;
        list->shares[list->count++] = share;
        sum += share;
        if (!*end)
            break;
        cursor = end + 1;
    }
    if (fabs(sum - 1) > 1e-6)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s \"%s\": the shares add up to %g, expected 1", form->option, text, sum);
    return BERT_OK;
}
