/* A session on prepared data trains what bert_pretrain trains; on batches of the caller's own it
 * learns, its gradients are those of its losses, and it goes on as if it had never stopped. */
#include "session_task.h"

#include <math.h>

/* ------------------------------------------------------------------------------ prepared data ---
 */

static void test_same_as_pretrain(void **state)
{
    (void)state;
    const char *run = tiny_path("pretrained"), *stepped = tiny_path("stepped");
    bert_pretrain_params params = tiny_params(run);
    bert_pretrain_result pretrained = tiny_pretrain(&params);
    params.output = stepped;
    bert_session *session;
    assert_ok(bert_session_open(&session, &params, NULL, NULL, error));
    assert_int_equal(bert_session_total_steps(session), 16);
    bert_step_result result;
    for (int64_t step = 1; step <= 16; step++) {
        assert_int_equal(bert_session_steps_done(session), step - 1);
        assert_ok(bert_session_step(session, &result, error));
        assert_int_equal(result.step, step);
        assert_int_equal(result.sequences, 8);
        assert_true(result.finished == (step == 16));
        assert_true(isfinite(result.grad_norm) && result.learning_rate >= 0);
        assert_true(fabs(result.losses.loss - result.losses.mlm_loss - result.losses.nsp_loss) <
                    1e-12);
        assert_true(isnan(result.losses.soft_loss));
    }
    assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INVALID_ARGUMENT,
                 "stepped: finished, all 16 steps are done");
    bert_session_close(session);
    for (int64_t step = 4; step <= 16; step += 4)
        assert_same_runs(run, stepped, step);
    assert_true(last_metric(stepped, "eval_loss") == pretrained.eval_loss);

    /* Reading and saving change nothing; either goes on with what the other began. */
    params.output = tiny_path("mixed");
    assert_ok(bert_session_open(&session, &params, NULL, NULL, error));
    assert_fails(bert_session_save(session, error), BERT_ERROR_INVALID_ARGUMENT, "no step is done");
    run_steps(session, 5);
    assert_ok(bert_session_save(session, error));
    assert_ok(bert_session_save(session, error)); /* it is there */
    bert_session_close(session);
    assert_int_equal(tiny_resume(params.output, 2).steps, 7);
    bert_resume_params resume = bert_resume_params_default();
    resume.run = params.output;
    assert_ok(bert_session_resume(&session, &resume, NULL, NULL, error));
    assert_int_equal(bert_session_steps_done(session), 7);
    assert_true(run_steps(session, 9).finished);
    bert_session_close(session);
    assert_same_runs(run, params.output, 16);

    assert_ok(bert_session_resume(&session, &resume, NULL, NULL, error));
    assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INVALID_ARGUMENT,
                 "finished");
    bert_session_close(session);
    bert_session_close(NULL);
}

/* What a run of bert_session_run saw. */
typedef struct watch {
    int calls;
    int64_t stop_at;
    double loss;
    bool saw_finish;
} watch;

static bool watch_step(void *context, bert_session *session, const bert_step_result *result)
{
    watch *watch = context;
    bert_tensor tensor;
    bert_step_result other;
    watch->calls++;
    watch->loss = result->losses.loss;
    watch->saw_finish |= result->finished;
    assert_int_equal(result->step, bert_session_steps_done(session));
    assert_ok(bert_session_gradients(session, "cls.predictions.bias", &tensor, error));
    assert_fails(bert_session_step(session, &other, error), BERT_ERROR_INVALID_ARGUMENT,
                 "in a step");
    assert_fails(bert_session_save(session, error), BERT_ERROR_INVALID_ARGUMENT, "in a step");
    return result->step != watch->stop_at;
}

static bool stop_now(void *context)
{
    (void)context;
    return true;
}

