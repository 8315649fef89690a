/* bert_prepare: documents → sentences → ids, in one pass, in bounded memory, on all cores.
 *
 * Three batches of documents are on the way at any time: one is being read, the one before it is
 * being encoded chunk by chunk, and the one before that is being written. What is written depends
 * on the order of the documents alone, not on the number of threads. */
#include "dataset/prepare.h"

#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "formats/json.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    CHUNK_BYTES = 1 << 17,
    CHUNKS_PER_THREAD = 8, /* in a batch: enough to level out chunks of different weight */
    BATCHES = 3,
};

/* Some chunks of documents, in their order. */
typedef struct work_batch {
    text_chunk *chunks; /* [prepare.chunks_per_batch] */
    size_t used;
} work_batch;

typedef struct prepare {
    const bert_prepare_params *params;
    bert_tokenizer *tokenizer;
    corpus corpus;
    document document;
    split split;
    int threads;
    text_worker *workers; /* [threads] */
    size_t chunks_per_batch;
    work_batch batches[BATCHES];
    bool read_all;
    uint64_t unknown_tokens;
    char *tokenizer_directory, *tokenizer_partial, *json_path;
    /* Reading and writing go on beside each other, each with an error of its own. */
    bert_status read_status, write_status;
    bert_error read_error, write_error;
} prepare;

bert_prepare_params bert_prepare_params_default(void)
{
    return (bert_prepare_params){
        .tokenizer_options = bert_tokenizer_options_default(),
        .reader_options = bert_reader_options_default(),
        .language = "en",
        .validation_fraction = 0.01,
        .seed = 42,
    };
}

/* --------------------------------------------------------------------- before the work starts */

static bert_status check_params(const bert_prepare_params *params, bert_error *error)
{
    if (!params->output || !*params->output)
        return error_set(error, BERT_ERROR_USAGE, "no output prefix");
    if (!params->tokenizer || !*params->tokenizer)
        return error_set(error, BERT_ERROR_USAGE, "no tokenizer");
    if (!(params->validation_fraction >= 0 && params->validation_fraction < 1))
        return error_set(error, BERT_ERROR_USAGE,
                         "validation_fraction is %g, expected at least 0 and less than 1",
                         params->validation_fraction);
    if (params->threads < 0)
        return error_set(error, BERT_ERROR_USAGE, "threads is %d, expected 0 (all cores) or more",
                         params->threads);
    return BERT_OK;
}

static bert_status check_outputs(const char *prefix, bert_error *error)
{
    static const char *const endings[] = {
        ".bin", ".idx", ".validation.bin", ".validation.idx", ".json", ".tokenizer"};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && status == BERT_OK; i++) {
        char *path;
        TRY(path_format(&path, error, "%s%s", prefix, endings[i]));
        if (file_exists(path))
            status = error_set(error, BERT_ERROR_USAGE,
                               "%s: exists already; choose another --output or remove it", path);
        free(path);
    }
    return status;
}

static bert_status create_parent(const char *prefix, bert_error *error)
{
    const char *slash = strrchr(prefix, '/');
    if (!slash || slash == prefix)
        return BERT_OK;
    char *parent;
    TRY(path_format(&parent, error, "%.*s", (int)(slash - prefix), prefix));
    bert_status status = directory_create(parent, error);
    free(parent);
    return status;
}

static bert_status create_workers(prepare *prepare, bert_error *error)
{
    TRY(memory_array((void **)&prepare->workers, (size_t)prepare->threads, sizeof *prepare->workers,
                     "threads' work space", error));
    for (int i = 0; i < prepare->threads; i++)
        TRY(sentences_create(&prepare->workers[i].sentences, prepare->params->language, error));
    prepare->chunks_per_batch = (size_t)prepare->threads * CHUNKS_PER_THREAD;
    for (int i = 0; i < BATCHES; i++)
        TRY(memory_array((void **)&prepare->batches[i].chunks, prepare->chunks_per_batch,
                         sizeof(text_chunk), "documents on the way", error));
    return BERT_OK;
}

static bert_status start(prepare *prepare, bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    TRY(check_params(params, error));
    TRY(check_outputs(params->output, error));
    TRY(corpus_open(&prepare->corpus, params->inputs, params->input_count, &params->reader_options,
                    error));
    TRY(bert_tokenizer_load(&prepare->tokenizer, params->tokenizer, &params->tokenizer_options,
                            error));
    prepare->threads = threads_use(params->threads);
    TRY(create_workers(prepare, error));
    TRY(create_parent(params->output, error));
    TRY(dataset_tokenizer_directory(&prepare->tokenizer_directory, params->output, error));
    TRY(path_format(&prepare->tokenizer_partial, error, "%s.partial",
                    prepare->tokenizer_directory));
    TRY(path_format(&prepare->json_path, error, "%s.json", params->output));
    return split_open(&prepare->split, params->output, params->validation_fraction,
                      bert_tokenizer_vocab_size(prepare->tokenizer), error);
}

