#include "dataset/sampler.h"

#include "base/memory.h"
#include "base/threads.h"
#include "dataset/sample_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLES = 2, /* the current epoch and the previous or next one */
    MIN_SEQ_LENGTH = 8,
    MAX_SEQ_LENGTH = 1 << 20,
    TOKENS_CHECKED_AT_START = 1 << 20,
};

struct sampler {
    const dataset *data;
    sampler_settings settings;
    tokenizer_special_ids special;
    sample_settings drawing;
    sample_blocks blocks;
    masking masking;
    sample sample; /* being drawn; guarded by the lock */
    int threads;   /* OpenMP threads of the creator, for building tables */

    pthread_mutex_t lock; /* guards everything below and the workspace of masking */
    sample_table tables[TABLES];
    int last_used;        /* this table is kept when another is built */
    uint64_t *epoch_ends; /* [epochs_known] samples in all epochs up to and including this one */
    size_t epochs_known, epochs_capacity;
};

static bert_status check_settings(const sampler_settings *settings, bert_error *error)
{
    if (settings->max_seq_length < MIN_SEQ_LENGTH || settings->max_seq_length > MAX_SEQ_LENGTH)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "max_seq_length is %d, expected %d to %d", settings->max_seq_length,
                         MIN_SEQ_LENGTH, MAX_SEQ_LENGTH);
    if (!(settings->short_seq_probability >= 0 && settings->short_seq_probability <= 1))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "short_seq_probability is %g, expected 0 to 1",
                         settings->short_seq_probability);
    if (!(settings->mlm_probability > 0 && settings->mlm_probability < 1))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "mlm_probability is %g, expected more than 0 and less than 1",
                         settings->mlm_probability);
    return BERT_OK;
}

static bert_status check_documents(const dataset *data, const sampler_settings *settings,
                                   bert_error *error)
{
    uint64_t with_sentences = dataset_filled_documents(data, 2);
    if (with_sentences == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: no documents", data->prefix);
    if (settings->scheme->has_pairs && with_sentences < 2 && !data->is_pretokenized)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: one document, but sentence pairs need at least two (B is drawn from "
                         "another one); prepare more (options->document_separator says what a "
                         "document is), or train with params->next_sentence_prediction = false",
                         data->prefix);
    return BERT_OK;
}

/* The rows of pre-tokenized data are the samples: `scheme` only decides whether their labels are
 * used. */
static bert_status choose_scheme(const dataset *data, const sample_scheme **scheme,
                                 bert_error *error)
{
    if (!data->is_pretokenized)
        return BERT_OK;
    if (*scheme != &scheme_segment_pairs && *scheme != &scheme_sentences)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: a pre-tokenized data set, whose rows are the samples; \"%s\" needs "
                         "data of bert prepare",
                         data->prefix, (*scheme)->name);
    if ((*scheme)->has_pairs && !data->labels)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no column next_sentence_label; train on it with "
                         "params->next_sentence_prediction = false",
                         data->prefix);
    *scheme = (*scheme)->has_pairs ? &scheme_ready_pairs : &scheme_ready_segments;
    return BERT_OK;
}

/* `tokens` are the ids from token `first` of the data on. */
static bert_status check_ids(const sampler *sampler, const int32_t *tokens, int count,
                             uint64_t first, bert_error *error)
{
    uint32_t vocab_size = (uint32_t)sampler->masking.vocab_size, largest = 0;
    for (int i = 0; i < count; i++)
        largest = (uint32_t)tokens[i] > largest ? (uint32_t)tokens[i] : largest;
    if (largest < vocab_size)
        return BERT_OK;
    int i = 0;
    while ((uint32_t)tokens[i] < vocab_size)
        i++;
    const dataset_shard *shard = dataset_shard_of_token(sampler->data, first + (unsigned)i);
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.bin: token %llu is %d, but the vocabulary has %u ids; the data was "
                     "prepared with another tokenizer, or is damaged",
                     shard->file.prefix,
                     (unsigned long long)(first - shard->first_token) + (unsigned)i, (int)tokens[i],
                     vocab_size);
}

static bert_status check_first_ids(const sampler *sampler, bert_error *error)
{
    int32_t piece[4096];
    uint64_t end = sampler->data->token_count;
    if (end > TOKENS_CHECKED_AT_START)
        end = TOKENS_CHECKED_AT_START;
    for (uint64_t first = 0; first < end;) {
        int count = end - first < 4096 ? (int)(end - first) : 4096;
        dataset_tokens(sampler->data, first, (size_t)count, piece);
        TRY(check_ids(sampler, piece, count, first, error));
        first += (uint64_t)count;
    }
    return BERT_OK;
}