static void test_callback_stops(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("watched"));
    bert_session *session;
    bert_step_result result;
    watch watch = {.stop_at = 6};
    assert_ok(bert_session_open(&session, &params, NULL, NULL, error));
    assert_ok(bert_session_run(session, watch_step, &watch, &result, error));
    assert_int_equal(watch.calls, 6);
    assert_int_equal(result.step, 6);
    assert_true(result.stopping && !result.finished);
    assert_true(result.losses.loss == watch.loss);
    assert_true(path_is_directory(tiny_path("watched/checkpoint-6")));
    assert_ok(bert_session_run(session, watch_step, &watch, NULL, error)); /* and on */
    assert_int_equal(watch.calls, 16);
    assert_true(watch.saw_finish);
    bert_session_close(session);
    assert_same_runs(tiny_path("pretrained"), tiny_path("watched"), 16);

    const bert_observer observer = {.should_stop = stop_now};
    params.output = tiny_path("observed");
    assert_ok(bert_session_open(&session, &params, NULL, &observer, error));
    assert_ok(bert_session_run(session, NULL, NULL, &result, error));
    assert_true(result.stopping && result.step == 1);
    assert_ok(bert_session_step(session, &result, error));
    assert_true(result.stopping && result.step == 2);
    assert_true(path_is_directory(tiny_path("observed/checkpoint-2")));
    bert_session_close(session);
}

/* ---------------------------------------------------------------------------------- own data ---
 */

static void test_learns_own_batches(void **state)
{
    (void)state;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("learned"));
    params.max_steps = 120;
    params.warmup_steps = 10;
    params.save_steps = 0;
    bert_session *session = open_own(&params, &task);
    bert_step_result first = run_steps(session, 1), last = run_steps(session, 119);
    assert_true(last.finished);
    assert_int_equal(task.calls, 120);
    assert_int_equal(last.tokens, make_batch(&task, 119).token_count);
    assert_true(first.losses.mlm_loss > 3.5 && last.losses.mlm_loss < 1);
    assert_true(last.losses.nsp_loss < 0.4 && last.losses.mlm_accuracy > 0.8);
    bert_losses losses;
    const bert_batch batch = make_batch(&task, 1000);
    assert_ok(bert_session_loss(session, &batch, &losses, error));
    assert_true(losses.mlm_loss < last.losses.mlm_loss && losses.nsp_accuracy > 0.8);
    bert_session_close(session);
    assert_true(last_metric(tiny_path("learned"), "epoch") == 1);
    assert_true(last_metric(tiny_path("learned"), "samples") == 120 * SEQUENCES);

    /* A model like any other. */
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = tiny_path("learned");
    evaluate.data = tiny_data;
    evaluate.max_seq_length = 32;
    assert_ok(bert_evaluate(&evaluate, &evaluation, NULL, error));
}

