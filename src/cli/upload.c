/* bert upload: a model, a tokenizer or a data set to the Hub. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings {
    bert_upload_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_upload_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, NULL)};

static int run(const arguments *arguments)
{
    if (arguments->operand_count != 2) {
        console_error("upload: name a folder and a repository: bert upload ... DIR OWNER/NAME");
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
    .summary = "send a model, a tokenizer or a data set to the Hugging Face Hub",
    .synopsis = "[OPTIONS] DIR OWNER/NAME",
    .description =
        "Sends the model in a folder, such as a checkpoint of a run: model card, configuration, "
        "weights and tokenizer, not the state of the optimizer. Of a folder that has a tokenizer "
        "and nothing else of a model, sends that. With --repo-type dataset, sends all files of a "
        "folder as a data set. What the Hub has already is not "
        "sent again; all that is new becomes one commit, whose address is printed.\n\n"
        "Symbolic links and hidden files are never sent. A token that may write is needed, in "
        "HF_TOKEN or stored by Hugging Face's programs; HF_ENDPOINT says where the Hub is.",
    .examples = "bert upload --create run/checkpoint-100000 me/my-bert\n"
                "bert upload --message \"Longer run\" run/checkpoint-200000 me/my-bert\n"
                "bert upload --create tokenizer me/my-tokenizer\n"
                "bert upload --create --repo-type dataset texts me/my-texts\n",
    .parts = {TABLE_PART(bert_upload_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
