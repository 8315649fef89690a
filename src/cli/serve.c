/* bert serve: a small local web server for a model. */
#include "commands.h"
#include "console.h"

#include <stdlib.h>

static bert_serve_params params;

static void set_defaults(void)
{
    params = bert_serve_params_default();
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count != 1) {
        console_error("serve: expected one model folder or run");
        return EXIT_USAGE;
    }
    params.model = arguments->operands[0];
    console_catch_signals();
    bert_error error = {0};
    return bert_serve(&params, &console_observer, &error) == BERT_OK ? EXIT_SUCCESS
                                                                     : console_failure(&error);
}

const command command_serve = {
    .name = "serve",
    .summary = "a web page and a JSON API for a model",
    .synopsis = "[OPTIONS] MODEL",
    .description =
        "Serves a model on this machine: a page to fill in [MASK]s, to classify and to compare "
        "texts, and a JSON API whose paths and bodies follow Hugging Face's inference API for "
        "fill-mask, text-classification and feature-extraction. MODEL is a model folder, its name "
        "on the Hugging Face Hub, or a run: its last checkpoint. SIGINT or SIGTERM ends it, after "
        "what is being computed.\n\n"
        "There is no password and no encryption: it is made for this machine alone, and refuses "
        "requests that a page of another host makes.",
    .examples = "bert serve run\n"
                "curl -d '{\"inputs\": \"Paris is the [MASK] of France.\"}' localhost:8080\n"
                "curl -d '{\"inputs\": [\"one\", \"two\"]}' \\\n"
                "    localhost:8080/pipeline/feature-extraction\n",
    .parts = {TABLE_PART(bert_serve_params, params)},
    .hub_operands = HUB_OPERANDS_MODEL,
    .set_defaults = set_defaults,
    .run = run,
};
