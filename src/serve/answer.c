#include "serve/answer.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/utf8.h>

enum {
    DEFAULT_TOP_K = 5,
    /* Over all [MASK]s of a request: predictions that are computed (targets are looked for among
     * the whole vocabulary), and those that stand in the answer. */
    COMPUTED_LIMIT = 1 << 22,
    SHOWN_LIMIT = 1 << 16,
};

static bert_status out_of_memory(bert_error *error)
{
    return error_set(error, BERT_ERROR_MEMORY, "out of memory for the answer");
}

/* ------------------------------------------------------------------------------- fill-mask --- */

/* What the answers of one text share. */
typedef struct masked_text {
    const bert_tokenizer *tokenizer;
    bert_encoding encoding;
    size_t *places; /* [mask_count] of [MASK] in the encoding */
    size_t mask_count;
    bert_text text, token; /* reused */
} masked_text;

static void masked_text_free(masked_text *masked)
{
    bert_encoding_free(&masked->encoding);
    bert_text_free(&masked->text);
    bert_text_free(&masked->token);
    free(masked->places);
}

static bert_status find_masks(masked_text *masked, const bert_input *input, bert_error *error)
{
    bert_encoding *encoding = &masked->encoding;
    TRY(bert_tokenizer_encode(masked->tokenizer, input->text, input->length, true, 0, encoding,
                              error));
    TRY(memory_array((void **)&masked->places, encoding->count, sizeof *masked->places,
                     "places of [MASK]", error));
    int32_t mask = bert_tokenizer_id(masked->tokenizer, "[MASK]");
    for (size_t i = 0; i < encoding->count; i++)
        if (encoding->ids[i] == mask)
            masked->places[masked->mask_count++] = i;
    return BERT_OK;
}

/* The text with the prediction in the place of its mask. Of several masks the others still stand
 * in it, and with them [CLS] and [SEP], as in the original. */
static bert_status describe_prediction(masked_text *masked, size_t mask,
                                       const bert_prediction *prediction, json_t *list,
                                       bert_error *error)
{
    int32_t *place = &masked->encoding.ids[masked->places[mask]];
    int32_t masked_id = *place;
    *place = prediction->id;
    bert_status status =
        bert_tokenizer_decode(masked->tokenizer, masked->encoding.ids, masked->encoding.count,
                              masked->mask_count == 1, true, &masked->text, error);
    *place = masked_id;
    TRY(status);
    TRY(bert_tokenizer_decode(masked->tokenizer, &prediction->id, 1, false, true, &masked->token,
                              error));
    json_t *object =
        json_pack("{s:f, s:i, s:s%, s:s%}", "score", prediction->probability, "token",
                  (int)prediction->id, "token_str", masked->token.data, masked->token.length,
                  "sequence", masked->text.data, masked->text.length);
    return json_array_append_new(list, object) == 0 ? BERT_OK : out_of_memory(error);
}

/* The id that a target means: its token, or its first piece. */
static bert_status find_target(const bert_tokenizer *tokenizer, const json_t *target, int32_t *id,
                               bert_error *error)
{
    *id = bert_tokenizer_id(tokenizer, json_string_value(target));
    if (*id >= 0 && strlen(json_string_value(target)) == json_string_length(target))
        return BERT_OK;
    bert_encoding pieces = {0};
    bert_status status = bert_tokenizer_encode(
        tokenizer, json_string_value(target), json_string_length(target), false, 1, &pieces, error);
    if (status == BERT_OK && pieces.count == 0)
        status = error_set(error, BERT_ERROR_INPUT, "target \"%.60s\" has no token",
                           json_string_value(target));
    if (status == BERT_OK)
        *id = pieces.ids[0];
    bert_encoding_free(&pieces);
    return status;
}

/* wanted[vocab_size]: true for the targets. */
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

