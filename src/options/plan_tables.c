/* Options of planning a run. */
#include "options/rows.h"

#define CONFIG_HELP                                                                               \
    "tiny, mini, small, medium, base, large or distil, a config.json, or the name of a model on " \
    "the Hugging Face Hub"

#define PARAMS bert_plan_params
static const bert_option plan_params[] = {
    MODEL(model, .value = "NAME|FILE", HUB(CONFIGURATION), .group = "The run", .help = CONFIG_HELP),
    INT(max_seq_length, .value = "N", FROM_TO(1, 1 << 20),
        .help = "tokens in a sequence, [CLS] and [SEP] included"),
    INT64(batch_size, .value = "N", FROM_TO(1, 1 << 30),
          .help = "sequences in a step, on all nodes together"),
    INT64(max_steps, .value = "N", FROM_TO(1, 0x1p40), .help = "length in steps"),

    REAL(tokens_per_second, .value = "NUMBER", AT_LEAST(0),
         .group = "Its speed: one of the first three", .default_text = "",
         .help = "of one node that trains alone, as bert pretrain shows it"),
    REAL(seconds_per_step, .value = "NUMBER", AT_LEAST(0), .default_text = "",
         .help = "of the whole batch, measured on --measured-nodes, network included"),
    REAL(run_hours, .value = "NUMBER", AT_LEAST(0), .default_text = "",
         .help = "of all the steps, measured on --measured-nodes, network included"),
    INT(measured_nodes, .value = "N", FROM_TO(1, 1 << 20),
        .help = "nodes that the speed was measured on"),
    REAL(update_seconds, .value = "NUMBER", AT_LEAST(0),
         .help = "of the optimizer in each step, where they are not part of "
                 "--tokens-per-second"),

    INT(nodes, .value = "N", FROM_TO(1, 1 << 20), .group = "The nodes",
        .help = "machines that train together"),
    FLAG(grow_batch, .help = "give every node --batch-size sequences and do fewer steps, "
                             "instead of dividing the batch among the nodes"),
    INT(micro_batch_tokens, .value = "N", FROM_TO(0, INT_MAX),
        .default_text = "as bert pretrain chooses in float32",
        .help = "tokens computed at once; only the last micro-batch of a step overlaps with "
                "the network"),
    INT(zero, .value = "STAGE", FROM_TO(0, 1), .help = ZERO_HELP),
    CHOICE(bert_precision, gradient_dtype, .value = "NAME", .choices = choices_gradient_dtype,
           .help = GRADIENT_DTYPE_HELP),
    REAL(bandwidth, .value = "GBIT/S", ABOVE(0), .help = "of a node's link, each way"),
    REAL(latency, .value = "MICROSECONDS", AT_LEAST(0), .help = "until a message arrives"),

    REAL(price_per_hour, .value = "NUMBER", AT_LEAST(0), .group = "What they cost",
         .default_text = "", .help = "of a node, in any currency"),
    REAL(watts, .value = "NUMBER", AT_LEAST(0), .default_text = "", .help = "that a node draws"),
    REAL(price_per_kilowatt_hour, .value = "NUMBER", AT_LEAST(0), .default_text = "",
         .help = "of electricity"),
};
DEFINE_TABLE(bert_plan_params_table, plan_params)
#undef PARAMS

#define PARAMS bert_tune_params
static const bert_option tune_params[] = {
    MODEL(model, .value = "NAME|FILE", HUB(CONFIGURATION), .help = CONFIG_HELP),
    INT(max_seq_length, .value = "N", FROM_TO(3, 1 << 20),
        .help = "tokens in a sequence, [CLS] and [SEP] included"),
    INT64(batch_size, .value = "N", FROM_TO(1, 1 << 30),
          .help = "sequences in a step, over which the optimizer's time is spread"),
    CHOICE(bert_precision, precision, .value = "NAME", .choices = choices_precision_tried,
           .help = "precision of matrix multiplications to try"),
    UINT64(memory, .value = "BYTES", COUNT, .default_text = "nine tenths of what is free",
           .help = "memory that training may take; settings that would take more are not "
                   "tried"),
#include "options/threads.inc"
    REAL(seconds, .value = "NUMBER", AT_LEAST(0),
         .help = "no trial but the first begins after that"),
    PATH(output, .value = "FILE.json", .optional = true, .default_text = "",
         .help = "write the best settings there, for bert pretrain --config"),
};
DEFINE_TABLE(bert_tune_params_table, tune_params)
