/* Prepared data of any content, or pre-tokenized ids in an Arrow file of any content (FUZZ_ROWS):
 * it opens or is refused with a message that names it, and batches of what opens are sound,
 * whatever the scheme. Prepared data come as a byte for the scheme, one for the unit of masks and
 * the length, two for the size of the .idx, two for that of the .sentences (0: there is none), the
 * .idx, the .sentences, and the .bin. The checksum of the .sentences is made to fit. */
#include "fuzz.h"

#include "dataset/pretokenized.h"
#include "dataset/sampler.h"

#include <sys/stat.h>

enum { VOCABULARY = 64, SAMPLES = 4 };

static bert_tokenizer *tokenizer;

static void load_tokenizer(void)
{
    text vocabulary = {0};
    bert_error error;
    text_format(&vocabulary, NULL, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int id = 5; id < VOCABULARY; id++)
        text_format(&vocabulary, NULL, id % 3 ? "t%d\n" : "##t%d\n", id);
    const char *path = fuzz_write_file("vocab.txt", vocabulary.data, vocabulary.length);
    if (bert_tokenizer_load(&tokenizer, path, NULL, &error) != BERT_OK)
        fuzz_fail(error.message);
    unlink(path);
    text_free(&vocabulary);
}

static void check_batch(const batch *batch, int longest)
{
    const int32_t *starts = batch->sequence_starts;
    for (int i = 0; i < batch->token_count; i++)
        if (batch->tokens[i] < 0 || batch->tokens[i] >= VOCABULARY || batch->token_types[i] > 1)
            fuzz_fail("a token that is none");
    for (int i = 0; i < batch->sequence_count; i++)
        if (starts[i + 1] <= starts[i] || starts[i + 1] - starts[i] > longest ||
            batch->next_sentence_labels[i] > 1)
            fuzz_fail("a sample that is none");
    if (starts[0] != 0 || starts[batch->sequence_count] != batch->token_count)
        fuzz_fail("samples that do not make up the batch");
    for (int i = 0; i < batch->masked_count; i++)
        if (batch->masked_positions[i] < 0 || batch->masked_positions[i] >= batch->token_count ||
            batch->masked_labels[i] < 0 || batch->masked_labels[i] >= VOCABULARY)
            fuzz_fail("a mask that is none");
}

static void must_say(bert_status status, const bert_error *error, const char *part)
{
    if (status != BERT_OK && (error->status != status || !strstr(error->message, part)))
        fuzz_fail("refused without saying so");
}

static void draw(sampler *sampler, int longest)
{
    static const uint64_t firsts[] = {0, 5, 1000};
    batch batch;
    bert_error error = {0};
    if (batch_create(&batch, SAMPLES * sampler_max_tokens(sampler), SAMPLES,
                     SAMPLES * sampler_max_masked(sampler), &error) != BERT_OK)
        fuzz_fail(error.message);
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        bert_status status = sampler_fill(sampler, firsts[i], SAMPLES, &batch, &error);
        must_say(status, &error, "bert-fuzz");
        if (status == BERT_OK)
            check_batch(&batch, longest);
    }
    batch_free(&batch);
}

static void draw_samples(const dataset *data, const sample_scheme *scheme, uint8_t choice)
{
    sampler_settings settings = {.scheme = scheme,
                                 .max_seq_length = 8 + choice % 25,
                                 .short_seq_probability = 0.1,
                                 .mlm_probability = 0.15,
                                 .mask_unit = (bert_mask_unit)(choice / 25 % 3),
                                 .seed = 1,
                                 .shuffle = choice % 2};
    sampler *sampler;
    bert_error error = {0};
    bert_status status = sampler_create(&sampler, data, tokenizer, &settings, &error);
    must_say(status, &error, "");
    if (status != BERT_OK)
        return;
    draw(sampler, settings.max_seq_length);
    sampler_free(sampler);
}

#ifdef FUZZ_ROWS

static char folder[256];

static void remove_folder(void)
{
    rmdir(folder);
}

static void make_folder(void)
{
    const char *path = fuzz_write_file("rows", "", 0);
    unlink(path);
    snprintf(folder, sizeof folder, "%s", path);
    if (mkdir(folder, 0700) != 0 || atexit(remove_folder) != 0)
        fuzz_fail("cannot make a folder");
    setenv("TMPDIR", "/dev/shm", 0); /* what is made of the rows goes there */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!tokenizer) {
        load_tokenizer();
        make_folder();
    }
    const char *path = fuzz_write_file("rows/ids.arrow", data, size);
    dataset rows;
    bert_error error = {0};
    pretokenized_files files;
    bert_status status = pretokenized_files_find(&files, folder, PRETOKENIZED_TRAIN, &error);
    if (status == BERT_OK)
        status = pretokenized_open(&rows, &files, false, tokenizer, &error);
    pretokenized_files_free(&files);
    must_say(status, &error, folder);
    if (status == BERT_OK) {
        draw_samples(&rows, &scheme_segment_pairs, (uint8_t)size);
        draw_samples(&rows, &scheme_sentences, (uint8_t)size);
        dataset_close(&rows);
    }
    unlink(path);
    return 0;
}

#else

#include <xxhash.h>

static const sample_scheme *const schemes[] = {&scheme_segment_pairs, &scheme_sentence_pairs,
                                               &scheme_sentences,     &scheme_chunks,
                                               &scheme_stream,        &scheme_documents};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

/* The next `size` bytes of the input, or all that there are. */
static const uint8_t *take(const uint8_t **data, size_t *left, size_t *size)
{
    const uint8_t *taken = *data;
    if (*size > *left)
        *size = *left;
    *data += *size;
    *left -= *size;
    return taken;
}

static void write_sentences(const uint8_t *data, size_t size)
{
    if (size < sizeof(XXH64_hash_t))
        return;
    char *copy = fuzz_copy(data, size);
    size_t checked = size - sizeof(XXH64_hash_t);
    XXH64_hash_t checksum = XXH3_64bits(copy, checked);
    memcpy(copy + checked, &checksum, sizeof checksum);
    fuzz_write_file("data.sentences", copy, size);
    free(copy);
}

static void remove_files(const char *prefix)
{
    static const char *const endings[] = {"idx", "sentences", "bin"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s.%s", prefix, endings[i]);
        unlink(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 6 };
    if (!tokenizer)
        load_tokenizer();
    if (size < HEAD)
        return 0;
    const sample_scheme *scheme = schemes[data[0] % SCHEMES];
    uint8_t choice = data[1];
    size_t index_size = (size_t)(data[2] | data[3] << 8);
    size_t sentences_size = (size_t)(data[4] | data[5] << 8);
    data += HEAD, size -= HEAD;
    const uint8_t *index = take(&data, &size, &index_size);
    const uint8_t *sentences = take(&data, &size, &sentences_size);
    char prefix[256];
    snprintf(prefix, sizeof prefix, "%s", fuzz_write_file("data.idx", index, index_size));
    prefix[strlen(prefix) - strlen(".idx")] = '\0';
    write_sentences(sentences, sentences_size);
    fuzz_write_file("data.bin", data, size);
    dataset prepared;
    bert_error error = {0};
    bert_status status = dataset_open(&prepared, prefix, &error);
    must_say(status, &error, prefix);
    if (status == BERT_OK) {
        status = dataset_check(&prepared, &error);
        must_say(status, &error, prefix);
        draw_samples(&prepared, scheme, choice);
        dataset_close(&prepared);
    }
    remove_files(prefix);
    return 0;
}

#endif