static void test_resumes_own_batches(void **state)
{
    (void)state;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("whole"));
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0.1;
    bert_session *session = open_own(&params, &task);
    run_steps(session, 16);
    bert_session_close(session);

    params.output = tiny_path("parts");
    session = open_own(&params, &task);
    run_steps(session, 7);
    assert_ok(bert_session_save(session, error));
    run_steps(session, 2); /* lost, as not even a checkpoint of step 8 has them all */
    bert_session_close(session);
    assert_int_equal(directory_remove(tiny_path("parts/checkpoint-8"), NULL), BERT_OK);

    bert_resume_params resume = bert_resume_params_default();
    resume.run = params.output;
    bert_pretrain_result result;
    assert_fails(bert_pretrain_resume(&resume, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "parts: the run has batches from a source of a program's own: that program "
                 "continues it with bert_session_resume");
    assert_fails(bert_session_resume(&session, &resume, NULL, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "bert_session_resume");
    assert_null(session);
    const bert_batch_source source = {.context = &task, .next = next_batch};
    assert_ok(bert_session_resume(&session, &resume, &source, NULL, error));
    assert_int_equal(bert_session_steps_done(session), 7);
    assert_true(run_steps(session, 9).finished);
    bert_session_close(session);
    assert_same_runs(tiny_path("whole"), params.output, 16);

    resume.run = tiny_path("pretrained");
    assert_fails(bert_session_resume(&session, &resume, &source, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "expected no source of batches");
}

/* A step that moves nothing, and its gradients against central differences of the loss. */
static void test_gradients(void **state)
{
    (void)state;
    static const char *const names[] = {
        "bert.embeddings.word_embeddings.weight",
        "bert.encoder.layer.0.attention.self.query.weight",
        "bert.encoder.layer.0.attention.self.value.bias",
        "bert.encoder.layer.0.output.LayerNorm.weight",
        "cls.predictions.transform.dense.weight",
        "cls.seq_relationship.weight",
    };
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("differences"));
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    params.learning_rate = 1e-30;
    params.per_device_train_batch_size = SEQUENCES / 2; /* two micro-batches */
    params.gradient_accumulation_steps = 2;
    bert_session *session = open_own(&params, &task);
    bert_step_result result = run_steps(session, 1);
    const bert_batch batch = make_batch(&task, 0);
    bert_losses losses;
    assert_ok(bert_session_loss(session, &batch, &losses, error));
    assert_true(fabs(losses.loss - result.losses.loss) < 1e-6);

    double squares = 0;
    for (size_t i = 0; i < bert_session_tensor_count(session); i++) {
        bert_tensor gradient;
        assert_ok(bert_session_gradients(session, bert_session_tensor_name(session, i), &gradient,
                                         error));
        assert_int_equal(gradient.count, gradient.shape[0] * gradient.shape[1]);
        for (size_t j = 0; j < gradient.count; j++)
            squares += (double)gradient.values[j] * gradient.values[j];
    }
    assert_null(bert_session_tensor_name(session, bert_session_tensor_count(session)));
    assert_true(fabs(sqrt(squares) / result.grad_norm - 1) < 1e-5);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bert_tensor weights, gradients;
        assert_ok(bert_session_weights(session, names[i], &weights, error));
        assert_ok(bert_session_gradients(session, names[i], &gradients, error));
        assert_string_equal(weights.name, names[i]);
        size_t largest = 0;
        for (size_t j = 0; j < gradients.count; j++)
            if (fabsf(gradients.values[j]) > fabsf(gradients.values[largest]))
                largest = j;
        float before = weights.values[largest], delta = 1e-2f;
        bert_losses above, below;
        weights.values[largest] = before + delta;
        assert_ok(bert_session_loss(session, &batch, &above, error));
        weights.values[largest] = before - delta;
        assert_ok(bert_session_loss(session, &batch, &below, error));
        weights.values[largest] = before;
        double slope = (above.loss - below.loss) / (2 * (double)delta);
        double gradient = (double)gradients.values[largest];
        if (!(fabs(slope - gradient) < 0.02 * fabs(gradient) + 1e-4))
            fail_msg("%s: gradient %g, difference %g", names[i], gradient, slope);
    }
    bert_tensor tensor;
    assert_ok(bert_session_weights(session, "bert.encoder.layer.0.attention.self.key.weight",
                                   &tensor, error));
    assert_true(tensor.dimensions == 2 && tensor.shape[0] == 32 && tensor.shape[1] == 32);
    assert_ok(bert_session_weights(session, "cls.predictions.bias", &tensor, error));
    assert_true(tensor.dimensions == 1 && tensor.shape[0] == VOCABULARY && tensor.shape[1] == 1);
    assert_fails(bert_session_weights(session, "bert.pooler", &tensor, error),
                 BERT_ERROR_INVALID_ARGUMENT, "\"bert.pooler\": the model has no parameter");
    assert_fails(bert_session_gradients(session, "", &tensor, error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"\": the model has no parameter");
    bert_session_close(session);

    params = own_params(tiny_path("lamb"));
    params.optim = BERT_OPTIMIZER_LAMB;
    session = open_own(&params, &task);
    assert_fails(bert_session_gradients(session, names[0], &tensor, error), BERT_ERROR_UNSUPPORTED,
                 "lamb");
    assert_ok(bert_session_weights(session, names[0], &tensor, error));
    bert_session_close(session);
}

/* A student that learns from what test_learns_own_batches made. */
static void test_teacher(void **state)
{
    (void)state;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("student"));
    params.teacher = tiny_path("learned");
    params.next_sentence_prediction = false;
    const bert_batch_source source = {.context = &task, .next = next_batch_alone};
    bert_session *session;
    assert_ok(bert_session_open(&session, &params, &source, NULL, error));
    bert_step_result first = run_steps(session, 1), last = run_steps(session, 15);
    assert_true(first.losses.mlm_loss < 2); /* it begins with the teacher's weights */
    assert_true(last.losses.soft_loss > 0 && isfinite(last.losses.soft_loss));
    assert_true(isfinite(last.losses.cosine_loss) && isnan(last.losses.nsp_loss));
    assert_true(last.losses.loss == last.losses.mlm_loss);
    bert_session_close(session);
}

