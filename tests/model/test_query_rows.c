/* The last layer leaves out the rows that nothing reads. */
#include "testing.h"

#include "fixture.h"
#include "passes.h"

#include <math.h>

static double norm(const float *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

/* The gradients of the batch where tokens `first`, first + step, … are to be predicted. */
static float *gradients_of_predictions(model *model, fixture_batch *batch, int first, int step)
{
    int32_t positions[FIXTURE_TOKENS], labels[FIXTURE_TOKENS];
    int count = 0;
    for (int i = first; i < FIXTURE_TOKENS; i += step, count++) {
        positions[count] = i;
        labels[count] = (int32_t)((i * 7) % 83);
    }
    model_input input = batch->input;
    input.masked_count = count;
    input.masked_positions = positions;
    input.masked_labels = labels;
    assert_ok(model_check_input(model, &input, error));
    size_t bytes = model_parameter_table(model)->size * sizeof(float);
    memset(model_gradients(model), 0, bytes);
    pass_losses losses = {0};
    train_pass(model, &input, 11, 3, &(pass_scales){.mlm = 1.0 / FIXTURE_TOKENS}, &losses);
    float *gradients = malloc(bytes);
    memcpy(gradients, model_gradients(model), bytes);
    return gradients;
}

/* Where few tokens are read, the last layer leaves the others out; where all are, it does not.
 * Losses of predictions add up, so their gradients do, dropout included: a part that were left out
 * wrongly, or took another token's dropout, would show. */
static void test_rows_that_nothing_reads_do_not_matter(void **state)
{
    (void)state;
    static const model_family families[] = {MODEL_BERT, MODEL_DISTILBERT};
    model_limits limits = fixture_limits;
    limits.masked = FIXTURE_TOKENS;
    for (size_t f = 0; f < 2; f++)
        for (int checkpointing = 0; checkpointing < 2; checkpointing++) {
            model_config config = fixture_kind(0.2, families[f], MODEL_HEAD_PRETRAINING, 0);
            config.next_sentence_prediction = false;
            limits.gradient_checkpointing = checkpointing;
            fixture_batch batch;
            fixture_batch_for(&batch, &config);
            model *model = fixture_model(&config, &limits);
            size_t count = model_parameter_table(model)->size;
            float *all = gradients_of_predictions(model, &batch, 0, 1);
            float *sum = calloc(count, sizeof *sum);
            for (int part = 0; part < 4; part++) {
                float *some = gradients_of_predictions(model, &batch, part, 4);
                for (size_t i = 0; i < count; i++)
                    sum[i] += some[i];
                free(some);
            }
            double size = norm(all, count);
            for (size_t i = 0; i < count; i++)
                sum[i] -= all[i];
            assert_true(size > 0.01);
            assert_true(norm(sum, count) < 1e-6 * size);
            free(sum);
            free(all);
            model_free(model);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_nothing_reads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
