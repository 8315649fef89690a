/* Which data --data names, and the effect of weights. */
#include "made_folder.h"

#include "dataset/data_sources.h"
#include "dataset/weights.h"

#include <sys/stat.h>

static int ten_sentences(int document)
{
    (void)document;
    return 10;
}

static int five_tokens(int document, int sentence)
{
    (void)document;
    (void)sentence;
    return 5;
}

enum { DOCUMENTS = 200, VOCABULARY = 40005 };

/* Writes prepared files without a tokenizer; ids are document numbers, from `first` on. */
static void make(const char *name, int first, int count)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    made_part(path, VOCABULARY, BERT_LAYOUT_DOCUMENTS, 0, count, (uint64_t)first * 50,
              ten_sentences, five_tokens);
}

/* "%s" in the format is the test's folder. */
static bert_status find(data_sources *sources, const char *format, bert_error *error)
{
    char text[4096];
    snprintf(text, sizeof text, format, directory, directory, directory);
    return data_sources_find(sources, text, error);
}

static void assert_finds(const char *format, const char *expected)
{
    data_sources sources;
    char found[1024] = "";
    assert_ok(find(&sources, format, error));
    for (size_t i = 0; i < sources.count; i++) {
        size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s*%g ",
                 sources.items[i].prefix + strlen(directory) + 1, sources.items[i].weight);
    }
    assert_string_equal(found, expected);
    data_sources_free(&sources);
}

