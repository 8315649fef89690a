/* The body of a request to the JSON API, in the format of Hugging Face's inference API:
 *
 *     {"inputs": TEXT | {"text": TEXT, "text_pair": TEXT} | [either, …], "parameters": {…},
 *      "options": {…}}
 *
 * Independent of HTTP and of models. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include "base/error.h"
#include "bert.h"
#include "bert/choices.h"

#include <jansson.h>

typedef enum serve_task {
    SERVE_FILL_MASK,
    SERVE_TEXT_CLASSIFICATION,
    SERVE_FEATURE_EXTRACTION,
    SERVE_TASK_COUNT
} serve_task;

/* "fill-mask", "text-classification", "feature-extraction". */
const char *serve_task_name(serve_task task);
/* Returns SERVE_TASK_COUNT if there is no task of that name. */
serve_task serve_task_find(const char *name, size_t length);

typedef struct serve_request {
    json_t *body;       /* owned; the pointers below point into it */
    bert_input *inputs; /* [count]; owned */
    size_t count;
    bool list;             /* "inputs" was an array */
    size_t top_k;          /* 0: default */
    const json_t *targets; /* fill-mask: array of strings, or NULL */
    bool normalize;        /* feature-extraction */
    bert_pooling pooling;  /* feature-extraction: BERT_POOLING_MEAN by default */
} serve_request;

/* Parses and validates the body; an unknown parameter is an error that names it. The `options` of
 * the hosted service (wait_for_model, use_cache) are accepted and ignored. Call serve_request_free,
 * also after a failure. */
bert_status serve_request_parse(serve_request *request, serve_task task, const char *body,
                                size_t length, size_t max_inputs, bert_error *error);
void serve_request_free(serve_request *request); /* safe on a zeroed struct */

#endif
