/* What has to hold for every forward and backward pass, whatever the arithmetic below. */
#include "testing.h"

#include "base/threads.h"
#include "fixture.h"
#include "passes.h"

#include <math.h>

static const pass_scales scales = {
    .mlm = 1.0 / FIXTURE_MASKED,
    .nsp = 1.0 / FIXTURE_SEQUENCES,
    .labels = 1.0 / FIXTURE_SEQUENCES,
};

static double train_loss(model *model, const model_input *input)
{
    pass_losses losses = {0};
    train_pass(model, input, 11, 3, &scales, &losses);
    return scales.mlm * losses.mlm.sum + scales.nsp * losses.nsp.sum +
           scales.labels * losses.labels.sum;
}

static float *gradients_of(model *model, const model_input *input)
{
    size_t bytes = model_parameter_table(model)->size * sizeof(float);
    memset(model_gradients(model), 0, bytes);
    train_loss(model, input);
    float *copy = malloc(bytes);
    memcpy(copy, model_gradients(model), bytes);
    return copy;
}

static double dot(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* ------------------------------------------------------------------------------- gradients --- */

/* The loss along a random direction in one parameter, by central differences. */
static double difference_quotient(model *model, const model_input *input, const parameter *entry,
                                  const float *direction, double step)
{
    float *values = model_weights(model) + entry->offset;
    float *saved = malloc(entry->count * sizeof *saved);
    memcpy(saved, values, entry->count * sizeof *saved);
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < entry->count; i++)
            values[i] = (float)(saved[i] + (side ? step : -step) * direction[i]);
        loss[side] = train_loss(model, input);
    }
    memcpy(values, saved, entry->count * sizeof *saved);
    free(saved);
    return (loss[1] - loss[0]) / (2 * step);
}

/* Dropout on: the mask is a function of (seed, step, sample, position), so the loss is a smooth
 * function of the weights that can be differentiated numerically. */
static void assert_gradients_equal_differences(const model_config *config)
{
    fixture_batch batch;
    fixture_batch_for(&batch, config);
    model *model = fixture_model(config, &fixture_limits);
    assert_ok(model_check_input(model, &batch.input, error));
    const parameter_table *table = model_parameter_table(model);
    float *gradients = gradients_of(model, &batch.input);
    float *direction = malloc(table->size * sizeof *direction);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        const float *gradient = gradients + entry->offset;
        double norm = sqrt(dot(gradient, gradient, entry->count));
        if (entry->role == ROLE_KEY && entry->bias) { /* zero in theory */
            assert_true(norm < 1e-5);
            continue;
        }
        assert_true(norm > 0);
        /* Half along the gradient, so that the quotient is large compared to its rounding; half at
         * random, so that a wrong direction shows. */
        random_stream random = random_stream_start(8, RANDOM_TEST, 0, i);
        for (size_t j = 0; j < entry->count; j++)
            direction[j] =
                (float)(gradient[j] / norm + random_normal(&random) / sqrt((double)entry->count));
        double expected = difference_quotient(model, &batch.input, entry, direction, 2e-3);
        double found = dot(gradient, direction, entry->count);
        if (!(fabs(found - expected) <= 3e-3 * fabs(expected) + 1e-4))
            fail_msg("%s: derivative %.7g, by differences %.7g", entry->name, found, expected);
    }
    free(direction);
    free(gradients);
    model_free(model);
}

static void test_gradients_equal_finite_differences(void **state)
{
    (void)state;
    static const struct {
        model_family family;
        model_head head;
        model_problem problem;
    } kinds[] = {
        {MODEL_BERT, MODEL_HEAD_PRETRAINING, 0},
        {MODEL_DISTILBERT, MODEL_HEAD_PRETRAINING, 0},
        {MODEL_BERT, MODEL_HEAD_CLASSIFICATION, MODEL_CLASSIFICATION},
        {MODEL_BERT, MODEL_HEAD_CLASSIFICATION, MODEL_REGRESSION},
        {MODEL_DISTILBERT, MODEL_HEAD_CLASSIFICATION, MODEL_CLASSIFICATION},
        {MODEL_DISTILBERT, MODEL_HEAD_CLASSIFICATION, MODEL_REGRESSION},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        model_config config = fixture_kind(0.2, kinds[i].family, kinds[i].head, kinds[i].problem);
        assert_gradients_equal_differences(&config);
    }
}

