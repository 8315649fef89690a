#include "base/random.h"

#include <math.h>

/* Constants of the Philox paper, section 3.3: multipliers, and the Weyl sequence of the key
 * schedule. */
static const uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
static const uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;

void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t product_0 = (uint64_t)multiplier_0 * c0;
        uint64_t product_1 = (uint64_t)multiplier_1 * c2;
        c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product_1;
        c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product_0;
        k0 += weyl_0;
        k1 += weyl_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

random_stream random_stream_start(uint64_t seed, random_purpose purpose, uint64_t when,
                                  uint64_t index)
{
    /* 64 bits of seed, 8 of purpose, 64 of index and 32 + 24 of `when` do not fit into the 192 bits
     * of key and counter together with a 32-bit block count. So seed, purpose and `when` are hashed
     * by one block of Philox into the key, and `index` is kept in the counter in full: streams of
     * one (seed, purpose, when) never collide. */
    uint32_t name[4] = {(uint32_t)when, (uint32_t)(when >> 32), (uint32_t)purpose, 0x62657274u};
    uint32_t seed_key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t hashed[4];
    random_philox(name, seed_key, hashed);
    random_stream stream = {
        .key = {hashed[0], hashed[1]},
        .counter = {0, (uint32_t)index, (uint32_t)(index >> 32), hashed[2]},
        .used = 4,
    };
    return stream;
}

uint32_t random_next(random_stream *stream)
{
    if (stream->used == 4) {
        random_philox(stream->counter, stream->key, stream->block);
        stream->counter[0]++;
        stream->used = 0;
    }
    return stream->block[stream->used++];
}

uint64_t random_next64(random_stream *stream)
{
    uint64_t low = random_next(stream);
    return low | (uint64_t)random_next(stream) << 32;
}

uint64_t random_below(random_stream *stream, uint64_t bound)
{
    /* Lemire's multiply-and-reject ("Fast random integer generation in an interval", 2019). */
    unsigned __int128 product = (unsigned __int128)random_next64(stream) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = -bound % bound;
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)random_next64(stream) * bound;
    }
    return (uint64_t)(product >> 64);
}

double random_uniform(random_stream *stream)
{
    return (double)(random_next64(stream) >> 11) * 0x1p-53;
}

double random_normal(random_stream *stream)
{
    double radius = sqrt(-2.0 * log(1.0 - random_uniform(stream)));
    return radius * cos(6.283185307179586476925 * random_uniform(stream));
}

/* Four rounds are the minimum for which a Feistel network with good round functions is
 * indistinguishable from a random permutation (Luby and Rackoff, 1988). Small domains need more:
 * six are used. */
static uint64_t feistel(uint64_t value, int half_bits, const uint32_t key[2], uint32_t domain)
{
    uint64_t mask = ((uint64_t)1 << half_bits) - 1;
    uint64_t left = value >> half_bits, right = value & mask;
    for (uint32_t round = 0; round < 6; round++) {
        uint32_t counter[4] = {(uint32_t)right, (uint32_t)(right >> 32), round, domain};
        uint32_t out[4];
        random_philox(counter, key, out);
        uint64_t mixed = left ^ ((out[0] | (uint64_t)out[1] << 32) & mask);
        left = right;
        right = mixed;
    }
    return left << half_bits | right;
}

uint64_t random_permutation(uint64_t seed, uint64_t when, uint64_t count, uint64_t index)
{
    int half_bits = 1;
    while (half_bits < 32 && (uint64_t)1 << (2 * half_bits) < count)
        half_bits++;
    random_stream stream = random_stream_start(seed, RANDOM_SAMPLE_ORDER, when, 0);
    uint64_t image = index;
    do /* cycle walking ends: the network is a bijection and `index` itself is below count */
        image = feistel(image, half_bits, stream.key, stream.counter[3]);
    while (image >= count);
    return image;
}