bert_status sampler_create(sampler **out, const dataset *data, const bert_tokenizer *tokenizer,
                           const sampler_settings *settings, bert_error *error)
{
    *out = NULL;
    sampler_settings chosen = *settings;
    settings = &chosen;
    TRY(check_settings(settings, error));
    TRY(dataset_check(data, error));
    TRY(choose_scheme(data, &chosen.scheme, error));
    TRY(check_documents(data, settings, error));
    sampler *sampler;
    TRY(memory_array((void **)&sampler, 1, sizeof *sampler, "the sampler", error));
    pthread_mutex_init(&sampler->lock, NULL);
    sampler->data = data;
    sampler->settings = *settings;
    sampler->special = tokenizer_special(tokenizer);
    sampler->threads = threads_count();
    sampler->drawing = (sample_settings){
        .scheme = settings->scheme,
        .token_limit = scheme_token_limit(settings->scheme, settings->max_seq_length),
        .short_seq_probability = settings->short_seq_probability,
        .seed = settings->seed,
    };
    size_t parts = (size_t)scheme_parts(settings->scheme, sampler->drawing.token_limit);
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&sampler->sample.parts, parts, sizeof *sampler->sample.parts,
                           "the segments of a sample", error),
              failed);
    TRY_OR_GO(status, sample_blocks_create(&sampler->blocks, data, error), failed);
    TRY_OR_GO(status,
              masking_create(&sampler->masking, tokenizer, settings->mask_unit,
                             settings->mlm_probability, settings->max_seq_length, error),
              failed);
    TRY_OR_GO(status, check_first_ids(sampler, error), failed);
    *out = sampler;
    return BERT_OK;
failed:
    sampler_free(sampler);
    return status;
}

void sampler_free(sampler *sampler)
{
    if (!sampler)
        return;
    for (int i = 0; i < TABLES; i++)
        sample_table_free(&sampler->tables[i]);
    sample_blocks_free(&sampler->blocks);
    masking_free(&sampler->masking);
    free(sampler->sample.parts);
    free(sampler->epoch_ends);
    pthread_mutex_destroy(&sampler->lock);
    free(sampler);
}

const sample_settings *sampler_drawing(const sampler *sampler)
{
    return &sampler->drawing;
}

int sampler_max_tokens(const sampler *sampler)
{
    return sampler->settings.max_seq_length;
}

int sampler_max_masked(const sampler *sampler)
{
    return sampler->masking.limit;
}

/* --------------------------------------------------------------------------------- epochs --- */
/* The functions below are called with the lock held. */

static bert_status find_table(sampler *sampler, uint64_t epoch, const sample_table **out,
                              bert_error *error)
{
    epoch = sampler->settings.first_epoch + (sampler->settings.is_static ? 0 : epoch);
    for (int i = 0; i < TABLES; i++)
        if (sampler->tables[i].built && sampler->tables[i].epoch == epoch) {
            sampler->last_used = i;
            *out = &sampler->tables[i];
            return BERT_OK;
        }
    int oldest = (sampler->last_used + 1) % TABLES;
    sample_table *table = &sampler->tables[oldest];
    sample_table_free(table);
    TRY(sample_table_build(table, sampler->data, &sampler->blocks, &sampler->drawing, epoch,
                           sampler->threads, error));
    *out = table;
    if (table->size == 0) {
        sample_table_free(table);
        if (sampler->data->is_weighted)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: no samples in an epoch: the weights are too small for so few "
                             "documents",
                             sampler->data->prefix);
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no samples: no document has two sentences for a pair; prepare with "
                         "the borders that the text has (options->document_separator, "
                         "options->sentence_separator), or train with "
                         "params->next_sentence_prediction = false",
                         sampler->data->prefix);
    }
    sampler->last_used = oldest;
    return BERT_OK;
}

static bert_status locate(sampler *sampler, uint64_t number, uint64_t *epoch, uint64_t *index,
                          bert_error *error)
{
    while (sampler->epochs_known == 0 || sampler->epoch_ends[sampler->epochs_known - 1] <= number) {
        size_t known = sampler->epochs_known;
        const sample_table *table;
        TRY(memory_grow((void **)&sampler->epoch_ends, &sampler->epochs_capacity, known + 1,
                        sizeof(uint64_t), "the sizes of the epochs", error));
        TRY(find_table(sampler, known, &table, error));
        sampler->epoch_ends[known] = table->size + (known ? sampler->epoch_ends[known - 1] : 0);
        sampler->epochs_known++;
    }
    size_t low = 0,
           high = sampler->epochs_known - 1; /* finds the first one that ends after the number */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sampler->epoch_ends[middle] <= number)
            low = middle + 1;
        else
            high = middle;
    }
    *epoch = low;
    *index = number - (low ? sampler->epoch_ends[low - 1] : 0);
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- samples --- */

/* Appends a segment of a sample and, with `has_sep`, its [SEP]. */
static bert_status append_part(const sampler *sampler, batch *batch, const sample_part *part,
                               bool has_sep, bert_error *error)
{
    int start = batch->token_count;
    int32_t *tokens = &batch->tokens[start];
    dataset_tokens(sampler->data, part->first, (size_t)part->count, tokens);
    TRY(check_ids(sampler, tokens, part->count, part->first, error));
    if (has_sep)
        tokens[part->count] = sampler->special.sep;
    batch->token_count += part->count + has_sep;
    memset(&batch->token_types[start], part->type, (size_t)(part->count + has_sep));
    return BERT_OK;
}

