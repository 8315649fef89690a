/* bert evaluate: how good a model is on held-out data. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    bert_evaluate_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_evaluate_params_default();
    settings.json = false;
}

static const option options[] = {
    {.name = "model",
     .kind = OPTION_STRING,
     .target = &settings.params.model,
     .value = "DIR",
     .required = true,
     .help = "model folder, or a run: its last checkpoint"},
    {.name = "data",
     .kind = OPTION_LIST,
     .target = &settings.params.data,
     .value = "DATA",
     .required = true,
     .help = "PREFIX of data that bert prepare wrote, a folder or a quoted pattern of several; may "
             "be given several times. Or a folder of ready-made ids"},
    {.name = "train-split",
     .kind = OPTION_FLAG,
     .target = &settings.params.train_split,
     .help = "use the training split, not the validation split"},
    {.name = "samples",
     .kind = OPTION_INT64,
     .target = &settings.params.samples,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all",
     .help = "sequences to look at"},
    {.name = "batch-size",
     .kind = OPTION_INT,
     .target = &settings.params.batch_size,
     .value = "N",
     AT_LEAST(1),
     .help = "sequences computed at once"},
    {.name = "max-seq-length",
     .kind = OPTION_INT,
     .target = &settings.params.max_seq_length,
     .value = "N",
     AT_LEAST(0),
     .default_text = "as trained; else 128, or less where the model has fewer positions",
     .help = "tokens in a sequence at most, [CLS] and [SEP] included"},
    {.name = "pairs",
     .kind = OPTION_STRING,
     .target = &settings.params.pairs,
     .value = "NAME",
     .default_text = "as trained, else segment",
     .help =
         "what the two parts of a pair are: segment (several sentences) or sentence (one each)"},
    {.name = "sequences",
     .kind = OPTION_STRING,
     .target = &settings.params.sequences,
     .value = "NAME",
     .default_text = "as trained, else sentences",
     .help = "of a model without next-sentence prediction, or to measure masked tokens alone: "
             "sentences (whole ones of a document that fit), chunks (full lengths of a document), "
             "stream (full lengths over the borders of documents) or documents (the beginning of "
             "each)"},
    {.name = "mask-unit",
     .kind = OPTION_STRING,
     .target = &settings.params.mask_unit,
     .value = "NAME",
     .default_text = "as trained, else token",
     .help = "what is predicted together: token, word (all its pieces) or span (up to ten words)"},
    {.name = "short-seq-probability",
     .kind = OPTION_NUMBER,
     .target = &settings.params.short_seq_probability,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .help = "share of the sequences that get a random shorter length"},
    {.name = "mlm-probability",
     .kind = OPTION_NUMBER,
     .target = &settings.params.mlm_probability,
     .value = "P",
     .minimum = 0,
     .maximum = 1,
     .help = "share of the tokens to predict"},
    {.name = "seed",
     .kind = OPTION_UINT64,
     .target = &settings.params.seed,
     .value = "N",
     .help = "of pairs and masks"},
    {.name = "threads",
     .kind = OPTION_INT,
     .target = &settings.params.threads,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all cores",
     .help = "threads to compute with"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
};

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
    if (arguments->operand_count > 0) {
        console_error("evaluate: takes options only, not %s", arguments->operands[0]);
        return EXIT_USAGE;
    }
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
    .synopsis = "--model DIR --data PREFIX [OPTIONS]",
    .description =
        "Measures a model on the validation split: loss, perplexity and accuracy of the masked "
        "tokens, loss and accuracy of next-sentence prediction. Beside each accuracy stands what "
        "an answer that never changes would reach. Losses are means, in nats.\n\n"
        "Samples are made as run.json beside a checkpoint says it was trained, unless options say "
        "otherwise: --pairs, --sequences, --mask-unit and --max-seq-length.",
    .examples = "bert evaluate --model run --data data\n"
                "bert evaluate --model run/checkpoint-1000 --data data --json\n"
                "bert evaluate --model run --data data --sequences stream --mask-unit word\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
