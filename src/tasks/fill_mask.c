/* Fill-mask: the most probable tokens at [MASK] by the MLM head. */
#include "base/memory.h"
#include "tasks/inference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_worse(bert_prediction a, bert_prediction b)
{
    return a.probability < b.probability || (a.probability == b.probability && a.id > b.id);
}

static int compare_best_first(const void *left, const void *right)
{
    const bert_prediction *a = left, *b = right;
    return is_worse(*a, *b) ? 1 : -1; /* no id is there twice */
}

/* Moves heap[index] down until both of its children are better. */
static void sink(bert_prediction *heap, size_t count, size_t index)
{
    bert_prediction sinking = heap[index];
    for (size_t child; (child = 2 * index + 1) < count; index = child) {
        child += child + 1 < count && is_worse(heap[child + 1], heap[child]);
        if (!is_worse(heap[child], sinking))
            break;
        heap[index] = heap[child];
    }
    heap[index] = sinking;
}

/* The `top_k` largest of `probabilities`, best first; of equals the smaller id first. A heap with
 * the worst at its top: most ids fail the first comparison, and a large top_k costs no more than
 * sorting. */
static void select_top(const float *probabilities, size_t vocab_size, size_t top_k,
                       bert_prediction *top)
{
    for (size_t id = 0; id < top_k; id++)
        top[id] = (bert_prediction){.id = (int32_t)id, .probability = probabilities[id]};
    for (size_t index = top_k / 2; index-- > 0;)
        sink(top, top_k, index);
    for (size_t id = top_k; id < vocab_size; id++) {
        bert_prediction next = {.id = (int32_t)id, .probability = probabilities[id]};
        if (!is_worse(top[0], next))
            continue;
        top[0] = next;
        sink(top, top_k, 0);
    }
    qsort(top, top_k, sizeof *top, compare_best_first);
}

typedef struct filler {
    size_t top_k;
    float *logits;       /* [limits.masked, vocab_size] */
    bert_filled *filled; /* [count], the caller's */
} filler;

/* Probabilities of `count` masks to the best of each. */
static bert_status fill_text(bert_filled *filled, const float *probabilities, size_t count,
                             size_t vocab_size, size_t top_k, bert_error *error)
{
    TRY(memory_array((void **)&filled->predictions, count * top_k, sizeof *filled->predictions,
                     "predictions", error));
    filled->mask_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(probabilities[i * vocab_size]))
            return error_set(error, BERT_ERROR_NOT_FINITE,
                             "the model's prediction for [MASK] %zu is not finite; its weights are "
                             "of no use",
                             i + 1);
        select_top(probabilities + i * vocab_size, vocab_size, top_k,
                   filled->predictions + i * top_k);
    }
    return BERT_OK;
}

static bert_status fill_batch(void *context, bert_workspace *workspace,
                              const inference_batch *batch, bert_error *error)
{
    const filler *filler = context;
    const bert_model *loaded = workspace->loaded;
    const model_input *input = &batch->input;
    size_t vocab_size = (size_t)model_configuration(loaded->model)->vocab_size;
    model_mlm_logits(workspace->activations, input, filler->logits);
    model_operations(loaded->model)
        ->softmax_forward(filler->logits, filler->logits, (size_t)input->masked_count, vocab_size);
    int from = 0;
    for (int i = 0; i < input->sequence_count; i++) {
        int end = from;
        while (end < input->masked_count &&
               input->masked_positions[end] < input->sequence_starts[i + 1])
            end++;
        TRY(fill_text(&filler->filled[batch->numbers[i]],
                      filler->logits + (size_t)from * vocab_size, (size_t)(end - from), vocab_size,
                      filler->top_k, error));
        from = end;
    }
    return BERT_OK;
}

void bert_filled_free(bert_filled *filled)
{
    free(filled->predictions);
    *filled = (bert_filled){0};
}

bert_status bert_fill_masks(const bert_model *model, bert_workspace *workspace,
                            const bert_input *inputs, size_t count, size_t top_k,
                            bert_filled *filled, bert_inference_stats *usage, bert_error *error)
{
    size_t vocab_size = (size_t)model_configuration(model->model)->vocab_size;
    memset(filled, 0, count * sizeof *filled);
    if (!bert_model_fills_masks(model))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the model has no head for masked tokens (it is a %s)",
                         model_config_architecture(model_configuration(model->model)));
    if (top_k == 0 || top_k > vocab_size)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "top_k is %zu; the vocabulary allows 1 to %zu", top_k, vocab_size);
    filler filler = {.top_k = top_k, .filled = filled};
    size_t bytes = (size_t)model->limits.masked * vocab_size * sizeof(float);
    TRY(memory_map((void **)&filler.logits, bytes, "probabilities of the vocabulary", error));
    const inference_job job = {.batch = fill_batch, .context = &filler, .masks = true};
    bert_inference_stats own = {0}, *sums = usage ? usage : &own;
    uint64_t before = sums->texts;
    bert_status status = inference_run(model, workspace, inputs, count, &job, usage, error);
    if (status != BERT_OK) /* texts that were done before the failure was known may be among them */
        for (size_t i = usage ? (size_t)(sums->texts - before) : 0; i < count; i++)
            bert_filled_free(&filled[i]);
    memory_unmap(filler.logits, bytes);
    return status;
}

bert_status bert_fill_mask(const bert_model *model, bert_workspace *workspace, const char *text,
                           size_t length, size_t top_k, bert_prediction *predictions,
                           size_t mask_capacity, size_t *mask_count, bert_error *error)
{
    const bert_input input = {.text = text, .length = length};
    bert_filled filled;
    TRY(bert_fill_masks(model, workspace, &input, 1, top_k, &filled, NULL, error));
    *mask_count = filled.mask_count;
    size_t rows = filled.mask_count < mask_capacity ? filled.mask_count : mask_capacity;
    if (rows > 0)
        memcpy(predictions, filled.predictions, rows * top_k * sizeof *predictions);
    bert_filled_free(&filled);
    return BERT_OK;
}
