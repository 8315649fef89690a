/* Fill-mask: the tokens that the MLM head holds most probable in the place of [MASK]. */
#include "base/memory.h"
#include "math/cross_entropy.h"
#include "tasks/loaded_model.h"

#include <math.h>
#include <stdlib.h>

/* The `top_k` largest of `probabilities`, best first; of equals the smaller id first. Insertion
 * into a short sorted list: most ids fail the first comparison. */
static void select_top(const float *probabilities, size_t vocab_size, size_t top_k,
                       bert_prediction *top)
{
    size_t count = 0;
    for (size_t id = 0; id < vocab_size; id++) {
        double probability = probabilities[id];
        if (count == top_k && !(probability > top[count - 1].probability))
            continue;
        size_t place = count < top_k ? count++ : count - 1;
        for (; place > 0 && probability > top[place - 1].probability; place--)
            top[place] = top[place - 1];
        top[place] = (bert_prediction){.id = (int32_t)id, .probability = probability};
    }
}

/* What the model sees of one text. */
typedef struct masked_text {
    bert_encoding encoding;
    int32_t *positions; /* [mask_count] of [MASK] in the encoding; owned */
    size_t mask_count;
} masked_text;

static bert_status masked_text_read(masked_text *masked, const bert_model *loaded, const char *text,
                                    size_t length, bert_error *error)
{
    size_t limit = (size_t)model_configuration(loaded->model)->max_position_embeddings;
    bert_encoding *encoding = &masked->encoding;
    TRY(bert_tokenizer_encode(loaded->tokenizer, text, length, true, 0, encoding, error));
    if (encoding->count > limit)
        return error_set(error, BERT_ERROR_INPUT,
                         "the text has %zu tokens, [CLS] and [SEP] included; the model has %zu "
                         "positions",
                         encoding->count, limit);
    TRY(memory_array((void **)&masked->positions, encoding->count, sizeof *masked->positions,
                     "positions of [MASK]", error));
    int32_t mask = tokenizer_special(loaded->tokenizer).mask;
    for (size_t i = 0; i < encoding->count; i++)
        if (encoding->ids[i] == mask)
            masked->positions[masked->mask_count++] = (int32_t)i;
    if (masked->mask_count == 0)
        return error_set(error, BERT_ERROR_INPUT, "the text has no %s",
                         bert_tokenizer_token(loaded->tokenizer, mask));
    return BERT_OK;
}

/* logits[mask_count, vocab_size] become probabilities and the best of each go to predictions. */
static bert_status predict(bert_model *loaded, const masked_text *masked, size_t top_k,
                           bert_prediction *predictions, bert_error *error)
{
    size_t vocab_size = (size_t)model_configuration(loaded->model)->vocab_size;
    size_t count = masked->mask_count;
    const uint64_t sample_number = 0;
    const int32_t starts[2] = {0, (int32_t)masked->encoding.count};
    float *logits = NULL;
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&logits, count * vocab_size, sizeof *logits,
                           "probabilities of the vocabulary", error),
              done);
    const model_input input = {
        .token_count = (int)masked->encoding.count,
        .sequence_count = 1,
        .masked_count = (int)count,
        .tokens = masked->encoding.ids,
        .token_types = masked->encoding.type_ids,
        .sequence_starts = starts,
        .sample_numbers = &sample_number,
        .masked_positions = masked->positions,
    };
    TRY_OR_GO(status, model_check_input(loaded->model, &input, error), done);
    model_mlm_logits(loaded->model, &input, logits);
    softmax_forward(logits, logits, count, vocab_size);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(logits[i * vocab_size])) {
            status = error_set(error, BERT_ERROR_NUMBER,
                               "the model's prediction for [MASK] %zu is not finite; its weights "
                               "are of no use",
                               i + 1);
            goto done;
        }
        select_top(logits + i * vocab_size, vocab_size, top_k, predictions + i * top_k);
    }

done:
    free(logits);
    return status;
}

bert_status bert_fill_mask(bert_model *model, const char *text, size_t length, size_t top_k,
                           bert_prediction *predictions, size_t mask_capacity, size_t *mask_count,
                           bert_error *error)
{
    size_t vocab_size = (size_t)model_configuration(model->model)->vocab_size;
    if (top_k == 0 || top_k > vocab_size)
        return error_set(error, BERT_ERROR_USAGE, "top_k is %zu; the vocabulary allows 1 to %zu",
                         top_k, vocab_size);
    masked_text masked = {0};
    bert_status status;
    TRY_OR_GO(status, masked_text_read(&masked, model, text, length, error), done);
    *mask_count = masked.mask_count;
    if (masked.mask_count > mask_capacity)
        masked.mask_count = mask_capacity;
    if (masked.mask_count > 0)
        status = predict(model, &masked, top_k, predictions, error);

done:
    free(masked.positions);
    bert_encoding_free(&masked.encoding);
    return status;
}