/* Sines are no parameters: they keep their offset and their values. */
static void test_sinusoidal_positions_are_not_trained(void **state)
{
    (void)state;
    model_config config = fixture_kind(0.1, MODEL_DISTILBERT, MODEL_HEAD_PRETRAINING, 0);
    config.sinusoidal_positions = true;
    fixture_batch batch;
    fixture_batch_for(&batch, &config);
    model *model = fixture_model(&config, &fixture_limits);
    const parameter *position =
        parameter_of_role(model_parameter_table(model), ROLE_POSITION, 0, false);
    float *gradients = gradients_of(model, &batch.input);
    assert_true(dot(gradients + position->offset, gradients + position->offset, position->count) ==
                0);
    assert_false(position->decay);
    free(gradients);
    model_free(model);
}

/* bfloat16 keeps 8 bits of an operand, 2^-9 of rounding each; errors of many operands average out.
 * The gradient of every tensor stays within 3 % of the tensor's norm, and the loss within 0.1 %. */
static void test_gradients_in_bfloat16_are_close(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    const parameter_table *table = model_parameter_table(model);
    double loss = train_loss(model, &batch.input);
    float *exact = gradients_of(model, &batch.input);
    model_set_precision(model, GEMM_BFLOAT16);
    double rounded_loss = train_loss(model, &batch.input);
    float *rounded = gradients_of(model, &batch.input);
    assert_true(rounded_loss != loss && fabs(rounded_loss - loss) <= 1e-3 * loss);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        const float *left = exact + entry->offset;
        float *difference = rounded + entry->offset;
        double norm = sqrt(dot(left, left, entry->count));
        for (size_t j = 0; j < entry->count; j++)
            difference[j] -= left[j];
        double error = sqrt(dot(difference, difference, entry->count));
        if (entry->role == ROLE_KEY && entry->bias) { /* zero in theory */
            assert_true(error < 1e-3);
            continue;
        }
        if (!(error > 0 && error <= 0.03 * norm))
            fail_msg("%s: off by %g of its norm %g", entry->name, error, norm);
    }
    free(exact);
    free(rounded);
    model_free(model);
}

static void test_gradients_add_up(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    float *once = gradients_of(model, &batch.input);
    train_loss(model, &batch.input); /* a second time on top of the first */
    const float *twice = model_gradients(model);
    size_t size = model_parameter_table(model)->size;
    double norm = sqrt(dot(once, once, size));
    for (size_t i = 0; i < size; i++)
        assert_true(fabs(twice[i] - 2.0 * once[i]) <= 1e-6 * norm);
    free(once);
    model_free(model);
}

/* The part of a batch that its sequences first … first + count − 1 make: a micro-batch. The arrays
 * that have to be counted anew come from `arena`, which the caller frees. */
static model_input part_of(const model_input *whole, int first, int count, int32_t **arena)
{
    const int32_t *starts = whole->sequence_starts;
    int32_t begin = starts[first], end = starts[first + count];
    int first_masked = 0, masked = 0;
    while (first_masked < whole->masked_count && whole->masked_positions[first_masked] < begin)
        first_masked++;
    while (first_masked + masked < whole->masked_count &&
           whole->masked_positions[first_masked + masked] < end)
        masked++;
    *arena = calloc((size_t)(count + 1 + masked), sizeof **arena);
    int32_t *positions = *arena + count + 1;
    for (int i = 0; i <= count; i++)
        (*arena)[i] = starts[first + i] - begin;
    for (int i = 0; i < masked; i++)
        positions[i] = whole->masked_positions[first_masked + i] - begin;
    return (model_input){
        .token_count = end - begin,
        .sequence_count = count,
        .masked_count = masked,
        .tokens = whole->tokens + begin,
        .token_types = whole->token_types + begin,
        .sequence_starts = *arena,
        .sample_numbers = whole->sample_numbers + first,
        .masked_positions = positions,
        .masked_labels = whole->masked_labels + first_masked,
        .next_sentence_labels = whole->next_sentence_labels + first,
    };
}

