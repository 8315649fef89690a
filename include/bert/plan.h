/* An estimate of a run's hours, energy and cost, on one node or on many. Part of bert.h. */
#ifndef BERT_PLAN_H
#define BERT_PLAN_H

#include "bert/choices.h"
#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The speed that the plan is made from is measured or published elsewhere and given in exactly one
 * of three forms: tokens_per_second, seconds_per_step or run_hours; the others stay 0. */
typedef struct bert_plan_params {
    const char *model; /* a size by name ("base"), or the path of a config.json */

    int max_seq_length; /* tokens in a sequence, all of them full */
    int64_t batch_size; /* sequences in one step, over all nodes */
    int64_t max_steps;

    double tokens_per_second; /* of one node that trains alone */
    double seconds_per_step;  /* of this batch on `measured_nodes` nodes, network included */
    double run_hours;         /* of all the steps on `measured_nodes` nodes, network included */
    int measured_nodes;
    double update_seconds; /* of the optimizer in each step, whatever a node's share of the
                              batch; not included in tokens_per_second */

    int nodes;              /* that the run is planned for */
    bool grow_batch;        /* true: every node takes batch_size sequences, and the steps become
                               fewer; false: the batch is divided among the nodes */
    int micro_batch_tokens; /* 0: as `bert pretrain` chooses it. With several micro-batches in a
                               step only the last one overlaps with the network */
    int zero; /* 1: ZeRO stage 1, gradients are reduce-scattered, parameters gathered */
    bert_precision gradient_dtype; /* of gradients on the network */
    double bandwidth;              /* Gbit/s that a node sends and, at the same time, receives */
    double latency;                /* microseconds until a message arrives */

    double price_per_hour; /* of a node */
    double watts;          /* power of a node */
    double price_per_kilowatt_hour;
} bert_plan_params;
BERT_API bert_plan_params bert_plan_params_default(void);

typedef struct bert_plan_result {
    uint64_t parameters;
    int64_t batch_size, steps; /* with grow_batch they differ from the params */
    double tokens;             /* of the whole run */
    double bytes_sent;         /* by one node in one step */

    double compute_seconds; /* of one step: forward, backward, update */
    double network_seconds; /* of one step, without overlap */
    double waiting_seconds; /* of it, not overlapped with the backward pass */
    double step_seconds, step_seconds_without_overlap;

    double hours, hours_without_overlap; /* of the whole run */
    double efficiency;                   /* one node's hours ÷ (nodes × hours), at most 1 */
    double efficiency_without_overlap;
    double node_hours, cost; /* of the nodes; 0 where there is no price */
    double kilowatt_hours, energy_cost;
} bert_plan_result;

/* Fails with BERT_ERROR_INVALID_ARGUMENT for values out of range, for a batch that has fewer
 * sequences than there are nodes, and for a measured step that the network alone would exceed; with
 * the errors of the configuration's file. The network model is described in docs/plan.md. */
BERT_API bert_status bert_plan(const bert_plan_params *params, bert_plan_result *result,
                               bert_error *error);

#ifdef __cplusplus
}
#endif

#endif
