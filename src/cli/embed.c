/* bert embed: texts as vectors. */
#include "commands.h"
#include "console.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    const char *model, *output;
    const char *text_column, *text_pair_column;
    bert_model_options model_options;
    bert_embed_params params;
    bool pairs;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.model_options = bert_model_options_default();
    settings.params = bert_embed_params_default();
}

static const bert_option own_options[] = {
    MODEL_OPTION(struct settings, "model folder, or a run: its last checkpoint"),
    {.name = "output",
     .type = BERT_OPTION_PATH,
     .offset = offsetof(struct settings, output),
     .value = "FILE.npy",
     .optional = true,
     .default_text = "JSON lines on the standard output",
     .help = "write a NumPy array of 32-bit numbers, a row for each text"},
    PAIRS_OPTION(struct settings),
    TEXT_COLUMN_OPTION(struct settings),
    TEXT_PAIR_COLUMN_OPTION(struct settings),
};

typedef struct embedder {
    bert_model *model;
    bert_workspace *workspace;
    size_t columns;
    float *rows;
    size_t capacity;
    bert_npy *npy; /* NULL: JSON lines */
} embedder;

/* {"embedding":[…]}, each number with the digits that distinguish a float. */
static void print_rows(const embedder *embedder, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float *row = embedder->rows + i * embedder->columns;
        printf("{\"embedding\":[%.9g", (double)row[0]);
        for (size_t k = 1; k < embedder->columns; k++)
            printf(",%.9g", (double)row[k]);
        puts("]}");
    }
    fflush(stdout);
}

static bert_status embed_window(void *context, const lines *lines, bert_inference_stats *usage,
                                bert_error *error)
{
    embedder *embedder = context;
    if (lines->count > embedder->capacity) {
        float *grown = realloc(embedder->rows, lines->count * embedder->columns * sizeof *grown);
        if (!grown) {
            snprintf(error->message, sizeof error->message, "out of memory for embeddings");
            return error->status = BERT_ERROR_MEMORY;
        }
        embedder->rows = grown;
        embedder->capacity = lines->count;
    }
    bert_status status = bert_embed(embedder->model, embedder->workspace, lines->inputs,
                                    lines->count, &settings.params, embedder->rows, usage, error);
    if (status != BERT_OK)
        return status;
    if (embedder->npy)
        return bert_npy_write(embedder->npy, embedder->rows, lines->count, error);
    print_rows(embedder, lines->count);
    return BERT_OK;
}

static bert_status open_model(embedder *embedder, bert_error *error)
{
    bert_status status =
        bert_model_load_with(&embedder->model, settings.model, &settings.model_options, error);
    if (status == BERT_OK)
        status = bert_workspace_create(&embedder->workspace, embedder->model, error);
    if (status != BERT_OK)
        return status;
    console_warn_tokenizer(bert_model_tokenizer(embedder->model), settings.model);
    embedder->columns = bert_model_hidden_size(embedder->model);
    return settings.output
               ? bert_npy_open(&embedder->npy, settings.output, embedder->columns, error)
               : BERT_OK;
}

static bool has_ending(const char *text, const char *ending)
{
    size_t length = strlen(text), ending_length = strlen(ending);
    return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static int run(const arguments *arguments)
{
    if (settings.output && !has_ending(settings.output, ".npy")) {
        console_error("embed: --output is \"%.200s\"; expected a name that ends in .npy",
                      settings.output);
        return EXIT_USAGE;
    }
    embedder embedder = {0};
    lines lines = {.command = "embed",
                   .operands = arguments->operands,
                   .operand_count = arguments->operand_count,
                   .pairs = settings.pairs,
                   .text_column = settings.text_column,
                   .text_pair_column = settings.text_pair_column};
    bert_inference_stats usage = {0};
    bert_error error = {0};
    if (!lines_check(&lines))
        return EXIT_USAGE;
    bert_status status = open_model(&embedder, &error);
    double start = console_seconds();
    if (status == BERT_OK)
        status = lines_each(&lines, embed_window, &embedder, &usage, &error);
    double seconds = console_seconds() - start;
    if (status == BERT_OK && embedder.npy)
        status = bert_npy_commit(embedder.npy, &error);
    else
        bert_npy_discard(embedder.npy);
    int code = status == BERT_OK ? EXIT_SUCCESS : console_failure(&error);
    if (status == BERT_OK)
        lines_report(&lines, &usage, seconds);
    lines_free(&lines);
    free(embedder.rows);
    bert_workspace_free(embedder.workspace);
    bert_model_free(embedder.model);
    return code;
}

const command command_embed = {
    .name = "embed",
    .summary = "turn texts into vectors",
    .synopsis = "--model DIR [OPTIONS] [TEXT...]\n"
                "--model DIR --text-column NAME [OPTIONS] [FILE...]",
    .description =
        "Gives a vector for each text, out of the hidden states of the model's last layer: JSON "
        "lines with the member \"embedding\" on the standard output, or a NumPy array. Without a "
        "TEXT, reads one from each line of the standard input, as they come: memory does not "
        "grow with their number. The throughput is printed on the standard error.\n\n"
        "With --text-column, the texts are those of tables, a vector for each of their rows.",
    .examples = "bert embed --model run --normalize \"A sentence.\" \"Another one.\"\n"
                "bert embed --model run --output vectors.npy < sentences.txt\n"
                "bert embed --model run --output vectors.npy --text-column text corpus.jsonl.gz\n",
    .parts = {OWN_PART(own_options, settings), TABLE_PART(bert_embed_params, settings.params),
              TABLE_PART(bert_model_options, settings.model_options)},
    .set_defaults = set_defaults,
    .run = run,
};
