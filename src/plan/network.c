#include "plan/network.h"

#include <math.h>

/* Half of an all-reduce. */
static double half_seconds(const network_link *link, int nodes, double bytes)
{
    if (nodes < 2)
        return 0;
    double rounds = ceil(log2(nodes));
    return rounds * link->latency + bytes * (nodes - 1) / nodes / link->bandwidth;
}

double network_reduce_scatter_seconds(const network_link *link, int nodes, double bytes)
{
    return half_seconds(link, nodes, bytes);
}

double network_all_gather_seconds(const network_link *link, int nodes, double bytes)
{
    return half_seconds(link, nodes, bytes);
}

double network_all_reduce_seconds(const network_link *link, int nodes, double bytes)
{
    return network_reduce_scatter_seconds(link, nodes, bytes) +
           network_all_gather_seconds(link, nodes, bytes);
}

double network_waiting_seconds(const network_bucket *buckets, size_t count, double end)
{
    double free_at = 0;
    for (size_t i = 0; i < count; i++)
        free_at = fmax(free_at, buckets[i].ready) + buckets[i].seconds;
    return fmax(0, free_at - end);
}
