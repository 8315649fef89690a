/* bert plan: hours, energy and money of a run, on one node or on many. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bert_plan_params params;
    double gigabits, microseconds;
    const char *gradient_dtype;
    int scaling;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.params = bert_plan_params_default();
    settings.gigabits = settings.params.bandwidth * 8 / 1e9;
    settings.microseconds = settings.params.latency * 1e6;
    settings.gradient_dtype = "float32";
}

static const option options[] = {
    {.kind = OPTION_HEADING, .help = "The run"},
    {.name = "model",
     .kind = OPTION_STRING,
     .target = &settings.params.model,
     .value = "NAME|FILE",
     .help = "tiny, mini, small, medium, base, large, or a config.json"},
    {.name = "max-seq-length",
     .kind = OPTION_INT,
     .target = &settings.params.max_seq_length,
     .value = "N",
     AT_LEAST(1),
     .help = "tokens in a sequence, [CLS] and [SEP] included"},
    {.name = "batch-size",
     .kind = OPTION_INT64,
     .target = &settings.params.batch_size,
     .value = "N",
     AT_LEAST(1),
     .help = "sequences in one step, over all nodes"},
    {.name = "max-steps",
     .kind = OPTION_INT64,
     .target = &settings.params.max_steps,
     .value = "N",
     AT_LEAST(1),
     .help = "steps of the optimizer"},
    {.kind = OPTION_HEADING, .help = "Its speed: one of the first three"},
    {.name = "tokens-per-second",
     .kind = OPTION_NUMBER,
     .target = &settings.params.tokens_per_second,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "of one node that trains alone, as bert pretrain shows it"},
    {.name = "seconds-per-step",
     .kind = OPTION_NUMBER,
     .target = &settings.params.seconds_per_step,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "of the whole batch, measured on --measured-nodes, network included"},
    {.name = "run-hours",
     .kind = OPTION_NUMBER,
     .target = &settings.params.run_hours,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "of all the steps, measured on --measured-nodes, network included"},
    {.name = "measured-nodes",
     .kind = OPTION_INT,
     .target = &settings.params.measured_nodes,
     .value = "N",
     AT_LEAST(1),
     .help = "nodes that the speed was measured on"},
    {.name = "update-seconds",
     .kind = OPTION_NUMBER,
     .target = &settings.params.update_seconds,
     .value = "NUMBER",
     AT_LEAST(0),
     .help = "of the optimizer in each step, where they are not part of --tokens-per-second"},
    {.kind = OPTION_HEADING, .help = "The nodes"},
    {.name = "nodes",
     .kind = OPTION_INT,
     .target = &settings.params.nodes,
     .value = "N",
     AT_LEAST(1),
     .help = "machines that train together"},
    {.name = "scaling",
     .kind = OPTION_INT,
     .target = &settings.scaling,
     .value = "N",
     .minimum = 0,
     .maximum = 1 << 20,
     .default_text = "",
     .help = "show 1, 2, 4 and so on up to N nodes"},
    {.name = "grow-batch",
     .kind = OPTION_FLAG,
     .target = &settings.params.grow_batch,
     .help = "give every node --batch-size sequences and do fewer steps, instead of dividing the "
             "batch among the nodes"},
    {.name = "micro-batch-tokens",
     .kind = OPTION_INT64,
     .target = &settings.params.micro_batch_tokens,
     .value = "N",
     AT_LEAST(0),
     .default_text = "as bert pretrain has it in float32",
     .help = "tokens of one pass; only the last pass of a step hides the network"},
    {.name = "zero",
     .kind = OPTION_FLAG,
     .target = &settings.params.zero,
     .help = "share the optimizer's state among the nodes (ZeRO stage 1)"},
    {.name = "gradient-dtype",
     .kind = OPTION_STRING,
     .target = &settings.gradient_dtype,
     .value = "float32|bf16",
     .help = "of gradients on the network"},
    {.name = "bandwidth",
     .kind = OPTION_NUMBER,
     .target = &settings.gigabits,
     .value = "GBIT/S",
     AT_LEAST(0),
     .help = "of a node's link, each way"},
    {.name = "latency",
     .kind = OPTION_NUMBER,
     .target = &settings.microseconds,
     .value = "MICROSECONDS",
     AT_LEAST(0),
     .help = "until a message arrives"},
    {.kind = OPTION_HEADING, .help = "What they cost"},
    {.name = "price-per-hour",
     .kind = OPTION_NUMBER,
     .target = &settings.params.price_per_hour,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "of a node, in any currency"},
    {.name = "watts",
     .kind = OPTION_NUMBER,
     .target = &settings.params.watts,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "that a node draws"},
    {.name = "price-per-kilowatt-hour",
     .kind = OPTION_NUMBER,
     .target = &settings.params.price_per_kilowatt_hour,
     .value = "NUMBER",
     AT_LEAST(0),
     .default_text = "",
     .help = "of electricity"},
    {.kind = OPTION_HEADING, .help = "Output"},
    {.name = "json",
     .kind = OPTION_FLAG,
     .target = &settings.json,
     .help = "print the result as one JSON object"},
};

static void print_readable(const bert_plan_result *plan)
{
    char count[32];
    printf("model    %s, %s parameters\n", settings.params.model,
           console_count(count, plan->parameters));
    printf("work     %s steps", console_count(count, (uint64_t)plan->steps));
    printf(" of %s sequences", console_count(count, (uint64_t)plan->batch_size));
    printf(" of %d tokens: %.4g billion tokens\n", settings.params.max_seq_length,
           plan->tokens / 1e9);
    printf("step     %.4g s: %.4g s computing, %.4g s waiting for the network\n",
           plan->step_seconds, plan->compute_seconds, plan->waiting_seconds);
    if (settings.params.nodes > 1)
        printf("network  %.4g MB sent by each node in a step, %.4g s, %.0f %% of it hidden behind "
               "the backward pass; efficiency %.1f %%\n",
               plan->bytes_sent / 1e6, plan->network_seconds,
               100 * (1 - plan->waiting_seconds / plan->network_seconds), 100 * plan->efficiency);
    printf("run      %.4g hours on %s node%s: %.4g node hours\n", plan->hours,
           console_count(count, (uint64_t)settings.params.nodes),
           settings.params.nodes == 1 ? "" : "s", plan->node_hours);
    if (settings.params.price_per_hour > 0)
        printf("cost     %.2f\n", plan->cost);
    if (settings.params.watts > 0)
        printf("energy   %.4g kWh\n", plan->kilowatt_hours);
    if (settings.params.watts > 0 && settings.params.price_per_kilowatt_hour > 0)
        printf("         %.2f for electricity\n", plan->energy_cost);
}

static json_t *plan_json(const bert_plan_result *plan, int nodes)
{
    return json_pack(
        "{s:i, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:f, s:f}",
        "nodes", nodes, "parameters", (json_int_t)plan->parameters, "batch_size",
        (json_int_t)plan->batch_size, "steps", (json_int_t)plan->steps, "tokens", plan->tokens,
        "bytes_sent", plan->bytes_sent, "compute_seconds", plan->compute_seconds, "network_seconds",
        plan->network_seconds, "waiting_seconds", plan->waiting_seconds, "step_seconds",
        plan->step_seconds, "step_seconds_without_overlap", plan->step_seconds_without_overlap,
        "hours", plan->hours, "hours_without_overlap", plan->hours_without_overlap, "efficiency",
        plan->efficiency, "efficiency_without_overlap", plan->efficiency_without_overlap,
        "node_hours", plan->node_hours, "cost", plan->cost, "kilowatt_hours", plan->kilowatt_hours,
        "energy_cost", plan->energy_cost);
}

static void print_point(const bert_plan_result *plan, int nodes)
{
    printf("%7d  %10.4g  %10.4g  %7.1f %%  %10.4g  %10.4g  %7.1f %%", nodes, plan->step_seconds,
           plan->hours, 100 * plan->efficiency, plan->step_seconds_without_overlap,
           plan->hours_without_overlap, 100 * plan->efficiency_without_overlap);
    if (settings.params.price_per_hour > 0)
        printf("  %12.2f", plan->cost);
    putchar('\n');
}

/* One row for each power of two. Where the batch has fewer sequences than there are nodes, the rows
 * end, and it is said. */
