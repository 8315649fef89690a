/* bert download: models and data sets from the Hub. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_download_params params;
    bool dataset;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_download_params_default();
    settings.dataset = false;
    settings.json = false;
}

static const bert_option own_options[] = {
    {.name = "dataset",
     .type = BERT_OPTION_BOOL,
     .offset = offsetof(struct settings, dataset),
     .help = "the same as --repo-type dataset"},
    JSON_OPTION(struct settings, NULL),
};

static int print_json(const bert_download_result *result)
{
    json_t *files = json_array();
    for (size_t i = 0; i < result->file_count; i++)
        json_array_append_new(files, console_json_text(result->files[i], strlen(result->files[i])));
    bool dataset = result->kind == BERT_REPOSITORY_DATASET;
    return console_json(
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I}", "name", settings.params.name, "type",
                  dataset ? "dataset" : "model", "commit", result->commit, "directory",
                  console_json_text(result->directory, strlen(result->directory)), "files", files,
                  "bytes", (json_int_t)result->bytes, "received", (json_int_t)result->received));
}

/* What the next command takes: the folder of a model, the files of a data set. */
static int print_paths(const bert_download_result *result)
{
    if (result->kind == BERT_REPOSITORY_MODEL)
        printf("%s\n", result->directory);
    else
        for (size_t i = 0; i < result->file_count; i++)
            printf("%s\n", result->files[i]);
    return EXIT_SUCCESS;
}

/* "NAME" or "NAME@REVISION"; false after an error was printed. */
static bool take_name(char *name)
{
    char *at = strchr(name, '@');
    settings.params.name = name;
    if (!at)
        return true;
    if (settings.params.revision) {
        console_error("download: two revisions, %s and --revision %s", at + 1,
                      settings.params.revision);
        return false;
    }
    *at = '\0';
    settings.params.revision = at + 1;
    return true;
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count != 1) {
        console_error("download: name one model or data set: bert download ... NAME");
        return EXIT_USAGE;
    }
    if (!take_name(arguments->operands[0]))
        return EXIT_USAGE;
    if (settings.dataset)
        settings.params.kind = BERT_REPOSITORY_DATASET;
    console_catch_signals();
    bert_error error = {0};
    bert_download_result result;
    int code;
    if (bert_download(&settings.params, &result, &console_observer, &error) != BERT_OK) {
        code = console_failure(&error);
    } else {
        char bytes[32], received[32];
        console_note("%s %s at %.12s: %zu file%s, %s bytes, of which %s were fetched now",
                     result.kind == BERT_REPOSITORY_DATASET ? "data set" : "model",
                     settings.params.name, result.commit, result.file_count,
                     result.file_count == 1 ? "" : "s", console_count(bytes, result.bytes),
                     console_count(received, result.received));
        code = settings.json ? print_json(&result) : print_paths(&result);
    }
    bert_download_result_free(&result);
    return code;
}

const command command_download = {
    .name = "download",
    .summary = "fetch a model or a data set from the Hugging Face Hub",
    .synopsis = "[OPTIONS] NAME[@REVISION]",
    .description =
        "Fetches the configuration, the weights and the tokenizer of a model, and prints the "
        "folder that holds them; or the Parquet files of a data set, and prints their paths, a "
        "line each, as bert prepare takes them. NAME is taken for a model; where there is none, "
        "for a data set; with --dataset, --config or --split, for a data set at once.\n\n"
        "Files come into the cache of Hugging Face's programs, which find them there, as bert "
        "finds theirs. Every checksum is verified. An interrupted download continues where it "
        "ended.\n\n"
        "The environment says where and who: HF_ENDPOINT, HF_TOKEN (or the token that Hugging "
        "Face's programs have stored), HF_HOME, HF_HUB_CACHE, HF_HUB_DOWNLOAD_TIMEOUT, and "
        "HF_HUB_OFFLINE=1 to use the cache alone, without the network. Where the Hub cannot be "
        "reached, the cache is used with a warning.\n\n"
        "The other commands take the names of models and tokenizers, too, and "
        "hf://datasets/NAME/PATH for text: from the cache, or with --download.",
    .examples = "bert download bert-base-uncased\n"
                "bert download google/bert_uncased_L-2_H-128_A-2@main\n"
                "bert download wikitext --config wikitext-103-raw-v1 --split train\n"
                "bert prepare --tokenizer \"$(bert download bert-base-uncased)\" --output data \\\n"
                "    $(bert download wikitext --config wikitext-103-raw-v1 --split train)\n",
    .parts = {TABLE_PART(bert_download_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
