/* The network between nodes, as far as a plan needs it: messages cost a latency and their bytes
 * over the bandwidth (Hockney 1994), every node has one full-duplex link, and the
 * switch between them is never the bottleneck. Adding what arrives costs nothing. */
#ifndef PLAN_NETWORK_H
#define PLAN_NETWORK_H

#include <stddef.h>

typedef struct network_link {
    double bandwidth; /* bytes per second, each way */
    double latency;   /* seconds */
} network_link;

/* Seconds to sum `bytes` of every node so that each node ends with its share of the sum, or to
 * bring such shares back to all: recursive halving and doubling, ⌈log₂ n⌉ latencies and (n−1)/n of
 * the bytes (Thakur, Rabenseifner & Gropp 2005, sections 4.1 and 4.4). An all-reduce is both, one
 * after the other (section 4.5, Rabenseifner's algorithm). 0 for one node. */
double network_reduce_scatter_seconds(const network_link *link, int nodes, double bytes);
double network_all_gather_seconds(const network_link *link, int nodes, double bytes);
double network_all_reduce_seconds(const network_link *link, int nodes, double bytes);

/* A message of the backward pass: it can begin when its gradients are there. */
typedef struct network_bucket {
    double ready;   /* seconds from the beginning of the backward pass */
    double seconds; /* on the network */
} network_bucket;

/* How long after `end`, when the backward pass is over, the last of the buckets has gone through.
 * They go one after another, in order. */
double network_waiting_seconds(const network_bucket *buckets, size_t count, double end);

#endif
