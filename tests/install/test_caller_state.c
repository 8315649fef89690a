/* What belongs to the caller is after every public call what it was before: the number of OpenMP
 * threads, signal handlers and mask, locale, umask, directory, environment, rounding and flushing
 * of denormal numbers, open files; and nothing is printed.
 *
 *     test_caller_state FIXTURE      tests/cli/make-fixture's */
#include <bert.h>

#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

extern char **environ;

/* ------------------------------------------------------------------------------- the state --- */

enum { SIGNALS = 32, CALLERS_THREADS = 3 };

typedef struct caller_state {
    int threads, levels, dynamic;
    void *handlers[SIGNALS];
    sigset_t mask;
    char locale[256], directory[4096];
    mode_t umask;
    size_t environment_bytes;
    int rounding;
    unsigned floating_point; /* MXCSR without its flags of what happened */
    int files;
} caller_state;

static int count_files(void)
{
    int count = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files && readdir(files))
        count++;
    if (files)
        closedir(files);
    return count;
}

static caller_state state_now(void)
{
    caller_state state;
    memset(&state, 0, sizeof state);
    state.threads = omp_get_max_threads();
    state.levels = omp_get_max_active_levels();
    state.dynamic = omp_get_dynamic();
    for (int i = 1; i < SIGNALS; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0)
            memcpy(&state.handlers[i], &action.sa_handler, sizeof state.handlers[i]);
    }
    pthread_sigmask(SIG_BLOCK, NULL, &state.mask);
    snprintf(state.locale, sizeof state.locale, "%s", setlocale(LC_ALL, NULL));
    if (!getcwd(state.directory, sizeof state.directory))
        exit(2);
    state.umask = umask(0);
    umask(state.umask);
    for (char **entry = environ; *entry; entry++)
        state.environment_bytes += strlen(*entry) + 1;
    state.rounding = fegetround();
#if defined(__x86_64__)
    state.floating_point = _mm_getcsr() & ~0x3Fu;
#endif
    state.files = count_files();
    return state;
}

static int failures, calls;
static FILE *report; /* stdout and stderr are files of their own here, and stay empty */

