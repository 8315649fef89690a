/* Computes the response to a request, in the format of Hugging Face's inference API. */
#ifndef SERVE_RESPONSE_H
#define SERVE_RESPONSE_H

#include "bert.h"
#include "serve/request.h"

/* The task of a request that does not name one, by the heads of the model. */
serve_task serve_default_task(const bert_model *model);
bool serve_can(const bert_model *model, serve_task task);

/* Computes the response; the caller releases it with json_decref. A single text gives a single
 * result, an array of texts an array of results. Errors name the text by its number. */
bert_status serve_respond(const bert_model *model, bert_workspace *workspace, serve_task task,
                          const serve_request *request, json_t **response, bert_error *error);

/* Creates {"error": message}. Invalid UTF-8 is replaced, because a message may be truncated inside
 * a character or contain a file name. NULL if memory is exhausted. */
json_t *serve_error_json(const char *message);

#endif
