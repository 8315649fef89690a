/* bert_plan: what a run will take, from the speed of one node and a model of the network between
 * them (docs/plan.md). */
#include "bert/plan.h"
#include "base/memory.h"
#include "model/parameters.h"
#include "options/options.h"
#include "plan/find_config.h"
#include "plan/network.h"
#include "train/micro_batch.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The backward pass has two matrix multiplications for each one of the forward pass. */
static const double backward_share = 2.0 / 3.0;
/* Of the tokens, that the MLM head computes anything for. */
static const double predicted_share = 0.15;

/* Gradients of the model in the order in which the backward pass completes them. */
typedef struct gradient_sizes {
    double heads, layer, embeddings; /* parameters; `layer` of each */
    int layers;
    double all;
    /* Shares of a step's multiplications: of the heads, of the last layer, of each other layer. */
    double heads_work, last_layer_work, layer_work;
} gradient_sizes;

typedef struct planner {
    const bert_plan_params *params;
    gradient_sizes sizes;
    double micro_batch; /* tokens */
    network_link link;
    network_bucket *buckets; /* [layers + 2] */
} planner;

/* One step on so many nodes. */
typedef struct step_times {
    double compute, network, waiting;
} step_times;

bert_plan_params bert_plan_params_default(void)
{
    return (bert_plan_params){
        .model = "base",
        .max_seq_length = 128,
        .batch_size = 256,
        .max_steps = 1000000,
        .measured_nodes = 1,
        .nodes = 1,
        .gradient_dtype = BERT_PRECISION_FLOAT32,
        .bandwidth = 10,
        .latency = 20,
    };
}

static bert_status check_params(const bert_plan_params *params, bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_plan_params, params, error));
    int given =
        (params->tokens_per_second > 0) + (params->seconds_per_step > 0) + (params->run_hours > 0);
    if (given != 1)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "%s; expected one of params->tokens_per_second, params->seconds_per_step and "
            "params->run_hours",
            given ? "the speed is given more than once" : "no speed is given");
    if (params->tokens_per_second > 0 && params->measured_nodes != 1)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->tokens_per_second is of one node, params->measured_nodes is %d; give "
            "params->seconds_per_step for what was measured on several",
            params->measured_nodes);
    return BERT_OK;
}

static bert_status check_share(const bert_plan_params *params, int nodes, bert_error *error)
{
    if (params->grow_batch || nodes <= params->batch_size)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "a batch of %" PRId64 " sequences cannot be divided among %d nodes; a larger "
                     "params->batch_size, or params->grow_batch = true",
                     params->batch_size, nodes);
}

/* A layer multiplies a token by its matrices, and scores and sums over the whole sequence. The last
 * one does so, but for key and value, with the tokens alone that the heads read: those predicted
 * and the first of a sequence. The heads multiply few tokens, but by the whole vocabulary. */
static void share_work(gradient_sizes *sizes, const model_config *config, int length)
{
    double hidden = config->hidden_size;
    double key_value = 2 * hidden * hidden;
    double rest = hidden * (2 * hidden + 2 * (double)config->intermediate_size + 2.0 * length);
    double layer = key_value + rest;
    double last = key_value + rest * fmin(1, predicted_share + 1.0 / length);
    double heads = predicted_share * hidden * (hidden + config->vocab_size);
    double all = heads + last + (config->num_hidden_layers - 1) * layer;
    sizes->heads_work = heads / all;
    sizes->last_layer_work = last / all;
    sizes->layer_work = layer / all;
}

static bert_status measure_gradients(gradient_sizes *sizes, const model_config *config, int length,
                                     bert_error *error)
{
    parameter_table table;
    TRY(parameter_table_create(&table, config, error));
    *sizes = (gradient_sizes){.layers = config->num_hidden_layers};
    share_work(sizes, config, length);
    for (size_t i = 0; i < table.count; i++) {
        const parameter *entry = &table.entries[i];
        if (strstr(entry->name, ".layer."))
            sizes->layer += (double)entry->count / sizes->layers;
        else if (strstr(entry->name, "embeddings."))
            sizes->embeddings += (double)entry->count;
        else
            sizes->heads += (double)entry->count;
        sizes->all += (double)entry->count;
    }
    parameter_table_free(&table);
    return BERT_OK;
}

static double sequences_of_a_node(const bert_plan_params *params, int nodes)
{
    if (params->grow_batch)
        return (double)params->batch_size;
    return ceil((double)params->batch_size / nodes); /* all wait for the one with most */
}

static double gradient_bytes(const planner *planner, double parameters)
{
    return parameters * (planner->params->gradient_dtype == BERT_PRECISION_BF16 ? 2 : 4);
}

static double reduce_seconds(const planner *planner, int nodes, double parameters)
{
    double bytes = gradient_bytes(planner, parameters);
    return planner->params->zero ? network_reduce_scatter_seconds(&planner->link, nodes, bytes)
                                 : network_all_reduce_seconds(&planner->link, nodes, bytes);
}

/* Times of one step whose forward and backward passes take `compute` seconds on each node. The
 * heads' gradients are ready first, then layer after layer, the embeddings' at the very end. */
