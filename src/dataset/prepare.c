/* bert_prepare: documents → sentences → ids, in one pass, in bounded memory, on all cores; an
 * interrupted preparation is resumed (prepare_journal.h).
 *
 * A pipeline of three batches of documents: one is being read, the one before it is being encoded
 * chunk by chunk, and the one before that is being written. The output depends on the order of the
 * documents alone, not on the number of threads. */
#include "dataset/prepare_journal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "corpus/counts.h"
#include "dataset/data_warnings.h"
#include "dataset/index_format.h"
#include "formats/json.h"
#include "options/options.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    CHUNK_BYTES = 1 << 17,
    CHUNKS_PER_THREAD = 8, /* in a batch: enough to balance chunks of different cost */
    CHUNKS_MAX = 128,      /* so that memory is bounded for any number of threads */
    BATCHES = 3,
};

/* Consecutive chunks of documents. */
typedef struct work_batch {
    text_chunk *chunks; /* [prepare.chunks_per_batch] */
    size_t used;
    uint64_t end, end_hash; /* number and hash of all documents up to the end of the batch */
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
    uint64_t documents; /* read */
    XXH3_state_t *hash; /* of those documents */
    prepare_folder folder;
    bool has_journal;          /* the folder is kept for resuming */
    prepare_progress progress; /* of writing */
    double saved_at;           /* time of the last journal */
    /* Reading and writing run concurrently, each with an error of its own. */
    bert_status read_status, write_status;
    bert_error read_error, write_error;
} prepare;

bert_prepare_params bert_prepare_params_default(void)
{
    return (bert_prepare_params){
        .tokenizer_options = bert_tokenizer_options_default(),
        .reader_options = bert_reader_options_default(),
        .layout = BERT_LAYOUT_SENTENCES,
        .language = "en",
        .validation_fraction = 0.01,
        .seed = 42,
        .save_seconds = 2,
    };
}

/* --------------------------------------------------------------------- before the work starts */

static bert_status check_outputs(const char *prefix, bert_error *error)
{
    static const char *const endings[] = {".bin",
                                          ".sentences",
                                          ".idx",
                                          ".validation.bin",
                                          ".validation.sentences",
                                          ".validation.idx",
                                          ".json",
                                          ".tokenizer"};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && status == BERT_OK; i++) {
        char *path;
        TRY(path_format(&path, error, "%s%s", prefix, endings[i]));
        if (file_exists(path))
            status =
                error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                          "%s: exists already; choose another params->output, or replace it with "
                          "params->overwrite = true",
                          path);
        free(path);
    }
    return status;
}

/* Does not overwrite files of other programs that have the name of our .sentences file. */
static bert_status check_foreign(const char *prefix, bert_error *error)
{
    static const char *const endings[] = {".sentences", ".validation.sentences"};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && status == BERT_OK; i++) {
        char *path;
        file_map map = {0};
        TRY(path_format(&path, error, "%s%s", prefix, endings[i]));
        if (file_exists(path))
            status = file_map_open(&map, path, error);
        if (status == BERT_OK && map.size > 0 &&
            (map.size < SENTENCES_MAGIC_SIZE ||
             memcmp(map.data, SENTENCES_MAGIC, SENTENCES_MAGIC_SIZE) != 0))
            status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                               "%s: exists and was not written by bert prepare, which stores "
                               "sentence boundaries under this name; choose another params->output",
                               path);
        file_map_close(&map);
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
                     "threads' workspaces", error));
    for (int i = 0; i < prepare->threads; i++) {
        TRY(sentences_create(&prepare->workers[i].sentences, prepare->params->language, error));
        TRY(text_encoder_create(&prepare->workers[i].encoder, prepare->tokenizer, error));
    }
    prepare->chunks_per_batch = (size_t)prepare->threads * CHUNKS_PER_THREAD;
    if (prepare->chunks_per_batch > CHUNKS_MAX)
        prepare->chunks_per_batch = CHUNKS_MAX;
    for (int i = 0; i < BATCHES; i++)
        TRY(memory_array((void **)&prepare->batches[i].chunks, prepare->chunks_per_batch,
                         sizeof(text_chunk), "chunks of documents", error));
    return BERT_OK;
}

