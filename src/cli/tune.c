/* bert tune: the fastest settings for a model on this machine. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings {
    bert_tune_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_tune_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, NULL)};

static const char *state_name(bert_trial_state state)
{
    switch (state) {
    case BERT_TRIAL_TOO_LARGE:
        return "too large";
    case BERT_TRIAL_NO_TIME:
        return "no time left";
    default:
        return "measured";
    }
}

static json_t *trial_json(const bert_trial *trial)
{
    return json_pack(
        "{s:i, s:i, s:i, s:s, s:b, s:s, s:I, s:I, s:f, s:f, s:f}", "micro_batch_tokens",
        trial->micro_batch_tokens, "ranks", trial->ranks, "threads", trial->threads, "precision",
        trial->bf16 ? "bf16" : "float32", "gradient_checkpointing", trial->gradient_checkpointing,
        "state", state_name(trial->state), "predicted_bytes", (json_int_t)trial->predicted_bytes,
        "measured_bytes", (json_int_t)trial->measured_bytes, "pass_seconds", trial->pass_seconds,
        "update_seconds", trial->update_seconds, "tokens_per_second", trial->tokens_per_second);
}

static int print_json(const bert_tune_result *result)
{
    json_t *trials = json_array();
    for (size_t i = 0; i < result->trial_count; i++)
        json_array_append_new(trials, trial_json(&result->trials[i]));
    json_t *best = result->best < result->trial_count ? trial_json(&result->trials[result->best])
                                                      : json_null();
    return console_json(json_pack("{s:o, s:o, s:I, s:f, s:b}", "best", best, "trials", trials,
                                  "memory", (json_int_t)result->memory, "seconds", result->seconds,
                                  "finished", result->finished));
}

static void print_trial(const bert_trial *trial, bool best)
{
    printf("%-9s  %6d  %5s  %3d x %-3d  %10.0f", trial->bf16 ? "bf16" : "float32",
           trial->micro_batch_tokens, trial->gradient_checkpointing ? "yes" : "no", trial->ranks,
           trial->threads, (double)trial->predicted_bytes / 1e6);
    if (trial->state == BERT_TRIAL_MEASURED)
        printf("  %9.0f  %8.3f  %8.0f%s\n", (double)trial->measured_bytes / 1e6,
               trial->update_seconds, trial->tokens_per_second, best ? "  best" : "");
    else
        printf("  %s\n", state_name(trial->state));
}

static void print_readable(const bert_tune_result *result)
{
    printf("           tokens   recom-   ranks x    MB pre-   MB meas-    update  tokens/s\n"
           "precision  a pass   puted    threads     dicted       ured  s a step\n");
    for (size_t i = 0; i < result->trial_count; i++)
        print_trial(&result->trials[i], i == result->best);
    if (result->finished && settings.params.output)
        printf("bert pretrain --config %s takes the best\n", settings.params.output);
}

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
    console_catch_signals();
    bert_error error = {0};
    bert_tune_result result;
    if (bert_tune(&settings.params, &result, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    console_progress_end();
    if (settings.json)
        return print_json(&result);
    print_readable(&result);
    return EXIT_SUCCESS;
}

const command command_tune = {
    .name = "tune",
    .summary = "find the fastest settings on this machine",
    .synopsis = "[OPTIONS]",
    .description =
        "Trains a model of the given size on made-up tokens with one setting after another, a "
        "few seconds each, and shows for each how fast it is and how much memory it takes, "
        "predicted from the configuration and measured. Tried are the precision of matrix "
        "multiplications, the tokens computed at once, how the cores are divided among ranks, "
        "and gradient checkpointing. No data is needed, nothing is kept.\n\n"
        "A setting that would take more memory than allowed is shown and not tried.",
    .examples = "bert tune --model base --output settings.json\n"
                "bert pretrain --config settings.json --data data --model base --output run\n"
                "bert tune --model large --max-seq-length 512 --memory 16000000000\n",
    .parts = {TABLE_PART(bert_tune_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
