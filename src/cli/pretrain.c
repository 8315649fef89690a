/* bert pretrain: prepared data in, checkpoints out; or a run continued. */
#include "commands.h"
#include "console.h"
#include "ranks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_pretrain_params params;
    bert_job_params job;
    const char *resume;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.params = bert_pretrain_params_default();
    settings.job = bert_job_params_default();
}

static const bert_option own_options[] = {
    {.name = "resume",
     .type = BERT_OPTION_PATH,
     .offset = offsetof(struct settings, resume),
     .value = "RUN",
     .optional = true,
     .group = "Resuming, and output",
     .help = "continue a run from its last checkpoint, with its own settings, as if it had never "
             "stopped; --threads, --stop-after-steps, --zero, --micro-batch-tokens, "
             "--rank-timeout and --json may be given with it"},
    JSON_OPTION(struct settings, NULL),
};

/* A run that is resumed keeps its settings: what may be given are the members of
 * bert_resume_params, and what is not of a run. */
static bool options_fit(const arguments *arguments)
{
    size_t count, resume_count;
    const bert_option *run = bert_pretrain_params_table(&count);
    const bert_option *resume = bert_resume_params_table(&resume_count);
    for (size_t i = 0; settings.resume && i < arguments->list.common; i++) {
        const option *option = &arguments->list.options[i];
        bool is_of_run = bert_option_find(run, count, option->name);
        bool may_change = bert_option_find(resume, resume_count, option->name);
        if (!arguments->given[i] || !is_of_run || may_change)
            continue;
        console_error("pretrain: --%s does not go with --resume: the run keeps its settings",
                      option->name);
        return false;
    }
    return true;
}

/* What was given, in the members of the same names. */
static bert_resume_params resume_params(const arguments *arguments)
{
    size_t count;
    const bert_option *resume = bert_resume_params_table(&count);
    bert_resume_params params = bert_resume_params_default();
    params.run = settings.resume;
    params.job = settings.params.job;
    for (size_t i = 0; i < arguments->list.common; i++) {
        const option *option = &arguments->list.options[i];
        const bert_option *same = bert_option_find(resume, count, option->name);
        char text[32];
        if (!same || !arguments->given[i])
            continue;
        bert_option_get(option->params, option->row, text, sizeof text);
        bert_option_set(&params, same, text, NULL);
    }
    return params;
}

/* What a call brings, and what comes of it. */
typedef struct call {
    const arguments *arguments;
    bert_pretrain_result result;
} call;

static int show_result(void *context)
{
    const bert_pretrain_result *result = &((const call *)context)->result;
    const char *run = settings.resume ? settings.resume : settings.params.output;
    int signal = result->finished ? 0 : console_signal();
    if (!result->finished && !signal && settings.params.stop_after_steps == 0)
        signal = SIGTERM; /* another rank had it */
    if (settings.json) {
        int code = console_json(json_pack(
            "{s:o, s:I, s:b, s:o, s:o, s:o}", "output", console_json_text(run, strlen(run)),
            "steps", (json_int_t)result->steps, "finished", (int)result->finished, "train_loss",
            console_json_number(result->train_loss), "eval_loss",
            console_json_number(result->eval_loss), "checkpoint",
            console_json_text(result->checkpoint, strlen(result->checkpoint))));
        return signal ? 128 + signal : code;
    }
    printf("%s: %lld steps, training loss %.4f", result->checkpoint, (long long)result->steps,
           result->train_loss);
    if (isfinite(result->eval_loss))
        printf(", validation loss %.4f", result->eval_loss);
    putchar('\n');
    return signal ? 128 + signal : EXIT_SUCCESS;
}

static bert_status train(void *context, bert_job *job, const bert_observer *observer,
                         bert_error *error)
{
    call *call = context;
    settings.params.job = job;
    if (!settings.resume)
        return bert_pretrain(&settings.params, &call->result, observer, error);
    bert_resume_params params = resume_params(call->arguments);
    return bert_pretrain_resume(&params, &call->result, observer, error);
}

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments) || !options_fit(arguments))
        return EXIT_USAGE;
    call call = {.arguments = arguments};
    return ranks_run(&settings.job,
                     &(rank_command){.work = train, .show = show_result, .context = &call});
}

const command command_pretrain = {
    .name = "pretrain",
    .summary = "train a model on prepared data",
    .synopsis = "--data DATA --model MODEL --output RUN [OPTIONS]\n--resume RUN [OPTIONS]",
    .description =
        "Trains BERT with masked language modelling and next-sentence prediction. RUN holds "
        "run.json (every setting), metrics.jsonl (a line for every logging step and evaluation) "
        "and the checkpoints, each a Hugging Face model folder that transformers loads.\n\n"
        "SIGINT (Ctrl-C) and SIGTERM finish the step, save a checkpoint and print how to resume; "
        "the exit status is then 130 or 143. A second signal ends the program at once. A run "
        "that was stopped and resumed has the weights and the metrics of one that was never "
        "stopped.\n\n"
        "mpirun -n N bert pretrain ... trains one model on N ranks: the batch of a step is N "
        "times as large, rank 0 writes and reports. A signal to any rank stops all; SIGUSR1, "
        "which mpirun passes on, stops a run as SIGTERM does.",
    .examples = "bert pretrain --data data --model tiny --output run\n"
                "bert pretrain --data data --model bert-base-uncased/ --output run\n"
                "bert pretrain --data data --model distil --teacher base/ --output run\n"
                "bert pretrain --data 'wiki/part-*' --data books:2.5 --model base --output run\n"
                "bert pretrain --data wiki --eval-data heldout --model base --output run\n"
                "bert pretrain --data ids.zip --tokenizer cased/ --model base --output "
                "run\n"
                "bert pretrain --config settings.json --output run --seed 7\n"
                "bert pretrain --resume run\n",
    .parts = {TABLE_PART(bert_pretrain_params, settings.params),
              TABLE_PART(bert_job_params, settings.job), OWN_PART(own_options, settings)},
    .instead = "resume",
    .set_defaults = set_defaults,
    .run = run,
};