/* What is asked of one text's masks. */
typedef struct mask_question {
    size_t computed; /* predictions at hand for each mask, best first */
    size_t shown;    /* at most */
    const bool *wanted;
    size_t vocab_size; /* entries in `wanted` */
} mask_question;

static bert_status describe_mask(masked_text *masked, size_t mask, const mask_question *question,
                                 const bert_prediction *predictions, json_t *list,
                                 bert_error *error)
{
    for (size_t k = 0; k < question->computed && json_array_size(list) < question->shown; k++) {
        const bert_prediction *prediction = &predictions[k];
        if (question->wanted &&
            ((size_t)prediction->id >= question->vocab_size || !question->wanted[prediction->id]))
            continue;
        TRY(describe_prediction(masked, mask, prediction, list, error));
    }
    return BERT_OK;
}

/* One mask gives a list of predictions, several give a list of such lists. */
static bert_status describe_text(masked_text *masked, const mask_question *question,
                                 const bert_filled *filled, json_t *out, bert_error *error)
{
    bert_status status = BERT_OK;
    for (size_t mask = 0; status == BERT_OK && mask < filled->mask_count; mask++) {
        json_t *list = filled->mask_count == 1 ? json_incref(out) : json_array();
        status = describe_mask(masked, mask, question,
                               filled->predictions + mask * question->computed, list, error);
        if (filled->mask_count > 1 && json_array_append(out, list) != 0 && status == BERT_OK)
            status = out_of_memory(error);
        json_decref(list);
    }
    return status;
}

static bert_status fill_masks(const bert_model *model, bert_workspace *workspace,
                              const serve_request *request, masked_text *masked,
                              const mask_question *question, bert_filled *filled, json_t *answers,
                              bert_error *error)
{
    bert_inference_stats usage = {0};
    bert_status status = bert_fill_masks(model, workspace, request->inputs, request->count,
                                         question->computed, filled, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++) {
        json_t *answer = json_array();
        status = describe_text(&masked[i], question, &filled[i], answer, error);
        if (json_array_append_new(answers, answer) != 0 && status == BERT_OK)
            status = out_of_memory(error);
    }
    for (size_t i = 0; i < usage.texts; i++)
        bert_filled_free(&filled[i]);
    return status;
}

/* A small body may ask for much: its masks times the vocabulary. */
static bert_status check_amount(const mask_question *question, size_t masks, size_t targets,
                                bert_error *error)
{
    size_t shown = question->shown;
    if (question->wanted && targets < shown)
        shown = targets;
    size_t most = COMPUTED_LIMIT / question->computed;
    if (SHOWN_LIMIT / shown < most)
        most = SHOWN_LIMIT / shown;
    if (masks <= most)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "the texts have %zu [MASK]s; with this top_k%s a request may have %zu", masks,
                     question->wanted ? " and targets" : "", most);
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

static bert_status answer_fill_mask(const bert_model *model, bert_workspace *workspace,
                                    const serve_request *request, json_t *answers,
                                    bert_error *error)
{
    size_t vocab_size = bert_tokenizer_vocab_size(bert_model_tokenizer(model)), masks;
    size_t shown = request->top_k ? request->top_k : DEFAULT_TOP_K;
    if (shown > vocab_size)
        return error_set(error, BERT_ERROR_INPUT, "top_k is %zu; the vocabulary has %zu tokens",
                         shown, vocab_size);
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
    const mask_question question = {.computed = wanted ? vocab_size : shown,
                                    .shown = shown,
                                    .wanted = wanted,
                                    .vocab_size = vocab_size};
    TRY_OR_GO(status, check_amount(&question, masks, json_array_size(request->targets), error),
              done);
    status = fill_masks(model, workspace, request, masked, &question, filled, answers, error);
done:
    for (size_t i = 0; masked && i < request->count; i++)
        masked_text_free(&masked[i]);
    free(masked);
    free(filled);
    free(wanted);
    return status;
}

/* --------------------------------------------------------------------- text-classification --- */