static void release(prepare *prepare)
{
    if (prepare->tokenizer_partial)
        directory_remove(prepare->tokenizer_partial, NULL);
    free(prepare->tokenizer_partial);
    free(prepare->tokenizer_directory);
    free(prepare->json_path);
    for (int i = 0; prepare->workers && i < prepare->threads; i++) {
        sentences_free(prepare->workers[i].sentences);
        bert_encoding_free(&prepare->workers[i].encoding);
    }
    free(prepare->workers);
    for (int i = 0; i < BATCHES; i++) {
        for (size_t j = 0; prepare->batches[i].chunks && j < prepare->chunks_per_batch; j++)
            text_chunk_free(&prepare->batches[i].chunks[j]);
        free(prepare->batches[i].chunks);
    }
    split_discard(&prepare->split);
    text_free(&prepare->document);
    corpus_close(&prepare->corpus);
    bert_tokenizer_free(prepare->tokenizer);
}

/* -------------------------------------------------------------------------------- the pipeline */

static bert_status read_batch(prepare *prepare, work_batch *batch, bert_error *error)
{
    size_t bytes = 0, most = prepare->chunks_per_batch * CHUNK_BYTES;
    for (batch->used = 0; batch->used < prepare->chunks_per_batch && bytes < most; batch->used++) {
        text_chunk *chunk = &batch->chunks[batch->used];
        text_chunk_clear(chunk);
        while (chunk->text.length < CHUNK_BYTES && !prepare->read_all) {
            bool found;
            TRY(corpus_next(&prepare->corpus, &prepare->document, &found, error));
            if (found)
                TRY(text_chunk_add_document(chunk, &prepare->document, error));
            prepare->read_all = !found;
        }
        bytes += chunk->text.length;
        if (chunk->document_count == 0)
            break;
    }
    return BERT_OK;
}

static bert_status write_batch(prepare *prepare, const work_batch *batch, bert_error *error)
{
    for (size_t i = 0; i < batch->used; i++) {
        const text_chunk *chunk = &batch->chunks[i];
        if (chunk->status != BERT_OK)
            return error_set(error, chunk->status, "%s", chunk->error.message);
        TRY(split_add_chunk(&prepare->split, chunk, error));
        prepare->unknown_tokens += chunk->unknown_tokens;
    }
    return BERT_OK;
}

/* Reads one batch, encodes another, writes a third, at the same time. */
static void step(prepare *prepare, work_batch *to_read, work_batch *to_encode,
                 const work_batch *to_write)
{
#pragma omp parallel num_threads(prepare->threads)
    {
#pragma omp single nowait
        prepare->read_status = read_batch(prepare, to_read, &prepare->read_error);
#pragma omp single nowait
        prepare->write_status = write_batch(prepare, to_write, &prepare->write_error);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < to_encode->used; i++)
            text_chunk_process(&to_encode->chunks[i], prepare->tokenizer, prepare->params->seed,
                               &prepare->workers[omp_get_thread_num()]);
    }
}

static void report_progress(const prepare *prepare, const bert_observer *observer)
{
    observer_progress(observer, &(bert_progress){
                                    .job = "prepare",
                                    .unit = "byte",
                                    .done = corpus_bytes_read(&prepare->corpus),
                                    .total = prepare->corpus.total_bytes,
                                    .epoch = NAN,
                                    .loss = NAN,
                                    .learning_rate = NAN,
                                    .tokens_per_second = NAN,
                                    .seconds_left = NAN,
                                });
}

static bert_status run_pipeline(prepare *prepare, const bert_observer *observer, bert_error *error)
{
    work_batch *batches = prepare->batches;
    for (int turn = 0;; turn++) {
        work_batch *to_read = &batches[turn % BATCHES];
        work_batch *to_encode = &batches[(turn + 2) % BATCHES]; /* read in the last turn */
        work_batch *to_write = &batches[(turn + 1) % BATCHES];  /* encoded in the last turn */
        step(prepare, to_read, to_encode, to_write);
        if (prepare->read_status != BERT_OK)
            return error_set(error, prepare->read_status, "%s", prepare->read_error.message);
        if (prepare->write_status != BERT_OK)
            return error_set(error, prepare->write_status, "%s", prepare->write_error.message);
        report_progress(prepare, observer);
        if (observer_should_stop(observer))
            return error_set(error, BERT_ERROR_IO,
                             "%s: stopped before the end; nothing was written",
                             prepare->params->output);
        if (prepare->read_all && to_read->used == 0 && to_encode->used == 0)
            return BERT_OK;
    }
}

/* ---------------------------------------------------------------------------------- the outputs */

/* One number for the whole vocabulary: its tokens in the order of their ids. */
static bert_status hash_vocabulary(const bert_tokenizer *tokenizer, uint64_t *hash,
                                   bert_error *error)
{
    text tokens = {0};
    bert_status status = BERT_OK;
    for (size_t id = 0; id < bert_tokenizer_vocab_size(tokenizer) && status == BERT_OK; id++) {
        const char *token = bert_tokenizer_token(tokenizer, (int32_t)id);
        status = text_format(&tokens, error, "%s\n", token ? token : "");
    }
    if (status == BERT_OK)
        *hash = XXH3_64bits(tokens.data, tokens.length);
    text_free(&tokens);
    return status;
}

