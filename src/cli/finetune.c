/* bert finetune: a classifier or a regression on top of a model. */
#include "commands.h"
#include "console.h"
#include "ranks.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_finetune_params params;
    bert_job_params job;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_finetune_params_default();
    settings.job = bert_job_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, "Output")};

static json_t *json_scores(const bert_score_set *set)
{
    json_t *object = json_object();
    for (int i = 0; i < set->score_count; i++)
        json_object_set_new(
            object, set->scores[i].name,
            json_pack("{s:o, s:o}", "mean", console_json_number(set->scores[i].mean),
                      "standard_deviation", console_json_number(set->scores[i].deviation)));
    return object;
}

static int print_json(const bert_finetune_result *result)
{
    return console_json(json_pack(
        "{s:b, s:i, s:I, s:i, s:o, s:o, s:o}", "finished", result->finished, "seeds", result->seeds,
        "best_seed", (json_int_t)result->best_seed, "best_epoch", result->best_epoch,
        settings.params.model ? "model" : "scratch", json_scores(&result->model), "baseline",
        json_scores(&result->baseline), "constant", json_scores(&result->constant)));
}

static void print_score(const bert_score_set *set, int number)
{
    if (number >= set->score_count)
        return;
    const bert_score *score = &set->scores[number];
    char text[64] = "   n/a"; /* not defined, as a correlation with what does not vary */
    if (!isnan(score->mean))
        snprintf(text, sizeof text, "%6.2f", 100 * score->mean);
    if (!isnan(score->deviation))
        snprintf(text + strlen(text), sizeof text - strlen(text), " ± %.2f",
                 100 * score->deviation);
    printf("  %-*s", isnan(score->deviation) ? 15 : 16, text); /* "±" is two bytes */
}

static void print_readable(const bert_finetune_result *result)
{
    printf("%-32s%-16s", result->seeds > 1 ? "mean ± standard deviation, ×100" : "×100",
           settings.params.model ? "  model" : "  from scratch");
    printf("%s  constant answer\n", settings.params.baseline ? "  from scratch   " : "");
    for (int i = 0; i < result->model.score_count; i++) {
        printf("%-30s", result->model.scores[i].name);
        print_score(&result->model, i);
        print_score(&result->baseline, i);
        print_score(&result->constant, i);
        putchar('\n');
    }
    printf("the best: seed %llu, epoch %d; in %s\n", (unsigned long long)result->best_seed,
           result->best_epoch, settings.params.output);
}

static bert_status train(void *context, bert_job *job, const bert_observer *observer,
                         bert_error *error)
{
    settings.params.job = job;
    return bert_finetune(&settings.params, context, observer, error);
}

static int show_result(void *context)
{
    const bert_finetune_result *result = context;
    int signal = result->finished ? 0 : console_signal();
    if (!result->finished && !signal)
        signal = SIGTERM; /* another rank had it */
    if (settings.json)
        print_json(result);
    else if (result->seeds > 0)
        print_readable(result);
    return signal ? 128 + signal : EXIT_SUCCESS;
}

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
    bert_finetune_result result;
    return ranks_run(&settings.job,
                     &(rank_command){.work = train, .show = show_result, .context = &result});
}

const command command_finetune = {
    .name = "finetune",
    .summary = "train a classifier or a regression on top of a model",
    .synopsis = "--task NAME --data DIR --model DIR --output RUN [OPTIONS]\n"
                "--task FILE --model DIR --output RUN [OPTIONS]",
    .description =
        "Trains a model to answer with a label, or a number, for a text or two: a task of GLUE "
        "from its files as they are published, or files of your own. After each epoch it is "
        "measured on the validation file; of all epochs and seeds the best one's weights are "
        "kept, in a folder that bert predict and Hugging Face's "
        "AutoModelForSequenceClassification open.\n\n"
        "The scores are GLUE's: Matthews' correlation for cola, accuracy and F1 for mrpc and "
        "qqp, Pearson's and Spearman's correlation for stsb, accuracy for the others (mnli: of "
        "the matched and the mismatched file). Of files of your own: accuracy, Matthews' "
        "correlation and, of two classes, F1 of the second one; of a regression the "
        "correlations. They are shown with the scores of always answering the same.\n\n"
        "RUN also holds metrics.jsonl, results.json with the scores of every seed, and, where "
        "there is a test file, the best model's answers as GLUE's server takes them (CoLA.tsv).\n\n"
        "mpirun -n N bert finetune ... trains one model on N ranks: a step has N times as many "
        "examples, the ranks share those to measure by, rank 0 writes and reports.",
    .examples = "bert finetune --task cola --data glue --model run --output cola --seeds 5\n"
                "bert finetune --task reviews.csv --model run --output reviews\n"
                "bert predict --model cola \"They drank the pub.\"\n",
    .parts = {TABLE_PART(bert_finetune_params, settings.params),
              TABLE_PART(bert_job_params, settings.job), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
