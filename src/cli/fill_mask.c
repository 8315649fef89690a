/* bert fill-mask: the most probable tokens in the place of [MASK]. */
#include "commands.h"
#include "console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *model;
    size_t top_k;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.top_k = 5;
}

static const option options[] = {
    {.name = "model",
     .kind = OPTION_STRING,
     .target = &settings.model,
     .value = "DIR",
     .required = true,
     .help = "model folder, or a run: its last checkpoint"},
    {.name = "top-k",
     .kind = OPTION_SIZE,
     .target = &settings.top_k,
     .value = "N",
     AT_LEAST(1),
     .help = "tokens to show for each [MASK]"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
};

/* What goes from text to text. */
typedef struct filler {
    bert_model *model;
    const bert_tokenizer *tokenizer;
    bert_prediction *predictions; /* [mask_capacity, settings.top_k] */
    size_t mask_capacity;
    json_t *results; /* array; NULL unless --json */
    uint64_t texts;
} filler;

static const char *token_of(const filler *filler, const bert_prediction *prediction)
{
    const char *token = bert_tokenizer_token(filler->tokenizer, prediction->id);
    return token ? token : "?"; /* the model may have more entries than the tokenizer */
}

static void print_predictions(const filler *filler, const char *text, size_t length, size_t masks)
{
    if (filler->texts > 1)
        putchar('\n');
    fwrite(text, 1, length, stdout);
    putchar('\n');
    for (size_t mask = 0; mask < masks; mask++) {
        if (masks > 1)
            printf("  [MASK] %zu\n", mask + 1);
        for (size_t k = 0; k < settings.top_k; k++) {
            const bert_prediction *prediction = &filler->predictions[mask * settings.top_k + k];
            printf("  %6.2f %%  %s\n", 100 * prediction->probability, token_of(filler, prediction));
        }
    }
}

static void append_predictions(filler *filler, const char *text, size_t length, size_t count)
{
    json_t *masks = json_array();
    for (size_t mask = 0; mask < count; mask++) {
        json_t *predictions = json_array();
        for (size_t k = 0; k < settings.top_k; k++) {
            const bert_prediction *prediction = &filler->predictions[mask * settings.top_k + k];
            const char *token = token_of(filler, prediction);
            json_array_append_new(predictions, json_pack("{s:o, s:i, s:f}", "token",
                                                         console_json_text(token, strlen(token)),
                                                         "id", (int)prediction->id, "probability",
                                                         prediction->probability));
        }
        json_array_append_new(masks, predictions);
    }
    json_array_append_new(
        filler->results,
        json_pack("{s:o, s:o}", "text", console_json_text(text, length), "masks", masks));
}

/* Fills the masks of one text; its number goes into an error. */
static bert_status fill_text(filler *filler, const char *text, size_t length, bert_error *error)
{
    filler->texts++;
    size_t masks = 0;
    for (;;) {
        bert_status status =
            bert_fill_mask(filler->model, text, length, settings.top_k, filler->predictions,
                           filler->mask_capacity, &masks, error);
        if (status != BERT_OK) {
            bert_error cause = *error;
            snprintf(error->message, sizeof error->message, "text %llu: %s",
                     (unsigned long long)filler->texts, cause.message);
            return status;
        }
        if (masks <= filler->mask_capacity)
            break;
        bert_prediction *grown = NULL;
        if (settings.top_k <= SIZE_MAX / sizeof *grown / masks)
            grown = realloc(filler->predictions, masks * settings.top_k * sizeof *grown);
        if (!grown) {
            snprintf(error->message, sizeof error->message, "out of memory for %zu predictions",
                     masks);
            return error->status = BERT_ERROR_MEMORY;
        }
        filler->predictions = grown;
        filler->mask_capacity = masks;
    }
    if (filler->results)
        append_predictions(filler, text, length, masks);
    else
        print_predictions(filler, text, length, masks);
    return BERT_OK;
}

/* Every line of stdin that is not empty. */
static bert_status fill_lines(filler *filler, bert_error *error)
{
    bert_status status = BERT_OK;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (status == BERT_OK && console_output_alive() &&
           (length = getline(&line, &capacity, stdin)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length > 0)
            status = fill_text(filler, line, (size_t)length, error);
        if (!filler->results)
            fflush(stdout); /* somebody may be typing */
    }
    if (status == BERT_OK && ferror(stdin)) {
        snprintf(error->message, sizeof error->message, "standard input: %s", strerror(errno));
        status = error->status = BERT_ERROR_IO;
    }
    free(line);
    return status;
}

static int run(const arguments *arguments)
{
    bert_error error = {0};
    filler filler = {0};
    bert_status status = bert_model_load(&filler.model, settings.model, &error);
    if (status != BERT_OK)
        return console_failure(&error);
    filler.tokenizer = bert_model_tokenizer(filler.model);
    filler.results = settings.json ? json_array() : NULL;

    for (size_t i = 0; status == BERT_OK && i < arguments->operand_count; i++)
        status = fill_text(&filler, arguments->operands[i], strlen(arguments->operands[i]), &error);
    if (arguments->operand_count == 0)
        status = fill_lines(&filler, &error);

    int code = status == BERT_OK ? EXIT_SUCCESS : console_failure(&error);
    if (settings.json && status == BERT_OK)
        code = console_json(json_pack("{s:o, s:O}", "model",
                                      console_json_text(settings.model, strlen(settings.model)),
                                      "results", filler.results));
    json_decref(filler.results);
    free(filler.predictions);
    bert_model_free(filler.model);
    return code;
}

const command command_fill_mask = {
    .name = "fill-mask",
    .summary = "fill the [MASK]s of a text",
    .synopsis = "--model DIR [OPTIONS] [TEXT...]",
    .description =
        "Shows the most probable tokens for every [MASK] in the texts, each with its probability. "
        "Without a TEXT, reads one from each line of the standard input.",
    .examples = "bert fill-mask --model run \"Paris is the [MASK] of France.\"\n"
                "bert fill-mask --model run --top-k 1 --json < lines.txt\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
