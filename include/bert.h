/* libbert: BERT pre-trained from raw text, and what is done with the model. C11, callable from C++.
 *
 * From text to a model in four calls, each with its own header: bert_train_tokenizer
 * learns a WordPiece vocabulary, bert_prepare turns text into indexed token files, bert_pretrain
 * trains on them and writes a folder that `transformers` opens, bert_finetune puts a classifier on
 * it. bert_embed, bert_predict and bert_fill_mask use the model. bert_session is bert_pretrain step
 * by step, for a training loop or batches written by the caller.
 *
 *     bert_error error;
 *     bert_model *model;
 *     if (bert_model_load(&model, "path/to/model", &error) != BERT_OK) {
 *         fprintf(stderr, "%s\n", error.message);
 *         return 1;
 *     }
 *     bert_input input = {.text = "It is raining.", .length = 14};
 *     bert_embed_params params = bert_embed_params_default();
 *     float *vector = malloc(bert_model_hidden_size(model) * sizeof *vector);
 *     bert_status status = bert_embed(model, NULL, &input, 1, &params, vector, NULL,
 *                                     &error);
 *     bert_model_free(model);
 *
 * Every job has a params struct: take the one that bert_…_params_default() returns, change members,
 * and call. Defaults are listed in the manual pages; the headers say what a special value means
 * ("0: all cores"). Strings in it stay the caller's and must live during the call.
 *
 * Errors: a function that can fail returns a bert_status and writes one line into `error`, which
 * may be NULL. The library never prints and never exits.
 *
 * Memory: objects (bert_tokenizer, bert_model …) are released with their _free, which takes NULL.
 *
 * Threads: one object may be read from several threads at once where its functions take it const.
 * A call computes with OpenMP, on as many threads as its params say, and leaves the
 * caller's number of OpenMP threads, signal handlers, locale and rounding mode unchanged. Nothing
 * is global but the libraries that are loaded when they are first needed (libcurl, libmicrohttpd,
 * MPI).
 *
 * docs/library.md is the guide, with examples/ to start from; docs/ has the manual of each job. */
#ifndef BERT_H
#define BERT_H

/* Versions, and the rule of the ABI. */
#include "bert/version.h"

/* What all others use: status, error, observer. */
#include "bert/status.h"
#include "bert/types.h"

/* Stable: these change as bert/version.h says. */
#include "bert/choices.h"
#include "bert/corpus.h"
#include "bert/evaluate.h"
#include "bert/finetune.h"
#include "bert/hub.h"
#include "bert/inference.h"
#include "bert/npy.h"
#include "bert/options.h"
#include "bert/prepare.h"
#include "bert/pretrain.h"
#include "bert/table.h"
#include "bert/tokenizer.h"

/* Experimental: these may change in any MINOR version, after 1.0 too. */
#include "bert/inspect.h"
#include "bert/inspect_data.h"
#include "bert/inspect_model.h"
#include "bert/job.h"
#include "bert/plan.h"
#include "bert/serve.h"
#include "bert/session.h"
#include "bert/tune.h"

#endif