#define SAME(member)                                                                              \
    do {                                                                                          \
        if (memcmp(&before->member, &after.member, sizeof after.member) != 0) {                   \
            fprintf(report, "%s, %d threads: changed the caller's " #member "\n", name, threads); \
            failures++;                                                                           \
        }                                                                                         \
    } while (0)

static void compare(const char *name, int threads, const caller_state *before)
{
    caller_state after = state_now();
    SAME(threads);
    SAME(levels);
    SAME(dynamic);
    SAME(handlers);
    SAME(mask);
    SAME(locale);
    SAME(directory);
    SAME(umask);
    SAME(environment_bytes);
    SAME(rounding);
    SAME(floating_point);
    SAME(files);
    calls++;
}

static bert_error error;

/* A call that succeeds or fails as it shall, and keeps the caller's state. */
#define CALL(call, expected)                                                          \
    do {                                                                              \
        caller_state before_call = state_now();                                       \
        error.message[0] = 0;                                                         \
        if ((call) != (expected)) {                                                   \
            fprintf(report, "%s: \"%s\" is not as expected\n", #call, error.message); \
            failures++;                                                               \
        }                                                                             \
        compare(#call, threads, &before_call);                                        \
    } while (0)

/* ------------------------------------------------------------------------------- the calls --- */

static char fixture[3000], work[3000];

/* A path under one of the two, in one of a few buffers. */
static const char *at(const char *directory, const char *name)
{
    static char paths[8][4096];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static bert_status ignore_line(void *context, const char *text, size_t length,
                               const bert_encoding *encoding, bert_error *line_error)
{
    (void)context, (void)text, (void)length, (void)encoding, (void)line_error;
    return BERT_OK;
}

static bert_status ignore_document(void *context, const char *text, size_t length,
                                   bert_error *document_error)
{
    (void)context, (void)text, (void)length, (void)document_error;
    return BERT_OK;
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void call_corpus_functions(int threads)
{
    const char *corpus = at(fixture, "corpus.txt");
    CALL(bert_read_documents(&corpus, 1, NULL, ignore_document, NULL, NULL, NULL, &error), BERT_OK);

    bert_train_tokenizer_params learn = bert_train_tokenizer_params_default();
    learn.inputs = &corpus;
    learn.input_count = 1;
    learn.vocab_size = 150;
    learn.threads = threads;
    learn.output = at(work, threads == 1 ? "tokenizer1" : "tokenizer2");
    CALL(bert_train_tokenizer(&learn, NULL, NULL, &error), BERT_OK);

    bert_tokenizer *tokenizer = NULL;
    CALL(bert_tokenizer_load(&tokenizer, at(fixture, "tokenizer"), NULL, &error), BERT_OK);
    const char lines[] = "A king.\nThe man sees the river.\n";
    CALL(bert_tokenizer_encode_lines(tokenizer, lines, sizeof lines - 1, true, 0, threads,
                                     ignore_line, NULL, &error),
         BERT_OK);
    bert_tokenizer_free(tokenizer);

    bert_prepare_params prepare = bert_prepare_params_default();
    prepare.inputs = &corpus;
    prepare.input_count = 1;
    prepare.tokenizer = at(fixture, "tokenizer");
    prepare.threads = threads;
    prepare.output = at(work, threads == 1 ? "data1" : "data2");
    CALL(bert_prepare(&prepare, NULL, NULL, &error), BERT_OK);

    bert_inspect_corpus_params inspect = bert_inspect_corpus_params_default();
    inspect.inputs = &corpus;
    inspect.input_count = 1;
    inspect.tokenizer = at(fixture, "tokenizer");
    inspect.threads = threads;
    bert_corpus_report corpus_report;
    bool finished;
    CALL(bert_inspect_corpus(&inspect, &corpus_report, &finished, NULL, &error), BERT_OK);
    bert_corpus_report_free(&corpus_report);

    bert_inspect_data_params data = bert_inspect_data_params_default();
    data.data = at(fixture, "data");
    bert_data_report data_report;
    CALL(bert_inspect_data(&data, &data_report, &error), BERT_OK);
    bert_data_report_free(&data_report);
}

static void call_training_functions(int threads)
{
    const char *run = at(work, threads == 1 ? "run1" : "run2");
    bert_pretrain_params params = bert_pretrain_params_default();
    params.data = at(fixture, "data");
    params.model = at(fixture, "config.json");
    params.output = run;
    params.max_seq_length = 32;
    params.per_device_train_batch_size = 8;
    params.max_steps = 4;
    params.stop_after_steps = 2;
    params.threads = threads;
    bert_pretrain_result result;
    CALL(bert_pretrain(&params, &result, NULL, &error), BERT_OK);
    CALL(bert_pretrain(&params, &result, NULL, &error),
         BERT_ERROR_INVALID_ARGUMENT); /* it holds a run */
    bert_resume_params resume = bert_resume_params_default();
    resume.run = run;
    resume.threads = threads;
    CALL(bert_pretrain_resume(&resume, &result, NULL, &error), BERT_OK);
    resume.run = "/nowhere";
    CALL(bert_pretrain_resume(&resume, &result, NULL, &error), BERT_ERROR_IO);

    bert_evaluate_params evaluate = bert_evaluate_params_default();
    evaluate.model = run;
    evaluate.data = at(fixture, "data");
    evaluate.threads = threads;
    bert_evaluation evaluation;
    CALL(bert_evaluate(&evaluate, &evaluation, NULL, &error), BERT_OK);

    bert_tune_params tune = bert_tune_params_default();
    tune.model = at(fixture, "config.json");
    tune.max_seq_length = 32;
    tune.batch_size = 8;
    tune.precision = BERT_PRECISION_FLOAT32;
    tune.seconds = 0; /* the first trial alone */
    tune.threads = threads;
    bert_tune_result tuned;
    CALL(bert_tune(&tune, &tuned, NULL, &error), BERT_OK);
    tune.model = "/nowhere";
    CALL(bert_tune(&tune, &tuned, NULL, &error), BERT_ERROR_INVALID_ARGUMENT);

    bert_plan_params plan = bert_plan_params_default();
    plan.model = "tiny";
    plan.run_hours = 1;
    bert_plan_result planned;
    CALL(bert_plan(&plan, &planned, &error), BERT_OK);
}

static bert_status make_batch(void *context, int64_t step, int sequences, bert_batch *batch,
                              bert_error *batch_error)
{
    static const int32_t tokens[] = {2, 4, 3}, starts[] = {0, 3}, positions[] = {1}, labels[] = {5};
    (void)context, (void)step, (void)sequences, (void)batch_error;
    *batch = (bert_batch){.sequence_count = 1,
                          .token_count = 3,
                          .masked_count = 1,
                          .tokens = tokens,
                          .sequence_starts = starts,
                          .masked_positions = positions,
                          .masked_labels = labels};
    return BERT_OK;
}

static bool stop_session(void *context, bert_session *session, const bert_step_result *result)
{
    (void)context, (void)session, (void)result;
    return false;
}

static void call_session(int threads)
{
    bert_pretrain_params params = bert_pretrain_params_default();
    params.tokenizer = at(fixture, "tokenizer");
    params.model = at(fixture, "config.json");
    params.output = at(work, threads == 1 ? "session1" : "session2");
    params.next_sentence_prediction = false;
    params.max_seq_length = 32;
    params.per_device_train_batch_size = 1;
    params.max_steps = 4;
    params.threads = threads;
    const bert_batch_source source = {.next = make_batch};
    bert_resume_params resume = bert_resume_params_default();
    resume.run = params.output;
    bert_session *session;
    bert_step_result result;
    bert_losses losses;
    bert_batch batch;
    float *logits = calloc(10000, sizeof *logits);
    caller_state before = state_now();
    if (bert_session_open(&session, &params, &source, NULL, &error) != BERT_OK ||
        bert_session_step(session, &result, &error) != BERT_OK ||
        bert_session_run(session, stop_session, NULL, &result, &error) != BERT_OK ||
        make_batch(NULL, 0, 1, &batch, &error) != BERT_OK ||
        bert_session_loss(session, &batch, &losses, &error) != BERT_OK ||
        bert_session_logits(session, &batch, logits, NULL, &error) != BERT_OK ||
        bert_session_save(session, &error) != BERT_OK) {
        fprintf(report, "session: %s\n", error.message);
        failures++;
    }
    bert_session_close(session);
    CALL(bert_session_open(&session, &params, &source, NULL, &error),
         BERT_ERROR_INVALID_ARGUMENT); /* it holds a run */
    CALL(bert_session_resume(&session, &resume, NULL, NULL, &error), BERT_ERROR_INVALID_ARGUMENT);
    if (bert_session_resume(&session, &resume, &source, NULL, &error) != BERT_OK)
        failures++;
    bert_session_close(session);
    compare("bert_session_open to _close", threads, &before);
    free(logits);
}

static void call_finetuning(int threads)
{
    const char *examples = at(work, "examples.csv");
    FILE *file = fopen(examples, "w");
    fputs("text,label\n", file);
    for (int i = 0; i < 20; i++)
        fprintf(file, "A king %d.,royal\nThe man %d.,common\n", i, i);
    fclose(file);
    bert_finetune_params params = bert_finetune_params_default();
    params.train_file = examples;
    params.model = at(fixture, "run");
    params.output = at(work, threads == 1 ? "tuned1" : "tuned2");
    params.max_seq_length = 16;
    params.num_train_epochs = 1;
    params.threads = threads;
    bert_finetune_result result;
    CALL(bert_finetune(&params, &result, NULL, &error), BERT_OK);
    CALL(bert_finetune(&params, &result, NULL, &error),
         BERT_ERROR_INVALID_ARGUMENT); /* not empty */
}

static void call_model_functions(int threads)
{
    bert_model_options options = bert_model_options_default();
    options.threads = threads;
    bert_model *model = NULL, *classifier = NULL;
    CALL(bert_model_load_with(&model, "/nowhere", &options, &error), BERT_ERROR_IO);
    CALL(bert_model_load_with(&model, at(fixture, "run"), &options, &error), BERT_OK);
    CALL(bert_model_load_with(&classifier, at(work, threads == 1 ? "tuned1" : "tuned2"), &options,
                              &error),
         BERT_OK);
    if (!model || !classifier)
        return;
    const bert_input input = {.text = "A king.", .length = 7};
    float *vector = calloc(bert_model_hidden_size(model), sizeof *vector);
    bert_embed_params embed = bert_embed_params_default();
    CALL(bert_embed(model, NULL, &input, 1, &embed, vector, NULL, &error), BERT_OK);
    bert_predict_params predict = bert_predict_params_default();
    float answers[2];
    CALL(bert_predict(classifier, NULL, &input, 1, &predict, answers, NULL, &error), BERT_OK);
    CALL(bert_predict(model, NULL, &input, 1, &predict, answers, NULL, &error),
         BERT_ERROR_INVALID_ARGUMENT);
    bert_prediction predictions[3];
    size_t masks;
    CALL(bert_fill_mask(model, NULL, "A [MASK].", 9, 3, predictions, 1, &masks, &error), BERT_OK);

    bert_npy *npy = NULL;
    const char *path = at(work, "vectors.npy");
    caller_state before = state_now();
    bert_npy_open(&npy, path, bert_model_hidden_size(model), &error);
    bert_npy_write(npy, vector, 1, &error);
    bert_npy_commit(npy, &error);
    compare("bert_npy_open to _commit", threads, &before);
    free(vector);
    bert_model_free(model);
    bert_model_free(classifier);

    bert_inspect_model_params inspect = bert_inspect_model_params_default();
    inspect.path = at(fixture, "run");
    bert_model_report model_report;
    CALL(bert_inspect_model(&inspect, &model_report, &error), BERT_OK);
    bert_model_report_free(&model_report);
}

static void call_network_functions(int threads)
{
    bert_serve_params serve = bert_serve_params_default();
    serve.model = at(fixture, "run");
    serve.port = 0;
    serve.threads = threads;
    const bert_observer observer = {.should_stop = stop_at_once};
    CALL(bert_serve(&serve, &observer, &error), BERT_OK);

    bert_download_params download = bert_download_params_default();
    download.name = "nobody/nothing";
    download.kind = BERT_REPOSITORY_MODEL;
    download.hub.endpoint = "http://127.0.0.1:9";
    download.hub.cache = at(work, "cache");
    download.hub.token = "";
    download.hub.retries = 1;
    bert_download_result downloaded;
    CALL(bert_download(&download, &downloaded, NULL, &error), BERT_ERROR_IO);
    bert_download_result_free(&downloaded);

    bert_job_params join = bert_job_params_default();
    bert_job *job;
    CALL(bert_job_join(&job, &join, &error), BERT_OK); /* nobody to join */
    bert_job_finalize(job);
}

static bool has_content(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || status.st_size > 0;
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/bert-test-XXXXXX";
    if (argc != 2 || !mkdtemp(made) || !(report = fdopen(dup(1), "w")))
        return 2;
    snprintf(fixture, sizeof fixture, "%s", argv[1]);
    snprintf(work, sizeof work, "%s", made);
    char out[4096], err[4096];
    snprintf(out, sizeof out, "%s/stdout", work);
    snprintf(err, sizeof err, "%s/stderr", work);
    if (!freopen(out, "w", stdout) || !freopen(err, "w", stderr))
        return 2;

    /* None of them is what a process begins with. */
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    umask(027);
    omp_set_num_threads(CALLERS_THREADS);
    fesetround(FE_TONEAREST);

    for (int threads = 1; threads <= 2; threads++) {
        call_corpus_functions(threads);
        call_training_functions(threads);
        call_session(threads);
        call_finetuning(threads);
        call_model_functions(threads);
        call_network_functions(threads);
    }
    fflush(stdout);
    fflush(stderr);
    if (has_content(out) || has_content(err)) {
        fprintf(report, "the library printed\n");
        failures++;
    }
    char command[3100];
    snprintf(command, sizeof command, "rm -rf '%s'", work);
    if (system(command) != 0)
        failures++;
    fprintf(report, "%d calls, %d failures\n", calls, failures);
    return failures > 0;
}
