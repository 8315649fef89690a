/* bert whoami: whose token the commands of the Hub use. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_whoami_params params;
    bool json;
} settings;

static void set_defaults(void)
{
    settings.params = bert_whoami_params_default();
    settings.json = false;
}

static const bert_option own_options[] = {JSON_OPTION(struct settings, NULL)};

static json_t *json_text(const char *text)
{
    return text ? console_json_text(text, strlen(text)) : json_null();
}

static int print_json(const bert_whoami_result *result)
{
    json_t *organizations = json_array();
    for (size_t i = 0; i < result->organization_count; i++)
        json_array_append_new(organizations, json_text(result->organizations[i]));
    return console_json(
        json_pack("{s:o, s:o, s:o, s:{s:o, s:o, s:o}}", "name", json_text(result->name),
                  "full_name", json_text(result->full_name), "organizations", organizations,
                  "token", "name", json_text(result->token_name), "role",
                  json_text(result->token_role), "source", json_text(result->token_source)));
}

static int print_readable(const bert_whoami_result *result)
{
    printf("user          %s", result->name);
    if (result->full_name && result->full_name[0])
        printf(" (%s)", result->full_name);
    printf("\norganizations");
    for (size_t i = 0; i < result->organization_count; i++)
        printf("%s %s", i > 0 ? "," : "", result->organizations[i]);
    if (result->organization_count == 0)
        printf(" none");
    printf("\ntoken         %s, role %s, of %s\n",
           result->token_name ? result->token_name : "no name",
           result->token_role ? result->token_role : "unknown", result->token_source);
    return EXIT_SUCCESS;
}

static int run(const arguments *arguments)
{
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
    console_catch_signals();
    bert_error error = {0};
    bert_whoami_result result;
    int code;
    if (bert_whoami(&settings.params, &result, &console_observer, &error) != BERT_OK)
        code = console_failure(&error);
    else
        code = settings.json ? print_json(&result) : print_readable(&result);
    bert_whoami_result_free(&result);
    return code;
}

const command command_whoami = {
    .name = "whoami",
    .summary = "say whose token of the Hugging Face Hub is used",
    .synopsis = "[OPTIONS]",
    .description =
        "Asks the Hub for the user that the token belongs to, the organizations of that user, and "
        "the name and the role of the token: with read it downloads private and gated "
        "repositories, with write it uploads, too, with fineGrained what its settings on the Hub "
        "say.\n\n"
        "The token is that of HF_TOKEN, else the one that Hugging Face's programs have stored "
        "(hf auth login), which is in HF_TOKEN_PATH or HF_HOME/token. HF_ENDPOINT says where the "
        "Hub is.",
    .examples = "bert whoami\n"
                "HF_TOKEN=hf_... bert whoami --json\n",
    .parts = {TABLE_PART(bert_whoami_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