static bert_status show_scaling(json_t *points, bert_error *error)
{
    bert_plan_params params = settings.params;
    if (!points) {
        printf("\n         with the network hidden where it can be     without\n");
        printf("  nodes  step, s        hours  efficiency  step, s        hours  efficiency%s\n",
               params.price_per_hour > 0 ? "          cost" : "");
    }
    for (int64_t nodes = 1; nodes <= settings.scaling; nodes *= 2) {
        if (!params.grow_batch && nodes > params.batch_size) {
            console_note("the batch has %lld sequences: no more nodes can share it; "
                         "see --grow-batch",
                         (long long)params.batch_size);
            break;
        }
        params.nodes = (int)nodes;
        bert_plan_result plan;
        bert_status status = bert_plan(&params, &plan, error);
        if (status != BERT_OK)
            return status;
        if (points)
            json_array_append_new(points, plan_json(&plan, params.nodes));
        else
            print_point(&plan, params.nodes);
    }
    return BERT_OK;
}

static int show(const bert_plan_result *plan)
{
    bert_error error = {0};
    json_t *points = settings.json ? json_array() : NULL;
    if (!settings.json)
        print_readable(plan);
    if (settings.scaling > 0 && show_scaling(points, &error) != BERT_OK) {
        json_decref(points);
        return console_failure(&error);
    }
    if (!settings.json)
        return EXIT_SUCCESS;
    json_t *object = plan_json(plan, settings.params.nodes);
    json_object_set_new(object, "scaling", points);
    return console_json(object);
}