/* Two micro-batches, cut after `cut` sequences, give the losses and gradients of the whole. */
static void assert_cut_does_not_matter(model *model, const model_input *input, int cut)
{
    size_t size = model_parameter_table(model)->size;
    double whole_loss = train_loss(model, input), cut_loss = 0;
    float *whole = gradients_of(model, input);
    memset(model_gradients(model), 0, size * sizeof(float));
    for (int half = 0; half < 2; half++) {
        int32_t *arena;
        model_input part =
            part_of(input, half ? cut : 0, half ? input->sequence_count - cut : cut, &arena);
        assert_ok(model_check_input(model, &part, error));
        cut_loss += train_loss(model, &part);
        free(arena);
    }
    assert_true(fabs(cut_loss / whole_loss - 1) < 1e-6);
    const float *sum = model_gradients(model);
    double difference = 0;
    for (size_t i = 0; i < size; i++)
        difference += ((double)sum[i] - whole[i]) * ((double)sum[i] - whole[i]);
    assert_true(sqrt(difference) < 1e-5 * sqrt(dot(whole, whole, size)));
    free(whole);
}

static void test_cut_of_the_batch_does_not_matter(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    for (int cut = 1; cut < FIXTURE_SEQUENCES; cut++)
        assert_cut_does_not_matter(model, &batch.input, cut);
    model_free(model);
}

/* More predictions than the head holds logits for at once, cut where each half fits at once. */
static void test_many_predictions(void **state)
{
    (void)state;
    enum {
        COPIES = 150, /* more predictions than logits exist at once */
        TOKENS = COPIES * FIXTURE_TOKENS,
        SEQUENCES = COPIES * FIXTURE_SEQUENCES,
        MASKED = COPIES * FIXTURE_MASKED
    };
    static int32_t tokens[TOKENS], starts[SEQUENCES + 1], positions[MASKED], labels[MASKED];
    static uint8_t types[TOKENS], pair_labels[SEQUENCES];
    static uint64_t numbers[SEQUENCES];
    fixture_batch batch;
    fixture_batch_fill(&batch);
    for (int copy = 0; copy < COPIES; copy++) {
        for (int i = 0; i < FIXTURE_TOKENS; i++) {
            tokens[copy * FIXTURE_TOKENS + i] = (batch.tokens[i] + copy) % 83;
            types[copy * FIXTURE_TOKENS + i] = batch.types[i];
        }
        for (int i = 0; i < FIXTURE_SEQUENCES; i++) {
            starts[copy * FIXTURE_SEQUENCES + i] = copy * FIXTURE_TOKENS + batch.starts[i];
            numbers[copy * FIXTURE_SEQUENCES + i] = (uint64_t)(copy * FIXTURE_SEQUENCES + i);
            pair_labels[copy * FIXTURE_SEQUENCES + i] = batch.pair_labels[i];
        }
        for (int i = 0; i < FIXTURE_MASKED; i++) {
            positions[copy * FIXTURE_MASKED + i] = copy * FIXTURE_TOKENS + batch.positions[i];
            labels[copy * FIXTURE_MASKED + i] = (batch.labels[i] + copy) % 83;
        }
    }
    starts[SEQUENCES] = TOKENS;
    const model_input input = {
        .token_count = TOKENS,
        .sequence_count = SEQUENCES,
        .masked_count = MASKED,
        .tokens = tokens,
        .token_types = types,
        .sequence_starts = starts,
        .sample_numbers = numbers,
        .masked_positions = positions,
        .masked_labels = labels,
        .next_sentence_labels = pair_labels,
    };
    const model_limits limits = {TOKENS, SEQUENCES, MASKED, true, false};
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &limits);
    assert_ok(model_check_input(model, &input, error));
    assert_cut_does_not_matter(model, &input, SEQUENCES / 2);
    pass_losses losses = {0};
    evaluate_pass(model, &input, &losses);
    assert_int_equal(losses.mlm.count, MASKED);
    model_free(model);
}