static void test_names(void **state)
{
    (void)state;
    char folder[300];
    snprintf(folder, sizeof folder, "%s/folder", directory);
    assert_int_equal(mkdir(folder, 0777), 0);
    static const char *const names[] = {"b",          "b.validation", "a",
                                        "a-1",        "folder/y",     "folder/x",
                                        "folder/x-2", "odd:2",        "folder/x.validation"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make(names[i], 0, 2);
    assert_finds("%s/b", "b*1 ");
    assert_finds("%s/b\n%s/a", "b*1 a*1 ");
    assert_finds("%s/b:0.25\n%s/a", "b*0.25 a*1 ");
    assert_finds("%s/odd:2", "odd:2*1 ");
    assert_finds("%s/odd:2:3", "odd:2*3 ");
    assert_finds("%s/[ab]*", "a*1 a-1*1 b*1 ");
    assert_finds("%s/a*:2.5\n%s/b", "a*2.5 a-1*2.5 b*1 ");
    assert_finds("%s/folder", "folder/x*1 folder/x-2*1 folder/y*1 ");
    assert_finds("%s/folder/:3\n%s/b", "folder/x*3 folder/x-2*3 folder/y*3 b*1 ");

    data_sources sources;
    assert_ok(find(&sources, "%s/absent", error)); /* reported when opened */
    data_sources_free(&sources);
    assert_fails(find(&sources, "%s/absent*", error), BERT_ERROR_IO,
                 "no prepared data matches this pattern");
    assert_fails(find(&sources, "%s/b\n%s/b", error), BERT_ERROR_INVALID_ARGUMENT,
                 "given twice as data");
    assert_fails(find(&sources, "%s/b\n%s/*", error), BERT_ERROR_INVALID_ARGUMENT,
                 "given twice as data");
    assert_fails(find(&sources, "%s/b:0", error), BERT_ERROR_INVALID_ARGUMENT,
                 "weight 0, expected more");
    assert_fails(find(&sources, "%s/b:nan", error), BERT_ERROR_INVALID_ARGUMENT, "weight nan");
    assert_fails(find(&sources, "%s/b:1001", error), BERT_ERROR_INVALID_ARGUMENT, "at most 1000");
    assert_fails(find(&sources, "\n", error), BERT_ERROR_INVALID_ARGUMENT, "params->data is empty");

    assert_int_equal(mkdir(strcat(folder, "/ids"), 0777), 0);
    assert_ok(find(&sources, "%s/folder/ids", error));
    assert_non_null(sources.pretokenized);
    assert_int_equal(sources.count, 0);
    data_sources_free(&sources);
    assert_fails(find(&sources, "%s/folder/ids\n%s/b", error), BERT_ERROR_INVALID_ARGUMENT,
                 "goes with others of its kind only");
    assert_fails(find(&sources, "%s/folder/ids:2", error), BERT_ERROR_INVALID_ARGUMENT,
                 "goes with others of its kind only");
}

static void test_validation_splits(void **state)
{
    (void)state;
    make("one", 0, 3);
    make("one.validation", 0, 4);
    make("two", 0, 5);
    make("three", 0, 6);
    make("three.validation", 0, 7);
    data_sources sources;
    dataset data;
    bool found;
    assert_ok(find(&sources, "%s/one:3\n%s/two\n%s/three", error));
    assert_ok(data_sources_open(&sources, &data, error));
    assert_int_equal(data.document_count, 14);
    assert_true(data.is_weighted);
    assert_true(data.shards[0].weight == 3 && data.shards[1].weight == 1);
    dataset_close(&data);
    assert_ok(data_sources_open_validation(&sources, &data, &found, error));
    assert_true(found);
    assert_int_equal(data.document_count, 11);
    assert_false(data.is_weighted);
    dataset_close(&data);
    data_sources_free(&sources);
    assert_ok(find(&sources, "%s/two", error));
    assert_ok(data_sources_open_validation(&sources, &data, &found, error));
    assert_false(found);
    data_sources_free(&sources);
}

static void write_tokenizer(const char *name, const char *words, const char *lowercase)
{
    char path[500], content[500];
    snprintf(path, sizeof path, "%s/%s.tokenizer", directory, name);
    assert_ok(directory_create(path, error));
    snprintf(path, sizeof path, "%s/%s.tokenizer/vocab.txt", directory, name);
    snprintf(content, sizeof content, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n%s", words);
    assert_ok(file_write(path, content, strlen(content), error));
    snprintf(path, sizeof path, "%s/%s.tokenizer/tokenizer_config.json", directory, name);
    snprintf(content, sizeof content, "{\"do_lower_case\": %s}", lowercase);
    assert_ok(file_write(path, content, strlen(content), error));
}

static bert_status load(const char *format, bert_error *error)
{
    data_sources sources;
    bert_tokenizer *tokenizer = NULL;
    assert_int_equal(find(&sources, format, NULL), BERT_OK);
    bert_status status = data_sources_load_tokenizer(&sources, &tokenizer, error);
    assert_true((status == BERT_OK) == (tokenizer != NULL));
    bert_tokenizer_free(tokenizer);
    data_sources_free(&sources);
    return status;
}

static void test_tokenizers_are_the_same(void **state)
{
    (void)state;
    write_tokenizer("one", "a\nb\n", "true");
    write_tokenizer("same", "a\nb\n", "true");
    write_tokenizer("other", "a\nc\n", "true");
    write_tokenizer("more", "a\nb\nc\n", "true");
    write_tokenizer("cased", "a\nb\n", "false");
    assert_ok(load("%s/one\n%s/same", error));
    assert_fails(load("%s/one\n%s/same\n%s/other", error), BERT_ERROR_INPUT,
                 "other.tokenizer: id 6 is \"c\", but in ");
    assert_fails(load("%s/more\n%s/one", error), BERT_ERROR_INPUT, "id 7 is \"\"");
    assert_fails(load("%s/one\n%s/more", error), BERT_ERROR_INPUT, "id 7 is \"c\"");
    assert_fails(load("%s/one\n%s/cased", error), BERT_ERROR_INPUT, "handles case differently");
    assert_fails(load("%s/one\n%s/absent", error), BERT_ERROR_IO, "absent.tokenizer");
}

/* ------------------------------------------------------------------------------------ weights */

static void test_times(void **state)
{
    (void)state;
    static const double weights[] = {0.1, 0.5, 1, 2, 2.5, 7.25, 1e-9, 0.999999};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        double weight = weights[i];
        uint64_t in_first = 0;
        for (uint64_t document = 0; document < 1000; document++) {
            uint64_t sum = 0;
            for (uint64_t epoch = 0; epoch < 30; epoch++) {
                uint32_t times = weight_times(weight, 42, epoch, document);
                assert_in_range(times, (uint32_t)weight, weight_copies(weight));
                sum += times;
                in_first += epoch == 0 ? times : 0;
                if (fabs((double)sum - (double)(epoch + 1) * weight) >= 1)
                    fail_msg("weight %g: %llu times in %llu epochs", weight,
                             (unsigned long long)sum, (unsigned long long)epoch + 1);
            }
        }
        double fraction = weight - floor(weight);
        assert_true(fabs((double)in_first - 1000 * weight) <=
                    5 * sqrt(1000 * fraction * (1 - fraction)) + 1e-3);
    }
}

/* Counts the tokens of each document in an epoch, from the lengths of samples. */
static void count_documents(fixture *fixture, uint64_t epoch, int *tokens,
                            uint64_t *random_from_first)
{
    uint64_t size, first = 0, before;
    memset(tokens, 0, DOCUMENTS * sizeof *tokens);
    for (uint64_t e = 0; e < epoch; e++, first += before)
        assert_ok(sampler_epoch_size(fixture->sampler, e, &before, error));
    assert_ok(sampler_epoch_size(fixture->sampler, epoch, &size, error));
    for (uint64_t i = 0; i < size; i++) {
        assert_ok(sampler_fill(fixture->sampler, first + i, 1, &fixture->batch, error));
        const batch *batch = &fixture->batch;
        for (int m = 0; m < batch->masked_count; m++)
            batch->tokens[batch->masked_positions[m]] = batch->masked_labels[m];
        for (int t = 0; t < batch->token_count; t++) {
            int document = (batch->tokens[t] - MADE_FIRST_ID) / 50;
            if (batch->tokens[t] < MADE_FIRST_ID)
                continue;
            bool elsewhere = batch->token_types[t] && batch->next_sentence_labels[0];
            if (!elsewhere)
                tokens[document]++;
            else if (random_from_first)
                *random_from_first += document < DOCUMENTS / 2;
        }
    }
}

static void open_two(fixture *fixture, const sample_scheme *scheme, double first, double second)
{
    char text[800];
    data_sources sources;
    sampler_settings settings = usual;
    settings.scheme = scheme;
    settings.max_seq_length = 24;
    settings.short_seq_probability = 0;
    make("one", 0, DOCUMENTS / 2);
    make("two", DOCUMENTS / 2, DOCUMENTS / 2);
    snprintf(text, sizeof text, "%s/one:%g\n%s/two:%g", directory, first, directory, second);
    assert_ok(data_sources_find(&sources, text, error));
    assert_ok(data_sources_open(&sources, &fixture->data, error));
    data_sources_free(&sources);
    fixture->tokenizer = made_tokenizer(directory, VOCABULARY);
    assert_ok(
        sampler_create(&fixture->sampler, &fixture->data, fixture->tokenizer, &settings, error));
    assert_ok(batch_create(&fixture->batch, 24, 1, 24, error));
}

/* Chunks and streams contain all tokens of a document: each document occurs as often as its weight
 * says, and the counted number of samples equals the number drawn. */
static void check_shares(const sample_scheme *scheme)
{
    static const double weights[][2] = {{0.1, 2.5}, {1, 3}, {0.5, 0.25}};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        fixture fixture;
        int tokens[DOCUMENTS], sum[DOCUMENTS] = {0};
        open_two(&fixture, scheme, weights[i][0], weights[i][1]);
        for (uint64_t epoch = 0; epoch < 20; epoch++) {
            uint64_t counted[2] = {0, 0};
            count_documents(&fixture, epoch, tokens, NULL);
            for (int document = 0; document < DOCUMENTS; document++) {
                int side = document >= DOCUMENTS / 2;
                assert_int_equal(tokens[document] % 50, 0);
                assert_int_equal(tokens[document] / 50,
                                 weight_times(weights[i][side], 42, epoch, (uint64_t)document));
                counted[side] += (uint64_t)tokens[document] / 50;
                sum[document] += tokens[document] / 50;
            }
            for (int side = 0; side < 2; side++)
                assert_int_equal(weight_documents(&fixture.data.shards[side], 42, epoch),
                                 counted[side]);
        }
        for (int document = 0; document < DOCUMENTS; document++)
            assert_true(fabs(sum[document] - 20 * weights[i][document >= DOCUMENTS / 2]) < 1);
        room_close(&fixture);
    }
}

