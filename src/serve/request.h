/* The body of a request to the JSON API, as Hugging Face's inference API has it:
 *
 *     {"inputs": TEXT | {"text": TEXT, "text_pair": TEXT} | [either, …], "parameters": {…},
 *      "options": {…}}
 *
 * Knows nothing of HTTP nor of models. */
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
/* SERVE_TASK_COUNT where no task has that name. */
serve_task serve_task_find(const char *name, size_t length);

typedef struct serve_request {
    json_t *body;       /* what the pointers below point into; owned */
    bert_input *inputs; /* [count]; owned */
    size_t count;
    bool list;             /* "inputs" was an array */
    size_t top_k;          /* 0: not given */
    const json_t *targets; /* fill-mask: array of strings, or NULL */
    bool normalize;        /* feature-extraction */
    bert_pooling pooling;  /* feature-extraction: BERT_POOLING_MEAN where it is not given */
} serve_request;

/* Checks everything; a parameter that the task does not have is refused by name. `options` of the
 * hosted service (wait_for_model, use_cache) mean nothing here and are accepted. Release with
 * serve_request_free, also after a failure. */
bert_status serve_request_parse(serve_request *request, serve_task task, const char *body,
                                size_t length, size_t max_inputs, bert_error *error);
void serve_request_free(serve_request *request); /* safe on a zeroed struct */

#endif
