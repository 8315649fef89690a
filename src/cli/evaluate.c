/* bert evaluate: how good a model is on held-out data. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings {
    bert_evaluate_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_evaluate_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, NULL)};

static int print_json(const bert_evaluation *evaluation)
{
    return console_json(json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "samples",
        (json_int_t)evaluation->samples, "tokens", (json_int_t)evaluation->tokens, "mlm_count",
        (json_int_t)evaluation->mlm_count, "mlm_loss", console_json_number(evaluation->mlm_loss),
        "mlm_perplexity", console_json_number(evaluation->mlm_perplexity), "mlm_accuracy",
        console_json_number(evaluation->mlm_accuracy), "mlm_baseline_accuracy",
        console_json_number(evaluation->mlm_baseline_accuracy), "nsp_count",
        (json_int_t)evaluation->nsp_count, "nsp_loss", console_json_number(evaluation->nsp_loss),
        "nsp_accuracy", console_json_number(evaluation->nsp_accuracy), "nsp_baseline_accuracy",
        console_json_number(evaluation->nsp_baseline_accuracy)));
}

static void print_readable(const bert_evaluation *evaluation)
{
    char count[32], tokens[32];
    printf("%s sequences, %s tokens\n", console_count(count, evaluation->samples),
           console_count(tokens, evaluation->tokens));
    printf("masked tokens   loss %7.4f  perplexity %9.2f  accuracy %5.2f %%  (always the most "
           "frequent token: %5.2f %%)  of %s\n",
           evaluation->mlm_loss, evaluation->mlm_perplexity, 100 * evaluation->mlm_accuracy,
           100 * evaluation->mlm_baseline_accuracy, console_count(count, evaluation->mlm_count));
    if (evaluation->nsp_count > 0)
        printf("next sentence   loss %7.4f                        accuracy %5.2f %%  (always the "
               "most frequent label: %5.2f %%)  of %s\n",
               evaluation->nsp_loss, 100 * evaluation->nsp_accuracy,
               100 * evaluation->nsp_baseline_accuracy,
               console_count(count, evaluation->nsp_count));
}

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
    bert_error error = {0};
    bert_evaluation evaluation;
    if (bert_evaluate(&settings.params, &evaluation, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    if (settings.json)
        return print_json(&evaluation);
    print_readable(&evaluation);
    return EXIT_SUCCESS;
}

const command command_evaluate = {
    .name = "evaluate",
    .summary = "measure a model on held-out data",
    .synopsis = "--model DIR --data PREFIX [OPTIONS]\n--model DIR --eval-data DATA [OPTIONS]",
    .description =
        "Measures a model on the validation split: loss, perplexity and accuracy of the masked "
        "tokens, loss and accuracy of next-sentence prediction. Each accuracy is shown with that "
        "of always answering the same. Losses are means, in nats.\n\n"
        "Samples are made as the run.json of a checkpoint says it was trained, unless options "
        "say otherwise: --pairs, --sequences, --mask-unit and --max-seq-length.",
    .examples = "bert evaluate --model run --data data\n"
                "bert evaluate --model run/checkpoint-1000 --data data --json\n"
                "bert evaluate --model run --data data --sequences stream --mask-unit word\n",
    .parts = {TABLE_PART(bert_evaluate_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