/* The labels of one text, best first; of equals the first. */
static json_t *labels_json(const bert_model *model, const float *scores, size_t count, size_t shown)
{
    json_t *list = json_array();
    bool *done = calloc(count, sizeof *done);
    for (size_t k = 0; done && k < shown; k++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!done[i] && (best == count || scores[i] > scores[best]))
                best = i;
        done[best] = true;
        json_array_append_new(list, json_pack("{s:s, s:f}", "label", bert_model_label(model, best),
                                              "score", (double)scores[best]));
    }
    free(done);
    return json_array_size(list) == shown ? list : NULL;
}

static bert_status answer_text_classification(const bert_model *model, bert_workspace *workspace,
                                              const serve_request *request, json_t *answers,
                                              bert_error *error)
{
    size_t labels = bert_model_label_count(model);
    size_t shown = request->top_k && request->top_k < labels ? request->top_k : labels;
    bert_predict_params params = bert_predict_params_default();
    float *scores;
    TRY(memory_array((void **)&scores, request->count * labels, sizeof *scores, "scores", error));
    bert_inference_stats usage = {0};
    bert_status status = bert_predict(model, workspace, request->inputs, request->count, &params,
                                      scores, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++)
        if (json_array_append_new(answers, labels_json(model, scores + i * labels, labels, shown)))
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

static bert_status answer_feature_extraction(const bert_model *model, bert_workspace *workspace,
                                             const serve_request *request, json_t *answers,
                                             bert_error *error)
{
    size_t size = bert_model_hidden_size(model);
    bert_embed_params params = bert_embed_params_default();
    params.normalize = request->normalize;
    params.pooling = strcmp(request->pooling, "cls") == 0 ? BERT_POOLING_CLS : BERT_POOLING_MEAN;
    float *embeddings;
    TRY(memory_array((void **)&embeddings, request->count * size, sizeof *embeddings, "embeddings",
                     error));
    bert_inference_stats usage = {0};
    bert_status status = bert_embed(model, workspace, request->inputs, request->count, &params,
                                    embeddings, &usage, error);
    for (size_t i = 0; status == BERT_OK && i < request->count; i++)
        if (json_array_append_new(answers, vector_json(embeddings + i * size, size)) != 0)
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

bert_status serve_answer(const bert_model *model, bert_workspace *workspace, serve_task task,
                         const serve_request *request, json_t **answer, bert_error *error)
{
    static bert_status (*const answerers[])(const bert_model *, bert_workspace *,
                                            const serve_request *, json_t *, bert_error *) = {
        [SERVE_FILL_MASK] = answer_fill_mask,
        [SERVE_TEXT_CLASSIFICATION] = answer_text_classification,
        [SERVE_FEATURE_EXTRACTION] = answer_feature_extraction,
    };
    *answer = NULL;
    json_t *answers = json_array();
    bert_status status =
        answers ? answerers[task](model, workspace, request, answers, error) : out_of_memory(error);
    /* Labels come as a list of lists for one text, too: so the hosted service has it. */
    bool list = request->list || task == SERVE_TEXT_CLASSIFICATION;
    if (status == BERT_OK)
        *answer = json_incref(list ? answers : json_array_get(answers, 0));
    json_decref(answers);
    return status;
}

json_t *serve_error_json(const char *message)
{
    text whole = {0};
    int32_t length = (int32_t)strlen(message), next;
    bert_status status = BERT_OK;
    for (int32_t i = 0; i < length && status == BERT_OK; i = next) {
        UChar32 character;
        next = i;
        U8_NEXT(message, next, length, character);
        status = character < 0 ? text_append(&whole, "?", 1, NULL)
                               : text_append(&whole, message + i, (size_t)(next - i), NULL);
    }
    json_t *object =
        status == BERT_OK ? json_pack("{s:s}", "error", whole.data ? whole.data : "") : NULL;
    text_free(&whole);
    return object;
}
