/* Options of what uses a trained model, and of the Hub. */
#include "options/rows.h"

#define PARAMS bert_model_options
static const bert_option model_options[] = {
    INT(batch_tokens, .value = "N", FROM_TO(0, 1 << 24), .default_text = "chosen from the model",
        .help = "tokens computed at once, of all texts of a batch; more take more memory"),
#include "options/threads.inc"
};
DEFINE_TABLE(bert_model_options_table, model_options)
#undef PARAMS

#define PARAMS bert_inspect_model_params
static const bert_option inspect_model_params[] = {
    OPTION_AT(SWITCH, bert_switch, "verify", verify, .default_text = "up to 1 GiB of files",
              .help = "of a checkpoint: compare the files' checksums with manifest.json; "
                      "--no-verify: their sizes alone"),
};
DEFINE_TABLE(bert_inspect_model_params_table, inspect_model_params)
#undef PARAMS

#define PARAMS bert_embed_params
static const bert_option embed_params[] = {
    CHOICE(bert_pooling, pooling, .value = "NAME", .choices = choices_pooling,
           .help = "which hidden state of the last layer"),
    FLAG(normalize, .help = "divide each vector by its length: dot products are then "
                            "cosines"),
#include "options/length_of_model.inc"
};
DEFINE_TABLE(bert_embed_params_table, embed_params)
#undef PARAMS

#define PARAMS bert_predict_params
static const bert_option predict_params[] = {
#include "options/length_of_model.inc"
};
DEFINE_TABLE(bert_predict_params_table, predict_params)
#undef PARAMS

#define PARAMS bert_serve_params
static const bert_option serve_params[] = {
    TEXT(host, .value = "ADDRESS",
         .help = "address to listen on; any but a loopback address lets other machines use "
                 "the model"),
    INT(port, .value = "N", FROM_TO(0, 65535),
        .help = "port to listen on; 0 takes one that is free"),
    SIZE(max_request_bytes, .value = "N", FROM_TO(1, 1 << 30),
         .help = "bytes in the body of a request"),
    INT(max_inputs, .value = "N", FROM_TO(1, 65536), .help = "texts in a request"),
    INT(max_connections, .value = "N", FROM_TO(1, 4096), .help = "connections at once"),
    INT(max_waiting, .value = "N", FROM_TO(1, 4096),
        .help = "requests that may wait for the model; more get status 503"),
    INT(timeout, .value = "SECONDS", FROM_TO(1, 86400),
        .help = "for a request to arrive, and for it to wait for the model"),
#include "options/threads.inc"
};
DEFINE_TABLE(bert_serve_params_table, serve_params)
#undef PARAMS

#define PATTERN_HELP "; several patterns with commas between them; * matches / as well"

#define PARAMS bert_download_params
static const bert_option download_params[] = {
    OPTION_AT(CHOICE, bert_repository_kind, "repo_type", kind, .value = "TYPE",
              .choices = choices_repo_type, .help = "what NAME is"),
    TEXT(config, .value = "CONFIG", .optional = true, .default_text = "the only one it has",
         .help = "configuration of the data set, such as wikitext-103-raw-v1"),
    TEXT(split, .value = "SPLIT", .optional = true, .default_text = "all",
         .help = "split of the data set, such as train"),
    TEXT(revision, .value = "REVISION", .optional = true,
         .default_text = "main; of a data set refs/convert/parquet",
         .help = "branch, tag or commit"),
    TEXT(include, .value = "PATTERN", .optional = true,
         .help = "take the files that match instead, such as \"*.json\"" PATTERN_HELP),
    PATH(output, .value = "DIR", .optional = true,
         .help = "put plain files there, instead of the cache that Hugging Face's programs "
                 "share"),
    OPTION_AT(SWITCH, bert_switch, "verify", verify, .default_text = "up to 1 GiB of files",
              .help = "of files in the cache: compare their checksums; --no-verify: their sizes "
                      "alone; damaged ones are fetched again"),
#include "options/hub.inc"
};
DEFINE_TABLE(bert_download_params_table, download_params)
#undef PARAMS

#define PARAMS bert_whoami_params
static const bert_option whoami_params[] = {
#include "options/hub.inc"
};
DEFINE_TABLE(bert_whoami_params_table, whoami_params)
#undef PARAMS

#define PARAMS bert_upload_params
static const bert_option upload_params[] = {
    OPTION_AT(CHOICE, bert_repository_kind, "repo_type", kind, .value = "TYPE",
              .choices = choices_repo_type_uploaded, .help = "what is in the folder"),
    FLAG(create, .help = "make the repository where there is none"),
    OPTION_AT(BOOL, bool, "private", private_repository,
              .help = "make it a private one (with --create)"),
    TEXT(revision, .value = "BRANCH", .help = "branch to commit to"),
    TEXT(message, .value = "TEXT", .optional = true, .default_text = "what was uploaded",
         .help = "first line of the commit's message"),
    TEXT(include, .value = "PATTERN", .optional = true,
         .help = "send the files that match instead" PATTERN_HELP),
#include "options/hub.inc"
};
DEFINE_TABLE(bert_upload_params_table, upload_params)
