/* bert serve: a model behind a small local web server. */
#include "commands.h"
#include "console.h"

#include <stdlib.h>

static bert_serve_params params;

static void set_defaults(void)
{
    params = bert_serve_params_default();
}

static const option options[] = {
    {.name = "host",
     .kind = OPTION_STRING,
     .target = &params.host,
     .value = "ADDRESS",
     .help = "address to listen on; any but a loopback address lets other machines use the model"},
    {.name = "port",
     .kind = OPTION_INT,
     .target = &params.port,
     .value = "N",
     .minimum = 0,
     .maximum = 65535,
     .help = "port to listen on; 0 takes one that is free"},
    {.name = "max-request-bytes",
     .kind = OPTION_SIZE,
     .target = &params.max_request_bytes,
     .value = "N",
     .minimum = 1,
     .maximum = 1 << 30,
     .help = "bytes in the body of a request"},
    {.name = "max-inputs",
     .kind = OPTION_INT,
     .target = &params.max_inputs,
     .value = "N",
     .minimum = 1,
     .maximum = 65536,
     .help = "texts in a request"},
    {.name = "max-connections",
     .kind = OPTION_INT,
     .target = &params.max_connections,
     .value = "N",
     .minimum = 1,
     .maximum = 4096,
     .help = "connections at once"},
    {.name = "max-waiting",
     .kind = OPTION_INT,
     .target = &params.max_waiting,
     .value = "N",
     .minimum = 1,
     .maximum = 4096,
     .help = "requests that may wait for the model; more are told to come back"},
    {.name = "timeout",
     .kind = OPTION_INT,
     .target = &params.timeout_seconds,
     .value = "SECONDS",
     .minimum = 1,
     .maximum = 86400,
     .help = "for a request to arrive, and for it to wait for the model"},
    {.name = "threads",
     .kind = OPTION_INT,
     .target = &params.threads,
     .value = "N",
     AT_LEAST(0),
     .default_text = "all cores",
     .help = "threads to compute with"},
};

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
    .synopsis = "[OPTIONS] DIR",
    .description =
        "Serves a model on this machine: a page to fill in [MASK]s, to classify and to compare "
        "texts, and a JSON API whose paths and bodies follow Hugging Face's inference API for "
        "fill-mask, text-classification and feature-extraction. DIR is a model folder, or a run: "
        "its last checkpoint. SIGINT or SIGTERM ends it, after what is being computed.\n\n"
        "There is no password and no encryption: it is made for this machine alone, and refuses "
        "requests that a page of another host makes.",
    .examples = "bert serve run\n"
                "curl -d '{\"inputs\": \"Paris is the [MASK] of France.\"}' localhost:8080\n"
                "curl -d '{\"inputs\": [\"one\", \"two\"]}' \\\n"
                "    localhost:8080/pipeline/feature-extraction\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