static bert_status check_room(const sampler *sampler, const batch *batch, bert_error *error)
{
    const sample *sample = &sampler->sample;
    int tokens = 1 + sample->part_count; /* [CLS] and the [SEP]s */
    for (int i = 0; i < sample->part_count; i++)
        tokens += sample->parts[i].count;
    tokens -= !!(sample->frame & ROW_WITHOUT_CLS) + !!(sample->frame & ROW_WITHOUT_SEP);
    if (batch->sequence_count < batch->sequence_capacity &&
        batch->token_capacity - batch->token_count >= tokens &&
        batch->masked_capacity - batch->masked_count >= sampler->masking.limit)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "a batch of at most %d sequences, %d tokens and %d predictions is too small",
                     batch->sequence_capacity, batch->token_capacity, batch->masked_capacity);
}

static bert_status append_sample(sampler *sampler, batch *batch, uint64_t number, bert_error *error)
{
    const sample *sample = &sampler->sample;
    TRY(check_room(sampler, batch, error));
    int sequence = batch->sequence_count++;
    batch->sample_numbers[sequence] = number;
    batch->next_sentence_labels[sequence] = sample->next_sentence_label;
    if (!(sample->frame & ROW_WITHOUT_CLS)) {
        batch->token_types[batch->token_count] = 0;
        batch->tokens[batch->token_count++] = sampler->special.cls;
    }
    for (int i = 0; i < sample->part_count; i++) {
        bool is_last = i + 1 == sample->part_count;
        bool has_sep = !is_last || !(sample->frame & ROW_WITHOUT_SEP);
        TRY(append_part(sampler, batch, &sample->parts[i], has_sep, error));
    }
    batch->sequence_starts[sequence + 1] = batch->token_count;
    return BERT_OK;
}

static void mask_last_sample(sampler *sampler, batch *batch, random_stream *stream)
{
    int start = batch->sequence_starts[batch->sequence_count - 1];
    batch->masked_count += masking_apply(
        &sampler->masking, stream, &batch->tokens[start], batch->token_count - start, start,
        &batch->masked_positions[batch->masked_count], &batch->masked_labels[batch->masked_count]);
}

/* Appends the sample at `position` of an epoch, with its number in the run. */
static bert_status add_sample(sampler *sampler, uint64_t epoch, uint64_t position, uint64_t number,
                              batch *batch, bert_error *error)
{
    const sampler_settings *settings = &sampler->settings;
    const sample_table *table;
    TRY(find_table(sampler, epoch, &table, error));
    uint64_t index = position;
    if (settings->shuffle)
        index = random_permutation(settings->seed, settings->first_epoch + epoch, table->size,
                                   position);
    sample_start start =
        sample_table_start(table, sampler->data, &sampler->blocks, &sampler->drawing, index);
    sampler->drawing.order = sampler->data->is_weighted ? &table->order : NULL;
    settings->scheme->draw(sampler->data, &sampler->drawing, start, &sampler->sample);
    TRY(append_sample(sampler, batch, number, error));
    random_stream stream = random_stream_start(settings->seed, RANDOM_MASKING, table->epoch, index);
    mask_last_sample(sampler, batch, &stream);
    return BERT_OK;
}

static bert_status fill(sampler *sampler, uint64_t first, int count, batch *batch,
                        bert_error *error)
{
    batch->token_count = batch->sequence_count = batch->masked_count = 0;
    batch->sequence_starts[0] = 0;
    for (int i = 0; i < count; i++) {
        uint64_t number = first + (uint64_t)i, epoch, position;
        TRY(locate(sampler, number, &epoch, &position, error));
        TRY(add_sample(sampler, epoch, position, number, batch, error));
    }
    return BERT_OK;
}

bert_status sampler_fill(sampler *sampler, uint64_t first, int count, batch *batch,
                         bert_error *error)
{
    pthread_mutex_lock(&sampler->lock);
    bert_status status = fill(sampler, first, count, batch, error);
    pthread_mutex_unlock(&sampler->lock);
    return status;
}

bert_status sampler_epoch_size(sampler *sampler, uint64_t epoch, uint64_t *samples,
                               bert_error *error)
{
    const sample_table *table;
    pthread_mutex_lock(&sampler->lock);
    bert_status status = find_table(sampler, epoch, &table, error);
    if (status == BERT_OK)
        *samples = table->size;
    pthread_mutex_unlock(&sampler->lock);
    return status;
}

bert_status sampler_locate(sampler *sampler, uint64_t number, uint64_t *epoch, uint64_t *index,
                           bert_error *error)
{
    pthread_mutex_lock(&sampler->lock);
    bert_status status = locate(sampler, number, epoch, index, error);
    pthread_mutex_unlock(&sampler->lock);
    return status;
}
