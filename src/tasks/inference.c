#include "tasks/inference.h"

#include "base/memory.h"
#include "base/threads.h"

#include <stdlib.h>
#include <string.h>

/* Texts sorted by length together: enough to make batches of like ones, few enough that their
 * encodings stay small. */
enum { WINDOW_TEXTS = 2048 };

typedef struct window_text {
    bert_encoding encoding; /* owned; its memory is used again by the next window */
    size_t mask_count;
    bool truncated;
    bert_status status;
} window_text;

typedef struct window {
    const bert_model *loaded;
    bert_workspace *workspace;
    const inference_job *job;
    size_t max_length;
    window_text *texts; /* [WINDOW_TEXTS], owned */
    size_t *order;      /* [WINDOW_TEXTS], owned */

    /* A batch, owned; large enough for the model's limits. */
    int32_t *tokens, *starts, *masked;
    uint8_t *types;
    uint64_t *sample_numbers; /* zeros: there is no dropout to be named */
    size_t *numbers;
} window;

bert_status inference_check_length(int max_seq_length, bert_error *error)
{
    if (max_seq_length == 0 || max_seq_length >= 3)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "params->max_seq_length is %d; expected 0 (all positions) or at least 3",
                     max_seq_length);
}

static void window_free(window *window)
{
    for (size_t i = 0; window->texts && i < WINDOW_TEXTS; i++)
        bert_encoding_free(&window->texts[i].encoding);
    free(window->texts);
    free(window->order);
    free(window->tokens);
    free(window->starts);
    free(window->masked);
    free(window->types);
    free(window->sample_numbers);
    free(window->numbers);
}

