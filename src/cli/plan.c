/* bert plan: hours, energy and money of a run, on one node or on many. */
#include "commands.h"
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings {
    bert_plan_params params;
    int scaling;
    bool json;
} settings;

static void set_defaults(void)
{
    memset(&settings, 0, sizeof settings);
    settings.params = bert_plan_params_default();
}

static const bert_option own_options[] = {
    {.name = "scaling",
     .type = BERT_OPTION_INT,
     .offset = offsetof(struct settings, scaling),
     .value = "N",
     .minimum = 0,
     .maximum = 1 << 20,
     .default_text = "",
     .group = "Output",
     .help = "show 1, 2, 4 and so on up to N nodes"},
    JSON_OPTION(struct settings, NULL),
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
        printf(
            "network  %.4g MB sent by each node in a step, %.4g s, %.0f %% of it overlapped with "
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
 * end, with a note. */
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
    if (!arguments_only_options(arguments))
        return EXIT_USAGE;
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
        "Works out what a run will take on one node or on many from its speed, which you "
        "measured (bert pretrain shows it) or read somewhere: hours, node hours, money, "
        "electricity, and with --scaling how far more nodes help.\n\n"
        "The network is modelled, not measured: a message costs the latency and its bytes over "
        "the bandwidth, an all-reduce is Rabenseifner's, a layer's gradients travel as soon as "
        "the backward pass has them, and what is left when it ends is waited for. docs/plan.md "
        "has the formulas.",
    .examples = "bert plan --model base --tokens-per-second 600 --max-steps 100000 --watts 120\n"
                "# published: 100,000 steps of 256 x 512 in 12.5 hours; planned: a million\n"
                "bert plan --seconds-per-step 0.45 --max-seq-length 512 --price-per-hour 13.11\n"
                "# how far more machines help\n"
                "bert plan --tokens-per-second 600 --batch-size 4096 --scaling 1024\n",
    .parts = {TABLE_PART(bert_plan_params, settings.params), OWN_PART(own_options, settings)},
    .set_defaults = set_defaults,
    .run = run,
};