/* The hash of everything that the result depends on except the inputs, whose documents have a hash
 * of their own. */
static bert_status hash_settings(const prepare *prepare, uint64_t *hash, bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    text settings = {0};
    char *path = NULL;
    bert_status status;
    TRY_OR_GO(status, prepare_folder_path(&path, &prepare->folder, "tokenizer", error), done);
    TRY_OR_GO(status, directory_remove(path, error), done);
    TRY_OR_GO(status, directory_create(path, error), done);
    TRY_OR_GO(status, tokenizer_save(prepare->tokenizer, path, 0, error), done);
    free(path);
    TRY_OR_GO(status,
              prepare_folder_path(&path, &prepare->folder, "tokenizer/tokenizer.json", error),
              done);
    TRY_OR_GO(status, file_read(&settings, path, SIZE_MAX, error), done);
    TRY_OR_GO(status,
              text_format(&settings, error, "\n%s\n%s\n%s\n%a\n%llu\n", bert_version(),
                          bert_layout_name(params->layout), params->language,
                          params->validation_fraction, (unsigned long long)params->seed),
              done);
    TRY_OR_GO(status, corpus_append_settings(&prepare->corpus, &settings, error), done);
    *hash = XXH3_64bits(settings.data, settings.length);
done:
    free(path);
    text_free(&settings);
    return status;
}

/* Resumes an interrupted preparation; fails where its settings were different. */
static bert_status open_folder(prepare *prepare, bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    uint64_t settings_hash;
    TRY(prepare_folder_open(&prepare->folder, params->output, params->overwrite, &prepare->progress,
                            &prepare->has_journal, error));
    if (!params->overwrite && !prepare->progress.finished)
        TRY(check_outputs(params->output, error));
    if (!prepare->progress.finished)
        TRY(check_foreign(params->output, error));
    if (prepare->progress.finished)
        return BERT_OK;
    TRY(hash_settings(prepare, &settings_hash, error));
    if (prepare->has_journal && prepare->progress.settings_hash != settings_hash)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "%s: contains an interrupted preparation with other settings (tokenizer, "
            "text, borders, cleaning, sources, layout, language, validation or seed); repeat "
            "them to resume, or start over with params->overwrite = true",
            prepare->folder.path);
    prepare->progress.settings_hash = settings_hash;
    prepare->progress.layout = params->layout;
    return split_open(&prepare->split, prepare->folder.path, params->validation_fraction,
                      bert_tokenizer_vocab_size(prepare->tokenizer), params->layout,
                      &prepare->progress.split, error);
}

static bert_status start(prepare *prepare, bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    TRY(OPTIONS_CHECK(bert_prepare_params, params, error));
    bert_reader_options reader_options = params->reader_options;
    reader_options.seed = params->seed;
    TRY(corpus_open(&prepare->corpus, params->inputs, params->input_count, &reader_options, error));
    TRY(bert_tokenizer_load(&prepare->tokenizer, params->tokenizer, &params->tokenizer_options,
                            error));
    prepare->threads = threads_resolve(params->threads);
    TRY(create_workers(prepare, error));
    prepare->hash = XXH3_createState();
    if (!prepare->hash)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a hash of the documents");
    XXH3_64bits_reset(prepare->hash);
    TRY(create_parent(params->output, error));
    return open_folder(prepare, error);
}

