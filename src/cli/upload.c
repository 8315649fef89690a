/* bert upload: a model to the Hub. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    bert_upload_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_upload_params_default();
    settings.json = false;
}

static const option options[] = {
    {.name = "create",
     .kind = OPTION_FLAG,
     .target = &settings.params.create,
     .help = "make the repository where there is none"},
    {.name = "private",
     .kind = OPTION_FLAG,
     .target = &settings.params.private_repository,
     .help = "make it a private one (with --create)"},
    {.name = "revision",
     .kind = OPTION_STRING,
     .target = &settings.params.revision,
     .value = "BRANCH",
     .help = "branch to commit to"},
    {.name = "message",
     .kind = OPTION_STRING,
     .target = &settings.params.message,
     .value = "TEXT",
     .help = "first line of the commit's message",
     .default_text = "Upload model with bert"},
    {.name = "include",
     .kind = OPTION_STRING,
     .target = &settings.params.include,
     .value = "PATTERN",
     .help = "send the files that match instead; several patterns with commas between them; * "
             "matches / as well"},
    {.name = "retries",
     .kind = OPTION_INT,
     .target = &settings.params.hub.retries,
     .value = "N",
     AT_LEAST(0),
     .help = "how often in a row a request is sent again that the network or the server broke"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
};

static int run(const arguments *arguments)
{
    if (arguments->operand_count != 2) {
        console_error("upload: name a folder and a model: bert upload ... DIR OWNER/NAME");
        return EXIT_USAGE;
    }
    settings.params.directory = arguments->operands[0];
    settings.params.name = arguments->operands[1];
    console_catch_signals();
    bert_error error = {0};
    bert_upload_result result;
    if (bert_upload(&settings.params, &result, &console_observer, &error) != BERT_OK)
        return console_failure(&error);
    char sent[32];
    if (result.committed == 0)
        console_note("%s has all %llu files already", settings.params.name,
                     (unsigned long long)result.files);
    else
        console_note("%llu of %llu files were new or changed; %s bytes of large files were sent",
                     (unsigned long long)result.committed, (unsigned long long)result.files,
                     console_count(sent, result.bytes_sent));
    if (settings.json)
        return console_json(json_pack("{s:s, s:I, s:I, s:I}", "url", result.url, "files",
                                      (json_int_t)result.files, "committed",
                                      (json_int_t)result.committed, "bytes_sent",
                                      (json_int_t)result.bytes_sent));
    printf("%s\n", result.url);
    return EXIT_SUCCESS;
}

const command command_upload = {
    .name = "upload",
    .summary = "send a model to the Hugging Face Hub",
    .synopsis = "[OPTIONS] DIR OWNER/NAME",
    .description =
        "Sends the model in a folder, such as a checkpoint of a run: model card, configuration, "
        "weights and tokenizer, not the state of the optimizer. What the Hub has already is not "
        "sent again; all that is new becomes one commit, whose address is printed.\n\n"
        "Symbolic links and hidden files are never sent. A token that may write is needed, in "
        "HF_TOKEN or stored by Hugging Face's programs; HF_ENDPOINT says where the Hub is.",
    .examples = "bert upload --create run/checkpoint-100000 me/my-bert\n"
                "bert upload --message \"Longer run\" run/checkpoint-200000 me/my-bert\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
