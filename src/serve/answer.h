/* From a request to its answer: the bodies that Hugging Face's inference API gives. */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

#include "bert.h"
#include "serve/request.h"

/* The task of a request that names none: what the model was made for. */
serve_task serve_default_task(const bert_model *model);
bool serve_can(const bert_model *model, serve_task task);

/* Computes the answer; json_decref it. One text gives one answer, an array of texts an array of
 * them. Errors name the text by its place. */
bert_status serve_answer(const bert_model *model, bert_workspace *workspace, serve_task task,
                         const serve_request *request, json_t **answer, bert_error *error);

/* {"error": message}, whatever bytes it has: a message may be cut inside a character, or name a
 * file. NULL where there is no memory. */
json_t *serve_error_json(const char *message);

#endif
