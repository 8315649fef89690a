/* Progress of a download or upload, reported to the observer. */
#ifndef HUB_TRANSFER_H
#define HUB_TRANSFER_H

#include "bert/status.h"

typedef struct transfer {
    const bert_observer *observer;
    const char *job;      /* "download", "upload" */
    uint64_t done, total; /* bytes; `done` includes bytes that were there before */
    uint64_t moved;       /* bytes transferred over the network */
    double begun;         /* clock_seconds(); 0: not yet */
} transfer;

/* Counts `bytes` more as transferred. */
void transfer_advance(transfer *transfer, uint64_t bytes);

/* Uncounts bytes that must be transferred again. */
void transfer_rewind(transfer *transfer, uint64_t bytes);

#endif