static void test_shares_of_documents(void **state)
{
    (void)state;
    check_shares(&scheme_chunks);
    check_shares(&scheme_stream);
}

/* Random segments B come from each file in the same proportion as segments A. */
static void test_random_parts_keep_the_shares(void **state)
{
    (void)state;
    fixture fixture;
    int tokens[DOCUMENTS];
    uint64_t first = 0, from_first = 0, all = 0, second = 0;
    open_two(&fixture, &scheme_sentence_pairs, 0.5, 2);
    for (uint64_t epoch = 0; epoch < 4; epoch++) {
        count_documents(&fixture, epoch, tokens, &from_first);
        for (int document = 0; document < DOCUMENTS; document++)
            *(document < DOCUMENTS / 2 ? &first : &second) += (uint64_t)tokens[document];
    }
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t size;
        assert_ok(sampler_epoch_size(fixture.sampler, i, &size, error));
        all += size;
    }
    assert_share(first, first + second, 0.2);
    assert_share(from_first / 5, all / 2, 0.2); /* half of the segments B, five tokens each */
    room_close(&fixture);
}

/* Copies of a document are cut differently; the same seed and epoch give the same samples. */
static void test_copies_differ(void **state)
{
    (void)state;
    fixture fixture;
    open_two(&fixture, &scheme_segment_pairs, 3, 1);
    uint64_t size;
    assert_ok(sampler_epoch_size(fixture.sampler, 0, &size, error));
    int different = 0;
    int32_t seen[3][24];
    int count = 0;
    for (uint64_t i = 0; i < size; i++) { /* samples that begin with document 7's first token */
        assert_ok(sampler_fill(fixture.sampler, i, 1, &fixture.batch, error));
        for (int m = 0; m < fixture.batch.masked_count; m++)
            fixture.batch.tokens[fixture.batch.masked_positions[m]] =
                fixture.batch.masked_labels[m];
        if (fixture.batch.tokens[1] != MADE_FIRST_ID + 350)
            continue;
        assert_true(count < 3);
        memset(seen[count], 0, sizeof seen[count]);
        memcpy(seen[count++], fixture.batch.tokens,
               (size_t)fixture.batch.token_count * sizeof *fixture.batch.tokens);
    }
    assert_true(count > 0);
    for (int i = 1; i < count; i++)
        different += memcmp(seen[0], seen[i], sizeof seen[0]) != 0;
    assert_int_equal(different, count - 1);
    room_close(&fixture);
}

static void test_weights_too_small(void **state)
{
    (void)state;
    fixture fixture = {0};
    open_two(&fixture, &scheme_chunks, 1e-9, 1e-9);
    uint64_t size;
    assert_fails(sampler_epoch_size(fixture.sampler, 0, &size, error), BERT_ERROR_INPUT,
                 "the weights are too small for so few documents");
    room_close(&fixture);
    open_two(&fixture, &scheme_stream, 1e-9, 1e-9);
    assert_fails(sampler_epoch_size(fixture.sampler, 0, &size, error), BERT_ERROR_INPUT,
                 "the weights are too small for so few documents");
    room_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validation_splits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tokenizers_are_the_same, set_up, tear_down),
        cmocka_unit_test(test_times),
        cmocka_unit_test_setup_teardown(test_shares_of_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_parts_keep_the_shares, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_copies_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_weights_too_small, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