static double cross_entropy(const float *logits, int count, int label)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += exp((double)logits[i]);
    return log(sum) - (double)logits[label];
}

static void test_logits(void **state)
{
    (void)state;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("logits"));
    params.per_device_train_batch_size = 2; /* four micro-batches */
    params.gradient_accumulation_steps = 4;
    bert_session *session = open_own(&params, &task);
    run_steps(session, 3);
    bert_batch batch = make_batch(&task, 50);
    float mlm[SEQUENCES * MASKED * VOCABULARY], nsp[SEQUENCES * 2], again[SEQUENCES * 2];
    bert_losses losses;
    assert_ok(bert_session_loss(session, &batch, &losses, error));
    assert_ok(bert_session_logits(session, &batch, mlm, nsp, error));
    double mlm_loss = 0, nsp_loss = 0;
    for (int i = 0; i < batch.masked_count; i++)
        mlm_loss += cross_entropy(mlm + i * VOCABULARY, VOCABULARY, batch.masked_labels[i]);
    for (int i = 0; i < SEQUENCES; i++)
        nsp_loss += cross_entropy(nsp + 2 * i, 2, batch.next_sentence_labels[i]);
    assert_true(fabs(mlm_loss / batch.masked_count - losses.mlm_loss) < 1e-5);
    assert_true(fabs(nsp_loss / SEQUENCES - losses.nsp_loss) < 1e-5);

    /* Labels are not read; without next_sentence_labels there is no NSP loss. */
    batch.masked_labels = NULL;
    batch.next_sentence_labels = NULL;
    assert_ok(bert_session_logits(session, &batch, NULL, again, error));
    assert_memory_equal(nsp, again, sizeof nsp);
    batch.masked_labels = task.labels;
    assert_ok(bert_session_loss(session, &batch, &losses, error));
    assert_true(fabs(losses.loss - mlm_loss / batch.masked_count) < 1e-5);
    assert_true(isnan(losses.nsp_loss));
    bert_session_close(session);

    params = own_params(tiny_path("mlm-alone"));
    params.next_sentence_prediction = false;
    const bert_batch_source source = {.context = &task, .next = next_batch};
    assert_ok(bert_session_open(&session, &params, &source, NULL, error));
    assert_fails(bert_session_logits(session, &batch, mlm, nsp, error), BERT_ERROR_INVALID_ARGUMENT,
                 "nsp_logits of a model without NSP head");
    bert_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_pretrain),
        cmocka_unit_test(test_callback_stops),
        cmocka_unit_test(test_learns_own_batches),
        cmocka_unit_test(test_resumes_own_batches),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_teacher),
        cmocka_unit_test(test_logits),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
