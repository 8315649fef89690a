#include "serve/response.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/utf8.h>

enum {
    DEFAULT_TOP_K = 5,
    /* Limits over all [MASK]s of a request: predictions computed (with targets, the whole
       vocabulary per mask), and predictions in the response. */
    COMPUTED_LIMIT = 1 << 22,
    RETURNED_LIMIT = 1 << 16,
};

static bert_status out_of_memory(bert_error *error)
{
    return error_set(error, BERT_ERROR_MEMORY, "out of memory for the response");
}

/* ------------------------------------------------------------------------------- fill-mask --- */

/* The state shared by the predictions for one text. */
typedef struct masked_text {
    const bert_tokenizer *tokenizer;
    bert_encoding encoding;
    size_t *positions; /* [mask_count] indices of [MASK] in the encoding */
    size_t mask_count;
    bert_text text, token; /* reused */
} masked_text;

static void masked_text_free(masked_text *masked)
{
    bert_encoding_free(&masked->encoding);
    bert_text_free(&masked->text);
    bert_text_free(&masked->token);
    free(masked->positions);
}

static bert_status find_masks(masked_text *masked, const bert_input *input, bert_error *error)
{
    bert_encoding *encoding = &masked->encoding;
    TRY(bert_tokenizer_encode(masked->tokenizer, input->text, input->length, true, 0, encoding,
                              error));
    TRY(memory_array((void **)&masked->positions, encoding->count, sizeof *masked->positions,
                     "positions of [MASK]", error));
    int32_t mask = bert_tokenizer_special_ids(masked->tokenizer).mask;
    for (size_t i = 0; i < encoding->count; i++)
        if (encoding->ids[i] == mask)
            masked->positions[masked->mask_count++] = i;
    return BERT_OK;
}

/* Appends a prediction with the text in which it replaces its mask. If there are several masks, the
 * text keeps the others, and [CLS] and [SEP], like the transformers pipeline. */
static bert_status describe_prediction(masked_text *masked, size_t mask,
                                       const bert_prediction *prediction, json_t *list,
                                       bert_error *error)
{
    int32_t *masked_token = &masked->encoding.ids[masked->positions[mask]];
    int32_t masked_id = *masked_token;
    *masked_token = prediction->id;
    bert_status status =
        bert_tokenizer_decode(masked->tokenizer, masked->encoding.ids, masked->encoding.count,
                              masked->mask_count == 1, true, &masked->text, error);
    *masked_token = masked_id;
    TRY(status);
    TRY(bert_tokenizer_decode(masked->tokenizer, &prediction->id, 1, false, true, &masked->token,
                              error));
    json_t *object =
        json_pack("{s:f, s:i, s:s%, s:s%}", "score", prediction->probability, "token",
                  (int)prediction->id, "token_str", masked->token.data, masked->token.length,
                  "sequence", masked->text.data, masked->text.length);
    return json_array_append_new(list, object) == 0 ? BERT_OK : out_of_memory(error);
}

/* The id of a target: its token, or its first subword. */
static bert_status find_target(const bert_tokenizer *tokenizer, const json_t *target, int32_t *id,
                               bert_error *error)
{
    *id = bert_tokenizer_id(tokenizer, json_string_value(target));
    if (*id >= 0 && strlen(json_string_value(target)) == json_string_length(target))
        return BERT_OK;
    bert_encoding subwords = {0};
    bert_status status =
        bert_tokenizer_encode(tokenizer, json_string_value(target), json_string_length(target),
                              false, 1, &subwords, error);
    if (status == BERT_OK && subwords.count == 0)
        status = error_set(error, BERT_ERROR_INPUT, "target \"%.60s\" has no token",
                           json_string_value(target));
    if (status == BERT_OK)
        *id = subwords.ids[0];
    bert_encoding_free(&subwords);
    return status;
}

/* Sets wanted[vocab_size], true for the targets; NULL without targets. */
static bert_status mark_targets(const bert_model *model, const json_t *targets, bool **wanted,
                                bert_error *error)
{
    const bert_tokenizer *tokenizer = bert_model_tokenizer(model);
    *wanted = NULL;
    if (!targets)
        return BERT_OK;
    TRY(memory_array((void **)wanted, bert_tokenizer_vocab_size(tokenizer), sizeof **wanted,
                     "targets", error));
    for (size_t i = 0; i < json_array_size(targets); i++) {
        int32_t id;
        TRY(find_target(tokenizer, json_array_get(targets, i), &id, error));
        (*wanted)[id] = true;
    }
    return BERT_OK;
}

/* The query for the masks of a text. */
typedef struct mask_query {
    size_t computed; /* predictions computed for each mask, best first */
    size_t returned; /* maximum number of predictions in the response */
    const bool *wanted;
    size_t vocab_size; /* entries in `wanted` */
} mask_query;