static bert_status window_create(window *window, const bert_model *loaded,
                                 bert_workspace *workspace, const inference_job *job,
                                 bert_error *error)
{
    static const char what[] = "a batch of texts";
    size_t positions = (size_t)model_configuration(loaded->model)->max_position_embeddings;
    size_t longest = tokenizer_model_max_length(loaded->tokenizer);
    size_t tokens = (size_t)loaded->limits.tokens, sequences = (size_t)loaded->limits.sequences;
    *window = (struct window){
        .loaded = loaded, .workspace = workspace, .job = job, .max_length = positions};
    if (job->max_seq_length > 0 && (size_t)job->max_seq_length < positions)
        window->max_length = (size_t)job->max_seq_length;
    else if (job->max_seq_length == 0 && longest >= 3 && longest < positions && !job->masks)
        window->max_length = longest;
    const struct {
        void **array;
        size_t count, size;
    } arrays[] = {
        {(void **)&window->texts, WINDOW_TEXTS, sizeof *window->texts},
        {(void **)&window->order, WINDOW_TEXTS, sizeof *window->order},
        {(void **)&window->tokens, tokens, sizeof *window->tokens},
        {(void **)&window->types, tokens, sizeof *window->types},
        {(void **)&window->starts, sequences + 1, sizeof *window->starts},
        {(void **)&window->masked, (size_t)loaded->limits.masked, sizeof *window->masked},
        {(void **)&window->sample_numbers, sequences, sizeof *window->sample_numbers},
        {(void **)&window->numbers, sequences, sizeof *window->numbers},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        TRY(memory_array(arrays[i].array, arrays[i].count, arrays[i].size, what, error));
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- encoding --- */

bert_status inference_encode(const bert_tokenizer *tokenizer, const bert_input *input,
                             size_t max_length, bert_encoding *encoding, bert_error *error)
{
    if (input->pair)
        return bert_tokenizer_encode_pair(tokenizer, input->text, input->length, input->pair,
                                          input->pair_length, true, max_length, encoding, error);
    return bert_tokenizer_encode(tokenizer, input->text, input->length, true, max_length, encoding,
                                 error);
}

static bert_status check_masks(const bert_model *loaded, const window *window, window_text *text,
                               bert_error *error)
{
    int32_t mask = tokenizer_special(loaded->tokenizer).mask;
    text->mask_count = 0;
    for (size_t i = 0; i < text->encoding.count; i++)
        text->mask_count += text->encoding.ids[i] == mask;
    if (text->encoding.count > window->max_length)
        return error_set(error, BERT_ERROR_INPUT,
                         "the text has %zu tokens, [CLS] and [SEP] included; the model has %zu "
                         "positions",
                         text->encoding.count, window->max_length);
    if (text->mask_count == 0)
        return error_set(error, BERT_ERROR_INPUT, "the text has no %s",
                         bert_tokenizer_token(loaded->tokenizer, mask));
    return BERT_OK;
}

/* A text that could just be as long as allowed is encoded one token longer to see whether it is. */
static bert_status encode_text(const window *window, const bert_input *input, window_text *text,
                               bert_error *error)
{
    const bert_model *loaded = window->loaded;
    size_t limit = window->job->masks ? 0 : window->max_length + 1;
    text->truncated = false;
    TRY(inference_encode(loaded->tokenizer, input, limit, &text->encoding, error));
    if (window->job->masks)
        return check_masks(loaded, window, text, error);
    if (text->encoding.count > window->max_length) {
        text->truncated = true;
        TRY(inference_encode(loaded->tokenizer, input, window->max_length, &text->encoding, error));
    }
    if (input->pair && model_configuration(loaded->model)->type_vocab_size < 2)
        memset(text->encoding.type_ids, 0, text->encoding.count);
    return BERT_OK;
}

/* On all threads; *done is how many texts from the first on are fit. */
static bert_status encode_texts(const window *window, const bert_input *inputs, size_t count,
                                size_t *done, bert_error *error)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < count; i++)
        window->texts[i].status = encode_text(window, &inputs[i], &window->texts[i], NULL);
    for (*done = 0; *done < count; ++*done)
        if (window->texts[*done].status != BERT_OK) /* once more, for its message */
            return encode_text(window, &inputs[*done], &window->texts[*done], error);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- batches --- */

/* The longest first, so that a model that is too large for the memory fails at once; equals in
 * their order. Counting sort: lengths are few. */
static void sort_by_length(const window *window, size_t count, size_t *counts)
{
    memset(counts, 0, (window->max_length + 2) * sizeof *counts);
    for (size_t i = 0; i < count; i++)
        counts[window->max_length - window->texts[i].encoding.count + 1]++;
    for (size_t length = 1; length <= window->max_length; length++)
        counts[length] += counts[length - 1];
    for (size_t i = 0; i < count; i++)
        window->order[counts[window->max_length - window->texts[i].encoding.count]++] = i;
}

/* The texts order[from, *end) that fit one batch, at least one. */
static size_t batch_end(const window *window, size_t from, size_t count)
{
    const model_limits *limits = &window->loaded->limits;
    size_t tokens = 0, masked = 0, end = from;
    for (; end < count && end - from < (size_t)limits->sequences; end++) {
        const window_text *text = &window->texts[window->order[end]];
        tokens += text->encoding.count;
        masked += window->job->masks ? text->mask_count : 0;
        if (tokens > (size_t)limits->tokens || masked > (size_t)limits->masked)
            break;
    }
    return end;
}

static void append_masked(window *window, const bert_encoding *encoding, model_input *input)
{
    int32_t mask = tokenizer_special(window->loaded->tokenizer).mask;
    for (size_t i = 0; i < encoding->count; i++)
        if (encoding->ids[i] == mask)
            window->masked[input->masked_count++] = input->token_count + (int32_t)i;
}

static bert_status run_batch(window *window, size_t from, size_t end, size_t first_number,
                             bert_error *error)
{
    inference_batch batch = {
        .input = {.tokens = window->tokens,
                  .token_types = window->types,
                  .sequence_starts = window->starts,
                  .sample_numbers = window->sample_numbers,
                  .masked_positions = window->masked},
        .numbers = window->numbers,
    };
    model_input *input = &batch.input;
    for (size_t i = from; i < end; i++) {
        const bert_encoding *encoding = &window->texts[window->order[i]].encoding;
        memcpy(window->tokens + input->token_count, encoding->ids,
               encoding->count * sizeof *window->tokens);
        memcpy(window->types + input->token_count, encoding->type_ids, encoding->count);
        if (window->job->masks)
            append_masked(window, encoding, input);
        window->numbers[input->sequence_count] = first_number + window->order[i];
        window->starts[input->sequence_count++] = input->token_count;
        input->token_count += (int)encoding->count;
    }
    window->starts[input->sequence_count] = input->token_count;
    TRY(model_workspace_check_input(window->workspace->activations, input, error));
    return window->job->batch(window->job->context, window->workspace, &batch, error);
}

static bert_status run_window(window *window, const bert_input *inputs, size_t first, size_t count,
                              size_t *counts, bert_inference_stats *usage, bert_error *error)
{
    size_t done;
    bert_error reason = {0};
    bert_status text_status = encode_texts(window, inputs + first, count, &done, &reason);
    sort_by_length(window, done, counts);
    for (size_t from = 0, end; from < done; from = end) {
        end = batch_end(window, from, done);
        TRY(run_batch(window, from, end, first, error));
    }
    for (size_t i = 0; i < done; i++) {
        usage->texts++;
        usage->tokens += window->texts[i].encoding.count;
        usage->truncated += window->texts[i].truncated;
        usage->invalid_bytes += window->texts[i].encoding.invalid_bytes;
    }
    if (text_status != BERT_OK)
        return error_set(error, text_status, "%s", reason.message);
    return BERT_OK;
}

static bert_status run_windows(const bert_model *loaded, bert_workspace *workspace,
                               const bert_input *inputs, size_t count, const inference_job *job,
                               bert_inference_stats *usage, bert_error *error)
{
    window window;
    size_t *counts = NULL;
    bert_inference_stats own = {0}, *sums = usage ? usage : &own;
    int threads_before = threads_use(loaded->threads);
    bert_status status = window_create(&window, loaded, workspace, job, error);
    if (status == BERT_OK)
        status = memory_array((void **)&counts, window.max_length + 2, sizeof *counts,
                              "lengths of texts", error);
    uint64_t before = sums->texts;
    for (size_t first = 0; first < count && status == BERT_OK; first += WINDOW_TEXTS) {
        size_t here = count - first < WINDOW_TEXTS ? count - first : WINDOW_TEXTS;
        status = run_window(&window, inputs, first, here, counts, sums, error);
    }
    if (status == BERT_ERROR_INPUT && usage && sums->texts - before < count)
        error_prefix(error, status, "text %llu", (unsigned long long)sums->texts + 1);
    free(counts);
    window_free(&window);
    threads_use(threads_before);
    return status;
}

bert_status inference_run(const bert_model *loaded, bert_workspace *workspace,
                          const bert_input *inputs, size_t count, const inference_job *job,
                          bert_inference_stats *usage, bert_error *error)
{
    if (workspace && workspace->loaded != loaded)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "the workspace is another model's");
    if (workspace)
        return run_windows(loaded, workspace, inputs, count, job, usage, error);
    TRY(bert_workspace_create(&workspace, loaded, error));
    bert_status status = run_windows(loaded, workspace, inputs, count, job, usage, error);
    bert_workspace_free(workspace);
    return status;
}
