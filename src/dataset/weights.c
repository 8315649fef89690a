#include "dataset/weights.h"

#include "base/random.h"
#include "base/threads.h"

#include <math.h>

/* The fractional part of a weight in units of 2^-32; arithmetic modulo 2^32 wraps around the
 * circle. */
static uint32_t fraction_of(double weight)
{
    double fraction = floor((weight - floor(weight)) * 0x1p32);
    return weight < 1 && fraction < 1 ? 1 : (uint32_t)fraction;
}

uint32_t weight_copies(double weight)
{
    return (uint32_t)ceil(weight);
}

uint32_t weight_times(double weight, uint64_t seed, uint64_t epoch, uint64_t document)
{
    uint32_t fraction = fraction_of(weight), end;
    if (fraction == 0)
        return (uint32_t)weight;
    random_stream stream = random_stream_start(seed, RANDOM_DOCUMENT_WEIGHT, 0, document);
    uint32_t position = random_next(&stream) + (uint32_t)epoch * fraction;
    return (uint32_t)weight + __builtin_add_overflow(position, fraction, &end);
}

uint64_t weight_documents(const dataset_shard *shard, uint64_t seed, uint64_t epoch)
{
    uint64_t sum = 0, first = shard->first_document, end = first + shard->file.document_count;
#pragma omp parallel for reduction(+ : sum) schedule(static) if (end - first >= 1 << 14)
    for (uint64_t document = first; document < end; document++)
        sum += weight_times(shard->weight, seed, epoch, document);
    return sum;
}

uint64_t weight_epoch(uint64_t epoch, uint32_t copy)
{
    return epoch |
           (uint64_t)copy << 48; /* epochs are far below 2^48: sampler_settings.first_epoch */
}