/* -------------------------------------------------------------------------------- the bits --- */

static void test_threads_do_not_change_bits(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    size_t size = model_parameter_table(model)->size;
    float *gradients[3];
    double losses[3];
    int before = threads_count();
    for (int threads = 1; threads <= 3; threads++) {
        threads_use(threads);
        losses[threads - 1] = train_loss(model, &batch.input);
        gradients[threads - 1] = gradients_of(model, &batch.input);
    }
    threads_use(before);
    for (int i = 1; i < 3; i++) {
        assert_true(losses[i] == losses[0]);
        assert_memory_equal(gradients[i], gradients[0], size * sizeof(float));
        free(gradients[i]);
    }
    free(gradients[0]);
    model_free(model);
}

/* Arrays that share memory, or are too short, would show here: a larger workspace changes nothing.
 */
static void test_exact_plan_equals_a_generous_one(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    const model_limits generous = {1000, 100, 700, true, false};
    model *exact = fixture_model(&config, &fixture_limits);
    model *roomy = fixture_model(&config, &generous);
    float *expected = gradients_of(roomy, &batch.input);
    float *found = gradients_of(exact, &batch.input);
    assert_memory_equal(found, expected, model_parameter_table(exact)->size * sizeof(float));
    assert_true(model_memory_used(roomy).activations > model_memory_used(exact).activations);
    free(found);
    free(expected);
    model_free(exact);
    model_free(roomy);
}

static void test_gradient_checkpointing_has_the_same_bits(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    config.num_hidden_layers = 4;
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model_limits limits = fixture_limits;
    model *keeping = fixture_model(&config, &limits);
    limits.gradient_checkpointing = true;
    model *again = fixture_model(&config, &limits);
    size_t bytes = model_parameter_table(again)->size * sizeof(float);
    for (int round = 0; round < 2; round++) { /* one pass must not affect the next */
        float *expected = gradients_of(keeping, &batch.input);
        float *found = gradients_of(again, &batch.input);
        assert_memory_equal(found, expected, bytes);
        free(found);
        free(expected);
        pass_losses left = {0}, right = {0};
        evaluate_pass(keeping, &batch.input, &left);
        evaluate_pass(again, &batch.input, &right);
        assert_true(left.mlm.sum == right.mlm.sum);
    }
    assert_true(model_memory_used(again).activations < model_memory_used(keeping).activations);
    model_free(again);
    model_free(keeping);
}

static void test_steps_draw_other_dropout(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    double loss[4];
    static const uint64_t draws[4][2] = {{1, 1}, {1, 1}, {1, 2}, {2, 1}}; /* seed, step */
    for (int i = 0; i < 4; i++) {
        pass_losses losses = {0};
        train_pass(model, &batch.input, draws[i][0], draws[i][1], &scales, &losses);
        loss[i] = losses.mlm.sum;
    }
    assert_true(loss[0] == loss[1]);
    assert_true(loss[0] != loss[2] && loss[0] != loss[3] && loss[2] != loss[3]);
    batch.numbers[1]++; /* another sample at the same position: other dropout */
    pass_losses losses = {0};
    train_pass(model, &batch.input, 1, 1, &scales, &losses);
    assert_true(losses.mlm.sum != loss[0]);
    model_free(model);
}

/* ------------------------------------------------------------------------------ evaluation --- */

