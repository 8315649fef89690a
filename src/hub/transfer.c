#include "hub/transfer.h"

#include "base/clock.h"
#include "base/observer.h"

#include <math.h>

void transfer_advance(transfer *transfer, uint64_t bytes)
{
    double now = clock_seconds();
    if (transfer->begun == 0)
        transfer->begun = now;
    transfer->done += bytes;
    transfer->moved += bytes;
    double rate = (double)transfer->moved / (now - transfer->begun);
    bert_progress progress = {
        .job = transfer->job,
        .unit = "byte",
        .done = transfer->done,
        .total = transfer->total,
        .epoch = NAN,
        .loss = NAN,
        .learning_rate = NAN,
        .tokens_per_second = NAN,
        .seconds_left = NAN,
    };
    if (now - transfer->begun >= 1 && transfer->done <= transfer->total)
        progress.seconds_left = (double)(transfer->total - transfer->done) / rate;
    observer_progress(transfer->observer, &progress);
}

void transfer_rewind(transfer *transfer, uint64_t bytes)
{
    transfer->done -= bytes < transfer->done ? bytes : transfer->done;
}
