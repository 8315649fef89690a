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
    const char *host;         /* address to listen on; on a loopback address, requests whose Host
                                 header names another host are rejected */
    int port;                 /* 0: any free port */
    size_t max_request_bytes; /* in a request's body */
    int max_inputs;           /* texts in a request */
    int max_connections;
    int max_waiting; /* requests that wait for the model; more get 503 */
    int timeout;     /* seconds for a request to arrive, and for it to wait for the model */
    int threads;     /* 0: all cores */
} bert_serve_params;
BERT_API bert_serve_params bert_serve_params_default(void);

/* Serves until the observer asks to stop; requests in progress are answered. A message to the
 * observer gives the address. The page and the JSON API are described in docs/serve.md. Fails where
 * the model cannot be loaded (as bert_model_load) or the address cannot be listened on. */
BERT_API bert_status bert_serve(const bert_serve_params *params, const bert_observer *observer,
                                bert_error *error);

#ifdef __cplusplus
}
#endif

#endif