static void test_evaluation_equals_training_without_dropout(void **state)
{
    (void)state;
    model_config config = fixture_config(0.0);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model_limits limits = fixture_limits;
    model *trained = fixture_model(&config, &limits);
    limits.training = false;
    config.hidden_dropout_prob = 0.3; /* has no say in evaluation */
    model *evaluated = fixture_model(&config, &limits);
    pass_losses train = {0}, inside = {0}, outside = {0};
    train_pass(trained, &batch.input, 1, 1, &scales, &train);
    evaluate_pass(trained, &batch.input, &inside);
    evaluate_pass(evaluated, &batch.input, &outside);
    assert_true(fabs(inside.mlm.sum / train.mlm.sum - 1) < 1e-6);
    assert_true(fabs(inside.nsp.sum / train.nsp.sum - 1) < 1e-6);
    assert_int_equal(inside.mlm.correct, train.mlm.correct);
    assert_int_equal(inside.nsp.correct, train.nsp.correct);
    assert_int_equal(inside.mlm.count, FIXTURE_MASKED);
    assert_int_equal(inside.nsp.count, FIXTURE_SEQUENCES);
    assert_memory_equal(&inside, &outside, sizeof inside);
    assert_null(model_gradients(evaluated));
    assert_true(model_memory_used(evaluated).activations < model_memory_used(trained).activations);
    assert_int_equal(model_memory_used(evaluated).gradients, 0);
    model_free(trained);
    model_free(evaluated);
}

/* Losses from the logits that the model hands out: the two ways agree, and sequences do not see
 * each other. */
static void test_logits_and_hidden_states(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    static float logits[FIXTURE_MASKED][83], pairs[FIXTURE_SEQUENCES][2];
    static float hidden[FIXTURE_TOKENS][24], alone[16][24];
    pass_losses losses = {0};
    evaluate_pass(model, &batch.input, &losses);
    model_mlm_logits(model_own_workspace(model), &batch.input, logits[0]);
    model_nsp_logits(model_own_workspace(model), &batch.input, pairs[0]);
    double mlm = 0, nsp = 0;
    for (int i = 0; i < FIXTURE_MASKED; i++) {
        double sum = 0;
        for (int j = 0; j < 83; j++)
            sum += exp(logits[i][j]);
        mlm += log(sum) - logits[i][batch.labels[i]];
    }
    for (int i = 0; i < FIXTURE_SEQUENCES; i++)
        nsp += log(exp(pairs[i][0]) + exp(pairs[i][1])) - pairs[i][batch.pair_labels[i]];
    assert_true(fabs(mlm / losses.mlm.sum - 1) < 1e-5);
    assert_true(fabs(nsp / losses.nsp.sum - 1) < 1e-5);

    model_hidden_states(model_own_workspace(model), &batch.input, hidden[0]);
    int32_t start = batch.starts[2], length = batch.starts[3] - start;
    const int32_t alone_starts[2] = {0, length};
    const model_input third = {
        .token_count = length,
        .sequence_count = 1,
        .tokens = batch.tokens + start,
        .token_types = batch.types + start,
        .sequence_starts = alone_starts,
        .sample_numbers = batch.numbers + 2,
    };
    assert_ok(model_check_input(model, &third, error));
    model_hidden_states(model_own_workspace(model), &third, alone[0]);
    for (int i = 0; i < length; i++)
        for (int j = 0; j < 24; j++)
            assert_true(fabsf(alone[i][j] - hidden[start + i][j]) < 1e-4f);
    model_free(model);
}

/* No predictions, or no labels, is a batch like any other: its losses are empty sums. */
static void test_nothing_to_predict(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    batch.input.masked_count = 0;
    batch.input.next_sentence_labels = NULL;
    assert_ok(model_check_input(model, &batch.input, error));
    float *gradients = gradients_of(model, &batch.input);
    size_t size = model_parameter_table(model)->size;
    assert_true(dot(gradients, gradients, size) == 0.0);
    pass_losses losses = {0};
    evaluate_pass(model, &batch.input, &losses);
    assert_int_equal(losses.mlm.count + losses.nsp.count, 0);
    free(gradients);
    model_free(model);
}

/* ---------------------------------------------------------------------------------- limits --- */

