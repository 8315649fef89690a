/* bert fill-mask: the most probable tokens for [MASK]. */
#include "commands.h"
#include "console.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    const char *model, *text_column;
    bert_model_options model_options;
    size_t top_k;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.model_options = bert_model_options_default();
    settings.top_k = 5;
}

static const bert_option own_options[] = {
    MODEL_OPTION(struct settings, "model folder, or a run: its last checkpoint"),
    {.name = "top_k",
     .type = BERT_OPTION_SIZE,
     .offset = offsetof(struct settings, top_k),
     .value = "N",
     .minimum = 1,
     .maximum = 1 << 24,
     .help = "tokens to show for each [MASK]"},
    TEXT_COLUMN_OPTION(struct settings),
    JSON_OPTION(struct settings, NULL),
};

/* What goes from window to window. */
typedef struct filler {
    bert_model *model;
    bert_workspace *workspace;
    const bert_tokenizer *tokenizer;
    bert_filled *filled; /* [capacity] */
    size_t capacity;
    json_t *results; /* array; NULL unless --json */
    uint64_t shown;
} filler;

static const char *token_of(const filler *filler, const bert_prediction *prediction)
{
    const char *token = bert_tokenizer_token(filler->tokenizer, prediction->id);
    return token ? token : "?"; /* the model may have more entries than the tokenizer */
}

static void print_text(filler *filler, const bert_input *input, const bert_filled *filled)
{
    if (filler->shown++ > 0)
        putchar('\n');
    fwrite(input->text, 1, input->length, stdout);
    putchar('\n');
    for (size_t mask = 0; mask < filled->mask_count; mask++) {
        if (filled->mask_count > 1)
            printf("  [MASK] %zu\n", mask + 1);
        for (size_t k = 0; k < settings.top_k; k++) {
            const bert_prediction *prediction = &filled->predictions[mask * settings.top_k + k];
            printf("  %6.2f %%  %s\n", 100 * prediction->probability, token_of(filler, prediction));
        }
    }
}

static void append_text(filler *filler, const bert_input *input, const bert_filled *filled)
{
    json_t *masks = json_array();
    for (size_t mask = 0; mask < filled->mask_count; mask++) {
        json_t *predictions = json_array();
        for (size_t k = 0; k < settings.top_k; k++) {
            const bert_prediction *prediction = &filled->predictions[mask * settings.top_k + k];
            const char *token = token_of(filler, prediction);
            json_array_append_new(predictions, json_pack("{s:o, s:i, s:f}", "token",
                                                         console_json_text(token, strlen(token)),
                                                         "id", (int)prediction->id, "probability",
                                                         prediction->probability));
        }
        json_array_append_new(masks, predictions);
    }
    json_array_append_new(filler->results,
                          json_pack("{s:o, s:o}", "text",
                                    console_json_text(input->text, input->length), "masks", masks));
}

static bert_status fill_window(void *context, const lines *lines, bert_inference_stats *usage,
                               bert_error *error)
{
    filler *filler = context;
    if (lines->count > filler->capacity) {
        bert_filled *grown = realloc(filler->filled, lines->count * sizeof *grown);
        if (!grown) {
            snprintf(error->message, sizeof error->message, "out of memory for predictions");
            return error->status = BERT_ERROR_MEMORY;
        }
        filler->filled = grown;
        filler->capacity = lines->count;
    }
    uint64_t before = usage->texts;
    bert_status status =
        bert_fill_masks(filler->model, filler->workspace, lines->inputs, lines->count,
                        settings.top_k, filler->filled, usage, error);
    for (size_t i = 0; i < usage->texts - before; i++) {
        if (filler->results)
            append_text(filler, &lines->inputs[i], &filler->filled[i]);
        else
            print_text(filler, &lines->inputs[i], &filler->filled[i]);
        bert_filled_free(&filler->filled[i]);
    }
    if (!filler->results)
        fflush(stdout); /* somebody may be typing */
    return status;
}

static int run(const arguments *arguments)
{
    bert_error error = {0};
    filler filler = {0};
    lines lines = {.command = "fill-mask",
                   .operands = arguments->operands,
                   .operand_count = arguments->operand_count,
                   .skips_empty = true,
                   .text_column = settings.text_column};
    bert_inference_stats usage = {0};
    if (!lines_check(&lines))
        return EXIT_USAGE;
    bert_status status =
        bert_model_load_with(&filler.model, settings.model, &settings.model_options, &error);
    if (status == BERT_OK)
        status = bert_workspace_create(&filler.workspace, filler.model, &error);
    if (status != BERT_OK) {
        bert_model_free(filler.model);
        return console_failure(&error);
    }
    filler.tokenizer = bert_model_tokenizer(filler.model);
    console_warn_tokenizer(filler.tokenizer, settings.model);
    filler.results = settings.json ? json_array() : NULL;

    double start = console_seconds();
    status = lines_each(&lines, fill_window, &filler, &usage, &error);
    double seconds = console_seconds() - start;

    int code = status == BERT_OK ? EXIT_SUCCESS : console_failure(&error);
    if (settings.json && status == BERT_OK)
        code = console_json(json_pack("{s:o, s:O}", "model",
                                      console_json_text(settings.model, strlen(settings.model)),
                                      "results", filler.results));
    if (status == BERT_OK)
        lines_report(&lines, &usage, seconds);
    json_decref(filler.results);
    lines_free(&lines);
    free(filler.filled);
    bert_workspace_free(filler.workspace);
    bert_model_free(filler.model);
    return code;
}

const command command_fill_mask = {
    .name = "fill-mask",
    .summary = "fill the [MASK]s of a text",
    .synopsis = "--model DIR [OPTIONS] [TEXT...]\n"
                "--model DIR --text-column NAME [OPTIONS] [FILE...]",
    .description =
        "Shows the most probable tokens for every [MASK] in the texts, each with its "
        "probability. Without a TEXT, reads one from each line of the standard input, and says "
        "in the end how fast it went. With --text-column, a text is a cell of the tables.",
    .examples = "bert fill-mask --model run \"Paris is the [MASK] of France.\"\n"
                "bert fill-mask --model run --top-k 1 --json < lines.txt\n",
    .parts = {OWN_PART(own_options, settings),
              TABLE_PART(bert_model_options, settings.model_options)},
    .set_defaults = set_defaults,
    .run = run,
};