static void release(prepare *prepare)
{
    for (int i = 0; prepare->workers && i < prepare->threads; i++) {
        sentences_free(prepare->workers[i].sentences);
        text_encoder_free(prepare->workers[i].encoder);
        bert_encoding_free(&prepare->workers[i].encoding);
    }
    free(prepare->workers);
    for (int i = 0; i < BATCHES; i++) {
        for (size_t j = 0; prepare->batches[i].chunks && j < prepare->chunks_per_batch; j++)
            text_chunk_free(&prepare->batches[i].chunks[j]);
        free(prepare->batches[i].chunks);
    }
    split_discard(&prepare->split);
    prepare_folder_close(&prepare->folder, !prepare->has_journal);
    XXH3_freeState(prepare->hash);
    text_free(&prepare->document);
    corpus_close(&prepare->corpus);
    bert_tokenizer_free(prepare->tokenizer);
}

/* -------------------------------------------------------------------------------- the pipeline */

static bert_status read_document(prepare *prepare, bool *found, bert_error *error)
{
    TRY(corpus_next(&prepare->corpus, &prepare->document, found, error));
    if (*found) {
        uint64_t length = prepare->document.length;
        XXH3_64bits_update(prepare->hash, &length, sizeof length);
        XXH3_64bits_update(prepare->hash, prepare->document.data, prepare->document.length);
        prepare->documents++;
    }
    return BERT_OK;
}

static bert_status read_batch(prepare *prepare, work_batch *batch, bert_error *error)
{
    size_t bytes = 0, most = prepare->chunks_per_batch * CHUNK_BYTES;
    for (batch->used = 0; batch->used < prepare->chunks_per_batch && bytes < most; batch->used++) {
        text_chunk *chunk = &batch->chunks[batch->used];
        text_chunk_clear(chunk);
        while (chunk->text.length < CHUNK_BYTES && !prepare->read_all) {
            bool found;
            TRY(read_document(prepare, &found, error));
            if (found)
                TRY(text_chunk_add_document(chunk, &prepare->document,
                                            prepare->corpus.origin.borders, prepare->documents - 1,
                                            error));
            prepare->read_all = !found;
        }
        bytes += chunk->text.length;
        if (chunk->document_count == 0)
            break;
    }
    batch->end = prepare->documents;
    batch->end_hash = XXH3_64bits_digest(prepare->hash);
    return BERT_OK;
}

static bert_status write_batch(prepare *prepare, const work_batch *batch, bert_error *error)
{
    for (size_t i = 0; i < batch->used; i++) {
        const text_chunk *chunk = &batch->chunks[i];
        if (chunk->status != BERT_OK)
            return error_set(error, chunk->status, "%s", chunk->error.message);
        TRY(split_add_chunk(&prepare->split, chunk, error));
        prepare->progress.unknown_tokens += chunk->unknown_tokens;
    }
    if (batch->used > 0) {
        prepare->progress.documents = batch->end;
        prepare->progress.documents_hash = batch->end_hash;
    }
    return BERT_OK;
}

static bert_status save_progress(prepare *prepare, bert_error *error)
{
    TRY(split_save(&prepare->split, &prepare->progress.split, error));
    TRY(prepare_journal_write(&prepare->folder, &prepare->progress, error));
    prepare->has_journal = true;
    prepare->saved_at = clock_seconds();
    return BERT_OK;
}

/* One step of the pipeline: reads one batch, encodes another and writes a third concurrently. */
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

static bert_status stopped(const prepare *prepare, bert_error *error)
{
    return error_set(error, BERT_ERROR_IO,
                     "%s: stopped after %llu documents; the same command resumes",
                     prepare->params->output, (unsigned long long)prepare->progress.documents);
}

/* The observer requests a stop: what is written is kept for resuming. */
static bert_status stop(prepare *prepare, bert_error *error)
{
    if (prepare->progress.documents == 0)
        return error_set(error, BERT_ERROR_IO, "%s: stopped before the end; nothing was written",
                         prepare->params->output);
    TRY(save_progress(prepare, error));
    return stopped(prepare, error);
}