static void test_bad_inputs_are_refused(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    fixture_batch batch;
    fixture_batch_fill(&batch);
    model *model = fixture_model(&config, &fixture_limits);
    assert_ok(model_check_input(model, &batch.input, error));

#define REFUSED(change, status, part)                                              \
    do {                                                                           \
        fixture_batch_fill(&batch);                                                \
        change;                                                                    \
        assert_fails(model_check_input(model, &batch.input, error), status, part); \
    } while (0)
    REFUSED(batch.input.token_count = 41, BERT_ERROR_INVALID_ARGUMENT, "41 tokens");
    REFUSED(batch.input.token_count = 0, BERT_ERROR_INVALID_ARGUMENT, "0 tokens");
    REFUSED(batch.input.token_count = -1, BERT_ERROR_INVALID_ARGUMENT, "-1 tokens");
    REFUSED(batch.input.sequence_count = 5, BERT_ERROR_INVALID_ARGUMENT, "5 sequences");
    REFUSED(batch.input.sequence_count = 0, BERT_ERROR_INVALID_ARGUMENT, "0 sequences");
    REFUSED(batch.input.masked_count = 10, BERT_ERROR_INVALID_ARGUMENT, "10 predictions");
    REFUSED(batch.input.masked_count = -1, BERT_ERROR_INVALID_ARGUMENT, "-1 predictions");
    REFUSED(batch.starts[0] = 1, BERT_ERROR_INPUT, "from token 1");
    REFUSED(batch.starts[4] = 39, BERT_ERROR_INPUT, "to 39");
    REFUSED(batch.starts[1] = 14, BERT_ERROR_INPUT, "0 tokens");
    REFUSED(batch.starts[1] = 15, BERT_ERROR_INPUT, "-1 tokens");
    REFUSED(batch.starts[2] = 13, BERT_ERROR_INPUT, "0 tokens");
    REFUSED(batch.starts[3] = 31, BERT_ERROR_INPUT, "17 tokens");
    REFUSED(batch.starts[2] = INT32_MIN, BERT_ERROR_INPUT, "sample 2000000014");
    REFUSED(batch.tokens[17] = 83, BERT_ERROR_INPUT, "sample 3000000021, token 3: id 83");
    REFUSED(batch.tokens[0] = -1, BERT_ERROR_INPUT, "id -1");
    REFUSED(batch.types[39] = 2, BERT_ERROR_INPUT, "type 2");
    REFUSED(batch.positions[0] = -1, BERT_ERROR_INPUT, "prediction 0");
    REFUSED(batch.positions[8] = 40, BERT_ERROR_INPUT, "prediction 8");
    REFUSED(batch.positions[3] = 12, BERT_ERROR_INPUT, "prediction 3");
    REFUSED(batch.labels[2] = 83, BERT_ERROR_INPUT, "label 83");
    REFUSED(batch.labels[2] = -100, BERT_ERROR_INPUT, "label -100");
    REFUSED(batch.pair_labels[3] = 2, BERT_ERROR_INPUT, "next-sentence label 2");
#undef REFUSED
    model_free(model);

    config.next_sentence_prediction = false;
    model = fixture_model(&config, &fixture_limits);
    fixture_batch_fill(&batch);
    assert_fails(model_check_input(model, &batch.input, error), BERT_ERROR_INVALID_ARGUMENT, "NSP");
    model_free(model);
}