static step_times time_step(const planner *planner, int nodes, double compute)
{
    const bert_plan_params *params = planner->params;
    const gradient_sizes *sizes = &planner->sizes;
    double tokens = sequences_of_a_node(params, nodes) * params->max_seq_length;
    double backward = compute * backward_share * fmin(1, planner->micro_batch / tokens);

    size_t count = 0;
    double ready = backward * sizes->heads_work;
    planner->buckets[count++] =
        (network_bucket){ready, reduce_seconds(planner, nodes, sizes->heads)};
    for (int layer = sizes->layers - 1; layer >= 0; layer--) {
        bool last = layer == sizes->layers - 1;
        ready += backward * (last ? sizes->last_layer_work : sizes->layer_work);
        planner->buckets[count++] =
            (network_bucket){ready, reduce_seconds(planner, nodes, sizes->layer)};
    }
    planner->buckets[count++] =
        (network_bucket){backward, reduce_seconds(planner, nodes, sizes->embeddings)};

    /* With ZeRO the parameters travel after the update: nothing hides them. */
    double gather =
        params->zero ? network_all_gather_seconds(&planner->link, nodes, 4 * sizes->all) : 0;
    step_times times = {.compute = compute + params->update_seconds / (params->zero ? nodes : 1),
                        .waiting =
                            network_waiting_seconds(planner->buckets, count, backward) + gather,
                        .network = gather};
    for (size_t i = 0; i < count; i++)
        times.network += planner->buckets[i].seconds;
    return times;
}

static double step_seconds(const planner *planner, int nodes, double compute)
{
    step_times times = time_step(planner, nodes, compute);
    return times.compute + times.waiting;
}

/* Seconds of one node for one sequence, from what was measured. The whole step grows with its
 * computing part, so that part is found by bisection. */
static bert_status find_sequence_seconds(const planner *planner, double *seconds, bert_error *error)
{
    const bert_plan_params *params = planner->params;
    if (params->tokens_per_second > 0) {
        *seconds = params->max_seq_length / params->tokens_per_second;
        return BERT_OK;
    }
    int nodes = params->measured_nodes;
    double step = params->seconds_per_step > 0
                      ? params->seconds_per_step
                      : params->run_hours * 3600 / (double)params->max_steps;
    double low = 0, high = step;
    double least = step_seconds(planner, nodes, 0);
    if (least >= step)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "a step is said to take %g s on %d nodes, but update and network alone "
            "take %g s; check params->measured_nodes, params->bandwidth, params->latency and "
            "params->update_seconds",
            step, nodes, least);
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        *(step_seconds(planner, nodes, middle) < step ? &low : &high) = middle;
    }
    *seconds = high / sequences_of_a_node(params, nodes);
    return BERT_OK;
}

static int64_t steps_of(const bert_plan_params *params, int nodes)
{
    return params->grow_batch ? (params->max_steps + nodes - 1) / nodes : params->max_steps;
}

static double bytes_sent(const planner *planner, int nodes)
{
    double share = (double)(nodes - 1) / nodes;
    double gradients = gradient_bytes(planner, planner->sizes.all);
    return share * gradients + share * (planner->params->zero ? 4 * planner->sizes.all : gradients);
}

static void fill_result(const planner *planner, double sequence_seconds, bert_plan_result *result)
{
    const bert_plan_params *params = planner->params;
    int nodes = params->nodes;
    double compute = sequence_seconds * sequences_of_a_node(params, nodes);
    step_times times = time_step(planner, nodes, compute);
    int64_t steps = steps_of(params, nodes);
    *result = (bert_plan_result){
        .parameters = (uint64_t)planner->sizes.all,
        .batch_size = params->batch_size * (params->grow_batch ? nodes : 1),
        .steps = steps,
        .bytes_sent = bytes_sent(planner, nodes),
        .compute_seconds = times.compute,
        .network_seconds = times.network,
        .waiting_seconds = times.waiting,
        .step_seconds = times.compute + times.waiting,
        .step_seconds_without_overlap = times.compute + times.network,
    };
    result->tokens = (double)result->batch_size * (double)steps * params->max_seq_length;
    result->hours = result->step_seconds * (double)steps / 3600;
    result->hours_without_overlap = result->step_seconds_without_overlap * (double)steps / 3600;
    double alone = step_seconds(planner, 1, sequence_seconds * (double)params->batch_size) *
                   (double)params->max_steps / 3600;
    result->efficiency = alone / (nodes * result->hours);
    result->efficiency_without_overlap = alone / (nodes * result->hours_without_overlap);
    result->node_hours = nodes * result->hours;
    result->cost = result->node_hours * params->price_per_hour;
    result->kilowatt_hours = result->node_hours * params->watts / 1000;
    result->energy_cost = result->kilowatt_hours * params->price_per_kilowatt_hour;
}

bert_status bert_plan(const bert_plan_params *params, bert_plan_result *result, bert_error *error)
{
    bert_error unused;
    error = error ? error : &unused;
    TRY(check_params(params, error));
    TRY(check_share(params, params->nodes, error));
    TRY(check_share(params, params->measured_nodes, error));
    model_config config;
    TRY(find_config(&config, params->model, error));

    planner planner = {
        .params = params,
        .link = {.bandwidth = params->bandwidth * 1e9 / 8, .latency = params->latency / 1e6}};
    TRY(measure_gradients(&planner.sizes, &config, params->max_seq_length, error));
    planner.micro_batch = params->micro_batch_tokens
                              ? (double)params->micro_batch_tokens
                              : micro_batch_default_tokens(&config, GEMM_FLOAT32);
    TRY(memory_array((void **)&planner.buckets, (size_t)planner.sizes.layers + 2,
                     sizeof *planner.buckets, "a plan", error));
    double sequence_seconds = 0;
    bert_status status = find_sequence_seconds(&planner, &sequence_seconds, error);
    if (status == BERT_OK)
        fill_result(&planner, sequence_seconds, result);
    free(planner.buckets);
    return status;
}
