/* A small local web server for a model. Part of bert.h. */
#ifndef BERT_SERVE_H
#define BERT_SERVE_H

#include "bert/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_serve_params {
    const char *model;        /* model folder, or a run: its last checkpoint */
    const char *host;         /* "127.0.0.1": address to listen on. Only on a loopback address are
                                 requests that name another host refused */
    int port;                 /* 8080; 0: one that is free */
    size_t max_request_bytes; /* 1 MiB in a request's body */
    int max_inputs;           /* 64 texts in a request */
    int max_connections;      /* 64 */
    int max_waiting;          /* 16 requests that wait for the model; more are told to come back */
    int timeout;              /* 30: for a request to arrive, and for it to wait for the model */
    int threads;              /* 0: all cores */
} bert_serve_params;
BERT_API bert_serve_params bert_serve_params_default(void);

/* Serves until the observer asks to stop; then what is being computed is finished. The observer is
 * told the address. The page and the JSON API are described in docs/serve.md. Fails where the model
 * cannot be loaded (as bert_model_load) or the address cannot be listened on. */
BERT_API bert_status bert_serve(const bert_serve_params *params, const bert_observer *observer,
                                bert_error *error);

#ifdef __cplusplus
}
#endif

#endif
