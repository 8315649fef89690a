/* Batches of real text for bench/against-pytorch, in the format that both sides read.
 *
 *     sample_batches PREFIX OUT.safetensors SEQUENCES MAX_SEQ_LENGTH pairs|sentences
 *
 * `pairs`: the first samples of `bert pretrain`, masked sentence pairs of natural length.
 * `sentences`: sentences spread evenly over the text, each a sequence between [CLS] and [SEP],
 * truncated at MAX_SEQ_LENGTH, without predictions. */
#include "dataset/sampler.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bert_status status, const bert_error *error)
{
    if (status == BERT_OK)
        return;
    fprintf(stderr, "sample_batches: %s\n", error->message);
    exit(1);
}

static void fill_pairs(batch *batch, const dataset *data, const bert_tokenizer *tokenizer,
                       int sequences, int length)
{
    const sampler_settings settings = {.scheme = &scheme_segment_pairs,
                                       .max_seq_length = length,
                                       .short_seq_probability = 0.1,
                                       .mlm_probability = 0.15,
                                       .seed = 42,
                                       .shuffle = true};
    bert_error error;
    sampler *sampler;
    require(sampler_create(&sampler, data, tokenizer, &settings, &error), &error);
    require(batch_create(batch, sequences * length, sequences,
                         sequences * sampler_max_masked(sampler), &error),
            &error);
    require(sampler_fill(sampler, 0, sequences, batch, &error), &error);
    sampler_free(sampler);
}

static void fill_sentences(batch *batch, const dataset *data, const bert_tokenizer *tokenizer,
                           int sequences, int length)
{
    const tokenizer_special_ids special = tokenizer_special(tokenizer);
    bert_error error;
    require(dataset_check(data, &error), &error);
    require(batch_create(batch, sequences * length, sequences, 0, &error), &error);
    for (int i = 0; i < sequences; i++) {
        uint64_t sentence = (uint64_t)i * data->sentence_count / (uint64_t)sequences;
        int room = length - 2, count = (int)dataset_sentence_length(data, sentence);
        count = count < room ? count : room;
        int32_t *out = batch->tokens + batch->token_count;
        batch->sequence_starts[i] = batch->token_count;
        out[0] = special.cls;
        dataset_tokens(data, dataset_token_start(data, sentence), (size_t)count, out + 1);
        out[count + 1] = special.sep;
        batch->token_count += count + 2;
    }
    batch->sequence_starts[sequences] = batch->token_count;
    batch->sequence_count = sequences;
    memset(batch->token_types, 0, (size_t)batch->token_count);
    memset(batch->next_sentence_labels, 0, (size_t)sequences);
}

static safetensors_tensor tensor(const char *name, safetensors_type type, const void *data,
                                 int count)
{
    uint64_t size = type == SAFETENSORS_U8 ? 1 : 4;
    return (safetensors_tensor){name, type, 1, {(uint64_t)count}, data, (uint64_t)count * size};
}

int main(int argc, char **argv)
{
    bool pairs = argc == 6 && strcmp(argv[5], "pairs") == 0;
    int sequences = argc == 6 ? atoi(argv[3]) : 0, length = argc == 6 ? atoi(argv[4]) : 0;
    if (sequences < 1 || length < 8 || (!pairs && strcmp(argv[5], "sentences") != 0)) {
        fprintf(stderr, "usage: sample_batches PREFIX OUT.safetensors SEQUENCES MAX_SEQ_LENGTH "
                        "pairs|sentences\n");
        return 2;
    }
    bert_error error;
    dataset data;
    char *directory;
    bert_tokenizer *tokenizer;
    batch batch;
    require(dataset_open(&data, argv[1], &error), &error);
    require(dataset_tokenizer_directory(&directory, argv[1], &error), &error);
    require(bert_tokenizer_load(&tokenizer, directory, NULL, &error), &error);
    (pairs ? fill_pairs : fill_sentences)(&batch, &data, tokenizer, sequences, length);
    const safetensors_tensor tensors[] = {
        tensor("tokens", SAFETENSORS_I32, batch.tokens, batch.token_count),
        tensor("token_types", SAFETENSORS_U8, batch.token_types, batch.token_count),
        tensor("sequence_starts", SAFETENSORS_I32, batch.sequence_starts, sequences + 1),
        tensor("masked_positions", SAFETENSORS_I32, batch.masked_positions, batch.masked_count),
        tensor("masked_labels", SAFETENSORS_I32, batch.masked_labels, batch.masked_count),
        tensor("next_sentence_labels", SAFETENSORS_U8, batch.next_sentence_labels, sequences),
    };
    require(safetensors_write(argv[2], tensors, sizeof tensors / sizeof *tensors, NULL, 0, &error),
            &error);
    batch_free(&batch);
    bert_tokenizer_free(tokenizer);
    free(directory);
    dataset_close(&data);
    return 0;
}
