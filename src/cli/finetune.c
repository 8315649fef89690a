/* bert finetune: a classifier or a regression on top of a model. */
#include "commands.h"
#include "console.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_finetune_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_finetune_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings)};

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

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
    bert_error error = {0};
    bert_finetune_result result;
    console_catch_signals();
    if (bert_finetune(&settings.params, &result, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    if (settings.json)
        print_json(&result);
    else if (result.seeds > 0)
        print_readable(&result);
    return console_signal() ? 128 + console_signal() : EXIT_SUCCESS;
}

const command command_finetune = {
    .name = "finetune",
    .summary = "train a classifier or a regression on top of a model",
    .synopsis = "--task NAME --data DIR --model DIR --output RUN [OPTIONS]\n"
                "--task FILE --model DIR --output RUN [OPTIONS]",
    .description =
        "Trains a model to answer with a label, or a number, for a text or two: a task of GLUE "
        "from "
        "its files as they are published, or files of your own. After each epoch it is measured on "
        "the validation file; of all epochs and seeds the best one's weights are kept, in a folder "
        "that bert predict and Hugging Face's AutoModelForSequenceClassification open.\n\n"
        "The scores are GLUE's: Matthews' correlation for cola, accuracy and F1 for mrpc and qqp, "
        "Pearson's and Spearman's correlation for stsb, accuracy for the others (mnli: of the "
        "matched and the mismatched file). Of files of your own: accuracy, Matthews' correlation "
        "and, of two classes, F1 of the second one; of a regression the correlations. Beside them "
        "stands what an answer that never changes would score.\n\n"
        "RUN also holds metrics.jsonl, results.json with the scores of every seed, and, where "
        "there "
        "is a test file, the best model's answers as GLUE's server takes them (CoLA.tsv).",
    .examples = "bert finetune --task cola --data glue --model run --output cola --seeds 5\n"
                "bert finetune --task reviews.csv --model run --output reviews\n"
                "bert predict --model cola \"They drank the pub.\"\n",
    .parts = {TABLE_PART(bert_finetune_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
