/* From files of text to a model: vocabulary, prepared data, pre-training. Ctrl-C saves and ends.
 *
 *     cc pretrain.c $(pkg-config --cflags --libs libbert) -o pretrain
 *     ./pretrain OUTPUT STEPS FILE...
 */
#include <bert.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* begin: observer */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void show_progress(void *context, const bert_progress *progress)
{
    char line[200];
    bert_progress_format(line, sizeof line, progress);
    fprintf(context, "%s: %s\n", progress->job, line);
}

static bool should_stop(void *context)
{
    (void)context;
    return interrupted;
}
/* end */

/* begin: tokenizer */
static bert_status train_tokenizer(const char *const *files, size_t count, const char *output,
                                   const bert_observer *observer, bert_error *error)
{
    bert_train_tokenizer_params params = bert_train_tokenizer_params_default();
    params.inputs = files; /* text, JSON lines, Parquet, Wikipedia dumps …, compressed or not */
    params.input_count = count;
    params.output = output;
    params.vocab_size = 8000;
    bert_train_tokenizer_result result;
    return bert_train_tokenizer(&params, &result, observer, error);
}
/* end */

/* begin: prepare */
static bert_status prepare(const char *const *files, size_t count, const char *tokenizer,
                           const char *output, const bert_observer *observer, bert_error *error)
{
    bert_prepare_params params = bert_prepare_params_default();
    params.inputs = files;
    params.input_count = count;
    params.tokenizer = tokenizer;
    params.output = output; /* a prefix: writes .bin, .idx, .validation.bin … */
    params.validation_fraction = 0.1;
    bert_prepare_result result;
    return bert_prepare(&params, &result, observer, error);
}
/* end */

/* begin: pretrain */
static bert_status pretrain(const char *data, const char *output, int64_t steps,
                            const bert_observer *observer, bert_error *error)
{
    bert_pretrain_params params = bert_pretrain_params_default();
    params.data = data;
    params.output = output;
    params.model = "tiny";
    params.max_seq_length = 64;
    params.max_steps = steps;
    params.learning_rate = 1e-3;
    params.warmup_ratio = 0.1;
    bert_pretrain_result result;
    bert_status status = bert_pretrain(&params, &result, observer, error);
    if (status == BERT_OK)
        printf("%s after %lld steps: %s\n", result.finished ? "finished" : "stopped",
               (long long)result.steps, result.checkpoint);
    return status;
}
/* end */

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s OUTPUT STEPS FILE...\n", argv[0]);
        return 2;
    }
    const char *const *files = (const char *const *)argv + 3;
    size_t count = (size_t)argc - 3;
    char tokenizer[4096], data[4096], run[4096];
    snprintf(tokenizer, sizeof tokenizer, "%s/tokenizer", argv[1]);
    snprintf(data, sizeof data, "%s/data", argv[1]);
    snprintf(run, sizeof run, "%s/run", argv[1]);

    /* begin: main */
    signal(SIGINT, interrupt); /* the library installs no handlers: the program decides */
    bert_observer observer = {
        .context = stderr, .progress = show_progress, .should_stop = should_stop};
    bert_error error;
    bert_status status = train_tokenizer(files, count, tokenizer, &observer, &error);
    if (status == BERT_OK && !interrupted)
        status = prepare(files, count, tokenizer, data, &observer, &error);
    if (status == BERT_OK && !interrupted)
        status = pretrain(data, run, atoll(argv[2]), &observer, &error);
    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    /* end */
    return status == BERT_OK ? 0 : 1;
}