static bert_status describe_mask(masked_text *masked, size_t mask, const mask_query *query,
                                 const bert_prediction *predictions, json_t *list,
                                 bert_error *error)
{
    for (size_t k = 0; k < query->computed && json_array_size(list) < query->returned; k++) {
        const bert_prediction *prediction = &predictions[k];
        if (query->wanted &&
            ((size_t)prediction->id >= query->vocab_size || !query->wanted[prediction->id]))
            continue;
        TRY(describe_prediction(masked, mask, prediction, list, error));
    }
    return BERT_OK;
}

/* One mask gives a list of predictions, several masks give a list of such lists. */
static bert_status describe_text(masked_text *masked, const mask_query *query,
                                 const bert_filled *filled, json_t *out, bert_error *error)
{
    bert_status status = BERT_OK;
    for (size_t mask = 0; status == BERT_OK && mask < filled->mask_count; mask++) {
        json_t *list = filled->mask_count == 1 ? json_incref(out) : json_array();
        status = describe_mask(masked, mask, query, filled->predictions + mask * query->computed,
                               list, error);
        if (filled->mask_count > 1 && json_array_append(out, list) != 0 && status == BERT_OK)
            status = out_of_memory(error);
        json_decref(list);
    }
    return status;
}

static bert_status fill_masks(const bert_model *model, bert_workspace *workspace,
                              const serve_request *request, masked_text *masked,
                              const mask_query *query, bert_filled *filled, json_t *results,
                              bert_error *error)
{
    bert_inference_stats usage = {0};
    bert_status status = bert_fill_masks(model, workspace, request->inputs, request->count,
                                         query->computed, filled, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++) {
        json_t *result = json_array();
        status = describe_text(&masked[i], query, &filled[i], result, error);
        if (json_array_append_new(results, result) != 0 && status == BERT_OK)
            status = out_of_memory(error);
    }
    for (size_t i = 0; i < usage.texts; i++)
        bert_filled_free(&filled[i]);
    return status;
}

/* Limits the work: a small body may request masks × vocabulary predictions. */
static bert_status check_amount(const mask_query *query, size_t masks, size_t targets,
                                bert_error *error)
{
    size_t returned = query->returned;
    if (query->wanted && targets < returned)
        returned = targets;
    size_t max_masks = COMPUTED_LIMIT / query->computed;
    if (RETURNED_LIMIT / returned < max_masks)
        max_masks = RETURNED_LIMIT / returned;
    if (masks <= max_masks)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "the texts have %zu [MASK]s; with this top_k%s the limit is %zu", masks,
                     query->wanted ? " and targets" : "", max_masks);
}

static bert_status find_all_masks(const bert_model *model, const serve_request *request,
                                  masked_text *masked, size_t *masks, bert_error *error)
{
    *masks = 0;
    for (size_t i = 0; i < request->count; i++) {
        masked[i].tokenizer = bert_model_tokenizer(model);
        TRY(find_masks(&masked[i], &request->inputs[i], error));
        *masks += masked[i].mask_count;
    }
    return BERT_OK;
}

static bert_status respond_fill_mask(const bert_model *model, bert_workspace *workspace,
                                     const serve_request *request, json_t *results,
                                     bert_error *error)
{
    size_t vocab_size = bert_tokenizer_vocab_size(bert_model_tokenizer(model)), masks;
    size_t returned = request->top_k ? request->top_k : DEFAULT_TOP_K;
    if (returned > vocab_size)
        return error_set(error, BERT_ERROR_INPUT, "top_k is %zu; the vocabulary has %zu tokens",
                         returned, vocab_size);
    bool *wanted = NULL;
    bert_filled *filled = NULL;
    masked_text *masked = NULL;
    bert_status status;
    TRY_OR_GO(status, mark_targets(model, request->targets, &wanted, error), done);
    TRY_OR_GO(status,
              memory_array((void **)&filled, request->count, sizeof *filled, "predictions", error),
              done);
    TRY_OR_GO(status,
              memory_array((void **)&masked, request->count, sizeof *masked, "masked texts", error),
              done);
    TRY_OR_GO(status, find_all_masks(model, request, masked, &masks, error), done);
    const mask_query query = {.computed = wanted ? vocab_size : returned,
                              .returned = returned,
                              .wanted = wanted,
                              .vocab_size = vocab_size};
    TRY_OR_GO(status, check_amount(&query, masks, json_array_size(request->targets), error), done);
    status = fill_masks(model, workspace, request, masked, &query, filled, results, error);
done:
    for (size_t i = 0; masked && i < request->count; i++)
        masked_text_free(&masked[i]);
    free(masked);
    free(filled);
    free(wanted);
    return status;
}

/* --------------------------------------------------------------------- text-classification --- */