static int run(const arguments *arguments)
{
    if (arguments->operand_count > 0) {
        console_error("plan: takes options only, not %s", arguments->operands[0]);
        return EXIT_USAGE;
    }
    settings.params.bf16_gradients = strcmp(settings.gradient_dtype, "bf16") == 0;
    if (!settings.params.bf16_gradients && strcmp(settings.gradient_dtype, "float32") != 0) {
        console_error("plan: --gradient-dtype is \"%s\"; expected float32 or bf16",
                      settings.gradient_dtype);
        return EXIT_USAGE;
    }
    settings.params.bandwidth = settings.gigabits * 1e9 / 8;
    settings.params.latency = settings.microseconds / 1e6;
    bert_error error = {0};
    bert_plan_result plan;
    if (bert_plan(&settings.params, &plan, &error) != BERT_OK)
        return console_failure(&error);
    return show(&plan);
}

const command command_plan = {
    .name = "plan",
    .summary = "hours, energy and cost of a run",
    .synopsis = "--tokens-per-second NUMBER [OPTIONS]",
    .description =
        "Works out what a run will take on one node or on many from its speed, which you measured "
        "(bert pretrain shows it) or read somewhere: hours, node hours, money, electricity, and "
        "with --scaling how far more nodes help.\n\n"
        "The network is modelled, not measured: a message costs the latency and its bytes over "
        "the bandwidth, an all-reduce is Rabenseifner's, a layer's gradients travel as soon as the "
        "backward pass has them, and what is left when it ends is waited for. docs/plan.md has the "
        "formulas.",
    .examples = "bert plan --model base --tokens-per-second 600 --max-steps 100000 --watts 120\n"
                "# published: 100,000 steps of 256 x 512 in 12.5 hours; planned: a million\n"
                "bert plan --seconds-per-step 0.45 --max-seq-length 512 --price-per-hour 13.11\n"
                "# how far more machines help\n"
                "bert plan --tokens-per-second 600 --batch-size 4096 --scaling 1024\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .set_defaults = set_defaults,
    .run = run,
};
