/* How far a download or upload is, told to the observer. */
#ifndef HUB_TRANSFER_H
#define HUB_TRANSFER_H

#include "bert/status.h"

typedef struct transfer {
    const bert_observer *observer;
    const char *job;      /* "download", "upload" */
    uint64_t done, total; /* bytes; `done` includes what was here before */
    uint64_t moved;       /* bytes that went over the network */
    double begun;         /* clock_seconds(); 0: not yet */
} transfer;

/* `bytes` more came or went. */
void transfer_advance(transfer *transfer, uint64_t bytes);

/* Bytes that were counted as done are to be moved again. */
void transfer_go_back(transfer *transfer, uint64_t bytes);

#endif