static void test_bad_labels_are_refused(void **state)
{
    (void)state;
    model_config config = fixture_kind(0.1, MODEL_BERT, MODEL_HEAD_CLASSIFICATION, 0);
    fixture_batch batch;
    model *model = fixture_model(&config, &fixture_limits);
#define REFUSED(change, status, part)                                              \
    do {                                                                           \
        fixture_batch_for(&batch, &config);                                        \
        change;                                                                    \
        assert_fails(model_check_input(model, &batch.input, error), status, part); \
    } while (0)
    REFUSED(batch.sequence_labels[1] = FIXTURE_LABELS, BERT_ERROR_INPUT,
            "label 3, expected 0 to 2");
    REFUSED(batch.sequence_labels[3] = -1, BERT_ERROR_INPUT, "sample 4000000028 has label -1");
    REFUSED(batch.class_weights[2] = NAN, BERT_ERROR_INPUT, "class 2 has weight nan");
    REFUSED(batch.class_weights[0] = -1, BERT_ERROR_INPUT, "class 0 has weight -1");
    REFUSED(batch.input.masked_count = 1, BERT_ERROR_INVALID_ARGUMENT, "without MLM head");
    REFUSED(batch.input.targets = batch.targets, BERT_ERROR_INVALID_ARGUMENT, "classification");
    model_free(model);

    config.problem = MODEL_REGRESSION;
    model = fixture_model(&config, &fixture_limits);
    REFUSED(batch.targets[4] = INFINITY, BERT_ERROR_INPUT, "not finite");
    REFUSED(batch.input.labels = batch.sequence_labels, BERT_ERROR_INVALID_ARGUMENT, "regression");
    model_free(model);

    config.head = MODEL_HEAD_NONE;
    model = fixture_model(&config, &fixture_limits);
    REFUSED(batch.input.labels = batch.sequence_labels, BERT_ERROR_INVALID_ARGUMENT, "BertModel");
#undef REFUSED
    model_free(model);
}

static void test_creation_fails_cleanly(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = (void *)1;
    const model_limits wrong[] = {
        {0, 1, 0, true, false},   {10, 0, 0, true, false},  {10, 11, 0, true, false},
        {10, 1, -1, true, false}, {10, 1, 11, true, false},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_fails(model_create(&model, &config, &wrong[i], error), BERT_ERROR_INVALID_ARGUMENT,
                     "batch of");
        assert_null(model);
    }
    /* More than any address space holds. */
    config.num_hidden_layers = 1 << 10;
    config.hidden_size = 1 << 15;
    config.num_attention_heads = 1;
    config.intermediate_size = 1 << 18;
    const model_limits many = {INT32_MAX, 1, 1, true, false};
    assert_fails(model_create(&model, &config, &many, error), BERT_ERROR_MEMORY, "no memory");
    assert_null(model);
    config.hidden_size = 0;
    assert_fails(model_create(&model, &config, &fixture_limits, error), BERT_ERROR_INPUT,
                 "hidden_size");
}

static void test_nonfinite_is_named(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    assert_null(model_find_nonfinite(model, model_weights(model)));
    const char *name = "bert.encoder.layer.1.output.LayerNorm.bias";
    const parameter *entry = parameter_find(model_parameter_table(model), name);
    model_weights(model)[entry->offset + entry->count - 1] = NAN;
    assert_string_equal(model_find_nonfinite(model, model_weights(model)), name);
    assert_null(model_find_nonfinite(model, model_gradients(model)));
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_equal_finite_differences),
        cmocka_unit_test(test_sinusoidal_positions_are_not_trained),
        cmocka_unit_test(test_gradients_in_bfloat16_are_close),
        cmocka_unit_test(test_gradients_add_up),
        cmocka_unit_test(test_cut_of_the_batch_does_not_matter),
        cmocka_unit_test(test_many_predictions),
        cmocka_unit_test(test_threads_do_not_change_bits),
        cmocka_unit_test(test_exact_plan_equals_a_generous_one),
        cmocka_unit_test(test_gradient_checkpointing_has_the_same_bits),
        cmocka_unit_test(test_steps_draw_other_dropout),
        cmocka_unit_test(test_evaluation_equals_training_without_dropout),
        cmocka_unit_test(test_logits_and_hidden_states),
        cmocka_unit_test(test_nothing_to_predict),
        cmocka_unit_test(test_bad_inputs_are_refused),
        cmocka_unit_test(test_bad_labels_are_refused),
        cmocka_unit_test(test_creation_fails_cleanly),
        cmocka_unit_test(test_nonfinite_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