static bert_status inputs_changed(const prepare *prepare, bert_error *error)
{
    return error_set(
        error, BERT_ERROR_INPUT,
        "%s: the inputs differ from those of the interrupted preparation (which read %llu "
        "documents); restore them to resume, or start over with params->overwrite = true",
        prepare->folder.path, (unsigned long long)prepare->progress.documents);
}

/* Reprocesses a document that was held back when the work was interrupted. */
static bert_status hold_again(prepare *prepare, size_t index, bert_error *error)
{
    text_chunk *chunk = &prepare->batches[0].chunks[0];
    text_chunk_clear(chunk);
    TRY(text_chunk_add_document(chunk, &prepare->document, prepare->corpus.origin.borders,
                                prepare->documents - 1, error));
    text_chunk_process(chunk, prepare->tokenizer, prepare->params->seed, &prepare->workers[0]);
    if (chunk->status != BERT_OK)
        return error_set(error, chunk->status, "%s", chunk->error.message);
    if (chunk->documents[0].count == 0)
        return inputs_changed(prepare, error);
    return split_hold_again(&prepare->split, index, chunk, error);
}

/* Skips the documents that an earlier call has finished, by reading them again. */
static bert_status skip_finished(prepare *prepare, const bert_observer *observer, bert_error *error)
{
    const split_state *then = &prepare->progress.split;
    if (!prepare->has_journal)
        return BERT_OK;
    while (prepare->documents < prepare->progress.documents) {
        bool found;
        TRY(read_document(prepare, &found, error));
        if (!found)
            return inputs_changed(prepare, error);
        for (size_t i = 0; i < then->held_count; i++)
            if (then->held[i] == prepare->documents - 1)
                TRY(hold_again(prepare, i, error));
        if (observer_should_stop(observer)) /* the journal is unchanged */
            return stopped(prepare, error);
    }
    if (XXH3_64bits_digest(prepare->hash) != prepare->progress.documents_hash)
        return inputs_changed(prepare, error);
    observer_message(observer, BERT_MESSAGE_INFO, "%s: resuming after %llu finished documents",
                     prepare->params->output, (unsigned long long)prepare->documents);
    return BERT_OK;
}

static bert_status run_pipeline(prepare *prepare, const bert_observer *observer, bert_error *error)
{
    work_batch *batches = prepare->batches;
    prepare->saved_at = clock_seconds();
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
            return stop(prepare, error);
        if (to_write->used > 0 &&
            clock_seconds() - prepare->saved_at >= prepare->params->save_seconds)
            TRY(save_progress(prepare, error));
        if (prepare->read_all && to_read->used == 0 && to_encode->used == 0)
            return BERT_OK;
    }
}

/* ---------------------------------------------------------------------------------- the outputs */

/* A hash of the whole vocabulary: its tokens in the order of their ids. */
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

/* What ends documents and sentences; null: what the format says. */
static json_t *borders_to_json(const bert_reader_options *options)
{
    return json_pack("{s:s?, s:s?, s:s}", "document_separator",
                     bert_document_separator_name(options->document_separator), "document_column",
                     options->document_column, "sentence_separator",
                     bert_sentence_separator_name(options->sentence_separator));
}

static bert_status write_description(const prepare *prepare, const bert_prepare_result *result,
                                     bert_error *error)
{
    const bert_prepare_params *params = prepare->params;
    char *path;
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
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:f, s:I, s:{s:I, s:s}, s:o, s:o, s:I, s:I, s:I}",
        "format", "Megatron-LM indexed dataset", "layout", bert_layout_name(params->layout),
        "bert_version", bert_version(), "inputs", inputs, "corpus",
        corpus_counts_to_json(&result->corpus), "borders", borders_to_json(&params->reader_options),
        "language", params->language, "validation_fraction", params->validation_fraction, "seed",
        (json_int_t)params->seed, "vocabulary", "size",
        (json_int_t)bert_tokenizer_vocab_size(prepare->tokenizer), "xxh3_64", hash_text, "train",
        counts_to_json(&result->train), "validation", counts_to_json(&result->validation), "bytes",
        (json_int_t)result->bytes, "invalid_bytes", (json_int_t)result->invalid_bytes,
        "unknown_tokens", (json_int_t)result->unknown_tokens);
    if (!value)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for the description of the data");
    bert_status status = prepare_folder_path(&path, &prepare->folder, "description.json", error);
    if (status == BERT_OK) {
        status = json_write(value, path, error);
        free(path);
    }
    json_decref(value);
    return status;
}