/* The labels of a text, best first; ties in label order. */
static json_t *labels_json(const bert_model *model, const float *scores, size_t count,
                           size_t returned)
{
    json_t *list = json_array();
    bool *done = calloc(count, sizeof *done);
    for (size_t k = 0; done && k < returned; k++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!done[i] && (best == count || scores[i] > scores[best]))
                best = i;
        done[best] = true;
        json_array_append_new(list, json_pack("{s:s, s:f}", "label", bert_model_label(model, best),
                                              "score", (double)scores[best]));
    }
    free(done);
    return json_array_size(list) == returned ? list : NULL;
}

static bert_status respond_text_classification(const bert_model *model, bert_workspace *workspace,
                                               const serve_request *request, json_t *results,
                                               bert_error *error)
{
    size_t labels = bert_model_label_count(model);
    size_t returned = request->top_k && request->top_k < labels ? request->top_k : labels;
    bert_predict_params params = bert_predict_params_default();
    float *scores;
    TRY(memory_array((void **)&scores, request->count * labels, sizeof *scores, "scores", error));
    bert_inference_stats usage = {0};
    bert_status status = bert_predict(model, workspace, request->inputs, request->count, &params,
                                      scores, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++)
        if (json_array_append_new(results,
                                  labels_json(model, scores + i * labels, labels, returned)))
            status = out_of_memory(error);
    free(scores);
    return status;
}

/* ---------------------------------------------------------------------- feature-extraction --- */

static json_t *vector_json(const float *values, size_t count)
{
    json_t *vector = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(vector, json_real(values[i]));
    return json_array_size(vector) == count ? vector : NULL;
}

static bert_status respond_feature_extraction(const bert_model *model, bert_workspace *workspace,
                                              const serve_request *request, json_t *results,
                                              bert_error *error)
{
    size_t size = bert_model_hidden_size(model);
    bert_embed_params params = bert_embed_params_default();
    params.normalize = request->normalize;
    params.pooling = request->pooling;
    float *embeddings;
    TRY(memory_array((void **)&embeddings, request->count * size, sizeof *embeddings, "embeddings",
                     error));
    bert_inference_stats usage = {0};
    bert_status status = bert_embed(model, workspace, request->inputs, request->count, &params,
                                    embeddings, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++)
        if (json_array_append_new(results, vector_json(embeddings + i * size, size)) != 0)
            status = out_of_memory(error);
    free(embeddings);
    return status;
}

bool serve_can(const bert_model *model, serve_task task)
{
    switch (task) {
    case SERVE_FILL_MASK:
        return bert_model_fills_masks(model);
    case SERVE_TEXT_CLASSIFICATION:
        return bert_model_label_count(model) > 0;
    case SERVE_FEATURE_EXTRACTION:
        return true;
    default:
        return false;
    }
}

serve_task serve_default_task(const bert_model *model)
{
    return serve_can(model, SERVE_FILL_MASK)             ? SERVE_FILL_MASK
           : serve_can(model, SERVE_TEXT_CLASSIFICATION) ? SERVE_TEXT_CLASSIFICATION
                                                         : SERVE_FEATURE_EXTRACTION;
}

bert_status serve_respond(const bert_model *model, bert_workspace *workspace, serve_task task,
                          const serve_request *request, json_t **result, bert_error *error)
{
    static bert_status (*const responders[])(const bert_model *, bert_workspace *,
                                             const serve_request *, json_t *, bert_error *) = {
        [SERVE_FILL_MASK] = respond_fill_mask,
        [SERVE_TEXT_CLASSIFICATION] = respond_text_classification,
        [SERVE_FEATURE_EXTRACTION] = respond_feature_extraction,
    };
    *result = NULL;
    json_t *results = json_array();
    bert_status status = results ? responders[task](model, workspace, request, results, error)
                                 : out_of_memory(error);
    /* Labels are a list of lists for a single text too, like the hosted service's. */
    bool list = request->list || task == SERVE_TEXT_CLASSIFICATION;
    if (status == BERT_OK)
        *result = json_incref(list ? results : json_array_get(results, 0));
    json_decref(results);
    return status;
}

json_t *serve_error_json(const char *message)
{
    text valid_utf8 = {0};
    int32_t length = (int32_t)strlen(message), next;
    bert_status status = BERT_OK;
    for (int32_t i = 0; i < length && status == BERT_OK; i = next) {
        UChar32 character;
        next = i;
        U8_NEXT(message, next, length, character);
        status = character < 0 ? text_append(&valid_utf8, "?", 1, NULL)
                               : text_append(&valid_utf8, message + i, (size_t)(next - i), NULL);
    }
    json_t *object = status == BERT_OK
                         ? json_pack("{s:s}", "error", valid_utf8.data ? valid_utf8.data : "")
                         : NULL;
    text_free(&valid_utf8);
    return object;
}