static json_t *counts_to_json(const bert_data_counts *counts)
{
    return json_pack("{s:I, s:I, s:I}", "documents", (json_int_t)counts->documents, "sentences",
                     (json_int_t)counts->sentences, "tokens", (json_int_t)counts->tokens);
}

static bert_status write_description(const prepare *prepare, const bert_prepare_result *result,
                                     bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    uint64_t hash;
    TRY(hash_vocabulary(prepare->tokenizer, &hash, error));
    char hash_text[20];
    snprintf(hash_text, sizeof hash_text, "%016llx", (unsigned long long)hash);
    json_t *inputs = json_array();
    for (size_t i = 0; i < params->input_count; i++) {
        /* A path need not be UTF-8, but JSON has to be. */
        json_t *input = json_string(params->inputs[i]);
        json_array_append_new(inputs, input ? input : json_string("(a name that is not UTF-8)"));
    }
    json_t *value = json_pack(
        "{s:s, s:s, s:o, s:s, s:f, s:I, s:{s:I, s:s}, s:o, s:o, s:I, s:I, s:I}", "format",
        "Megatron-LM indexed dataset, a sequence is a sentence", "bert_version", bert_version(),
        "inputs", inputs, "language", params->language, "validation_fraction",
        params->validation_fraction, "seed", (json_int_t)params->seed, "vocabulary", "size",
        (json_int_t)bert_tokenizer_vocab_size(prepare->tokenizer), "xxh3_64", hash_text, "train",
        counts_to_json(&result->train), "validation", counts_to_json(&result->validation), "bytes",
        (json_int_t)result->bytes, "invalid_bytes", (json_int_t)result->invalid_bytes,
        "unknown_tokens", (json_int_t)result->unknown_tokens);
    if (!value)
        return error_set(error, BERT_ERROR_MEMORY, "no memory to describe the data");
    bert_status status = json_write(value, prepare->json_path, error);
    json_decref(value);
    return status;
}

static bert_status commit(prepare *prepare, const bert_prepare_result *result, bert_error *error)
{
    TRY(directory_remove(prepare->tokenizer_partial, error));
    TRY(directory_create(prepare->tokenizer_partial, error));
    TRY(tokenizer_save(prepare->tokenizer, prepare->tokenizer_partial, error));
    TRY(write_description(prepare, result, error));
    bert_status status = BERT_OK;
    if (rename(prepare->tokenizer_partial, prepare->tokenizer_directory) != 0)
        status = error_set_errno(error, errno, "%s: cannot create", prepare->tokenizer_directory);
    else
        status = split_commit(&prepare->split, prepare->params->output, error);
    if (status != BERT_OK) {
        directory_remove(prepare->tokenizer_directory, NULL);
        remove(prepare->json_path);
    }
    return status;
}

static bert_status end_split(prepare *prepare, const bert_observer *observer, bert_error *error)
{
    const split *split = &prepare->split;
    int moved;
    TRY(split_end(&prepare->split, &moved, error));
    if (split->documents == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no tokens: the tokenizer leaves nothing of the text",
                         prepare->params->inputs[0]);
    if (split->train_counts.documents == 0)
        return error_set(
            error, BERT_ERROR_INPUT,
            "all of the %llu documents went to validation; lower --validation-fraction",
            (unsigned long long)split->documents);
    if (moved > 0)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "validation has %d of %llu documents, %d more than the fraction of %g "
                         "gave: one could not draw sentence pairs from fewer",
                         SPLIT_MINIMUM, (unsigned long long)split->documents, moved,
                         split->fraction);
    if (split->fraction > 0 && split->validation_counts.documents == 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%llu %s too few to set any apart for validation (blank lines part "
                         "documents)",
                         (unsigned long long)split->documents,
                         split->documents == 1 ? "document is" : "documents are");
    return BERT_OK;
}

bert_status bert_prepare(const bert_prepare_params *params, bert_prepare_result *result,
                         const bert_observer *observer, bert_error *error)
{
    prepare prepare = {.params = params};
    bert_prepare_result counted;
    bert_status status;
    TRY_OR_GO(status, start(&prepare, error), done);
    TRY_OR_GO(status, run_pipeline(&prepare, observer, error), done);
    TRY_OR_GO(status, end_split(&prepare, observer, error), done);
    corpus_warn(&prepare.corpus, observer);
    counted = (bert_prepare_result){
        .train = prepare.split.train_counts,
        .validation = prepare.split.validation_counts,
        .bytes = corpus_bytes_read(&prepare.corpus),
        .invalid_bytes = corpus_invalid_bytes(&prepare.corpus),
        .unknown_tokens = prepare.unknown_tokens,
    };
    TRY_OR_GO(status, commit(&prepare, &counted, error), done);
    if (result)
        *result = counted;
done:
    release(&prepare);
    return status;
}