static bert_status publish(prepare *prepare, bert_error *error)
{
    TRY(prepare_folder_publish(&prepare->folder, prepare->progress.result.validation.documents > 0,
                               (bert_layout)prepare->progress.layout, error));
    prepare->has_journal = false; /* the folder may be removed */
    return BERT_OK;
}

/* Files get their final names only when all are finished; after the last journal, only renames
 * remain. */
static bert_status commit(prepare *prepare, const bert_prepare_result *result, bert_error *error)
{
    prepare_progress *progress = &prepare->progress;
    TRY(write_description(prepare, result, error));
    TRY(split_commit(&prepare->split, error));
    progress->finished = true;
    progress->result = *result;
    TRY(prepare_journal_write(&prepare->folder, progress, error));
    prepare->has_journal = true;
    return publish(prepare, error);
}

static bert_status end_split(prepare *prepare, const bert_observer *observer, bert_error *error)
{
    const split *split = &prepare->split;
    int moved;
    TRY(split_end(&prepare->split, &moved, error));
    if (split->documents == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no tokens: the tokenizer removes all of the text",
                         prepare->params->inputs[0]);
    if (split->train_counts.documents == 0)
        return error_set(
            error, BERT_ERROR_INPUT,
            "all of the %llu documents went to validation; lower params->validation_fraction",
            (unsigned long long)split->documents);
    if (moved > 0)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "validation has %d of %llu documents, %d more than the fraction of %g "
                         "gives: sentence pairs need at least two",
                         SPLIT_MINIMUM, (unsigned long long)split->documents, moved,
                         split->fraction);
    if (split->fraction > 0 && split->validation_counts.documents == 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%llu %s too few for a validation split ("
                         "options->document_separator says what a document is)",
                         (unsigned long long)split->documents,
                         split->documents == 1 ? "document is" : "documents are");
    return BERT_OK;
}

bert_status bert_prepare(const bert_prepare_params *params, bert_prepare_result *result,
                         const bert_observer *observer, bert_error *error)
{
    prepare prepare = {.params = params, .folder = {.descriptor = -1}};
    bert_prepare_result counted;
    bert_status status;
    TRY_OR_GO(status, start(&prepare, error), done);
    tokenizer_warn(prepare.tokenizer, params->tokenizer, observer);
    if (prepare.progress.finished) {
        counted = prepare.progress.result;
        TRY_OR_GO(status, publish(&prepare, error), done);
    } else {
        TRY_OR_GO(status, skip_finished(&prepare, observer, error), done);
        TRY_OR_GO(status, run_pipeline(&prepare, observer, error), done);
        TRY_OR_GO(status, end_split(&prepare, observer, error), done);
        corpus_warn(&prepare.corpus, observer);
        counted = (bert_prepare_result){
            .train = prepare.split.train_counts,
            .validation = prepare.split.validation_counts,
            .bytes = corpus_bytes_read(&prepare.corpus),
            .invalid_bytes = corpus_invalid_bytes(&prepare.corpus),
            .unknown_tokens = prepare.progress.unknown_tokens,
        };
        corpus_count(&prepare.corpus, &counted.corpus);
        TRY_OR_GO(status, commit(&prepare, &counted, error), done);
    }
    TRY_OR_GO(status,
              data_warn_prepared(params->output, counted.validation.documents > 0, params->seed,
                                 prepare.threads, observer, error),
              done);
    if (result)
        *result = counted;
done:
    release(&prepare);
    return status;
}
