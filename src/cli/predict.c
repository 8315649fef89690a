/* bert predict: labels of texts. */
#include "commands.h"
#include "console.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    const char *model;
    const char *text_column, *text_pair_column;
    bert_model_options model_options;
    bert_predict_params params;
    bool pairs, json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.model_options = bert_model_options_default();
    settings.params = bert_predict_params_default();
}

static const bert_option own_options[] = {
    MODEL_OPTION(struct settings, "model folder with a classifier, as bert finetune writes it"),
    {.name = "json",
     .type = BERT_OPTION_BOOL,
     .offset = offsetof(struct settings, json),
     .help = "print a JSON object a line, with the probability of every label"},
    PAIRS_OPTION(struct settings),
    TEXT_COLUMN_OPTION(struct settings),
    TEXT_PAIR_COLUMN_OPTION(struct settings),
};

typedef struct predictor {
    bert_model *model;
    bert_workspace *workspace;
    size_t labels;
    bool regression;
    float *answers; /* [capacity, labels] */
    size_t capacity;
} predictor;

static size_t best_of(const float *probabilities, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (probabilities[i] > probabilities[best])
            best = i;
    return best;
}

/* The label and its probability, or the numbers of a regression. */
static void print_line(const predictor *predictor, const float *answer)
{
    if (!predictor->regression) {
        size_t best = best_of(answer, predictor->labels);
        printf("%s\t%.6f\n", bert_model_label(predictor->model, best), (double)answer[best]);
        return;
    }
    for (size_t i = 0; i < predictor->labels; i++)
        printf("%s%.6f", i > 0 ? "\t" : "", (double)answer[i]);
    putchar('\n');
}

static void print_object(const predictor *predictor, const float *answer)
{
    json_t *scores = json_object();
    for (size_t i = 0; i < predictor->labels; i++)
        json_object_set_new(scores, bert_model_label(predictor->model, i),
                            json_real((double)answer[i]));
    const char *label = bert_model_label(predictor->model, best_of(answer, predictor->labels));
    json_t *object = predictor->regression
                         ? json_pack("{s:o}", "values", scores)
                         : json_pack("{s:s, s:o}", "label", label, "probabilities", scores);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}

static bert_status predict_window(void *context, const lines *lines, bert_inference_stats *usage,
                                  bert_error *error)
{
    predictor *predictor = context;
    if (lines->count > predictor->capacity) {
        float *grown =
            realloc(predictor->answers, lines->count * predictor->labels * sizeof *grown);
        if (!grown) {
            snprintf(error->message, sizeof error->message, "out of memory for answers");
            return error->status = BERT_ERROR_MEMORY;
        }
        predictor->answers = grown;
        predictor->capacity = lines->count;
    }
    bert_status status =
        bert_predict(predictor->model, predictor->workspace, lines->inputs, lines->count,
                     &settings.params, predictor->answers, usage, error);
    for (size_t i = 0; status == BERT_OK && i < lines->count; i++) {
        const float *answer = predictor->answers + i * predictor->labels;
        if (settings.json)
            print_object(predictor, answer);
        else
            print_line(predictor, answer);
    }
    fflush(stdout); /* somebody may be typing */
    return status;
}

static int run(const arguments *arguments)
{
    bert_error error = {0};
    predictor predictor = {0};
    lines lines = {.command = "predict",
                   .operands = arguments->operands,
                   .operand_count = arguments->operand_count,
                   .pairs = settings.pairs,
                   .text_column = settings.text_column,
                   .text_pair_column = settings.text_pair_column};
    bert_inference_stats usage = {0};
    if (!lines_check(&lines))
        return EXIT_USAGE;
    bert_status status =
        bert_model_load_with(&predictor.model, settings.model, &settings.model_options, &error);
    if (status == BERT_OK)
        status = bert_workspace_create(&predictor.workspace, predictor.model, &error);
    if (status != BERT_OK) {
        bert_model_free(predictor.model);
        return console_failure(&error);
    }
    console_warn_tokenizer(bert_model_tokenizer(predictor.model), settings.model);
    predictor.labels = bert_model_label_count(predictor.model);
    predictor.regression = bert_model_is_regression(predictor.model);

    double start = console_seconds();
    status = lines_each(&lines, predict_window, &predictor, &usage, &error);
    double seconds = console_seconds() - start;

    int code = status == BERT_OK ? EXIT_SUCCESS : console_failure(&error);
    if (status == BERT_OK)
        lines_report(&lines, &usage, seconds);
    lines_free(&lines);
    free(predictor.answers);
    bert_workspace_free(predictor.workspace);
    bert_model_free(predictor.model);
    return code;
}

const command command_predict = {
    .name = "predict",
    .summary = "label texts with a fine-tuned model",
    .synopsis = "--model DIR [OPTIONS] [TEXT...]\n"
                "--model DIR --text-column NAME [OPTIONS] [FILE...]",
    .description =
        "Prints a line for each text: the most probable label, a tab and its probability, or of "
        "a regression the number. Without a TEXT, reads one from each line of the standard "
        "input, as they come: memory does not grow with their number. The throughput is printed "
        "on the standard error.\n\n"
        "With --text-column, the texts are those of tables, a line for each of their rows.",
    .examples = "bert predict --model cola \"They drank the pub.\"\n"
                "bert predict --model sst2 < reviews.txt > labels.tsv\n"
                "bert predict --model nli --text-column a --text-pair-column b --json pairs.csv\n"
                "bert predict --model sst2 --text-column review reviews.parquet > labels.tsv\n",
    .parts = {OWN_PART(own_options, settings), TABLE_PART(bert_predict_params, settings.params),
              TABLE_PART(bert_model_options, settings.model_options)},
    .set_defaults = set_defaults,
    .run = run,
};
