#include "math/fill.h"

#include "base/random.h"
#include "math/chunks.h"

#include <math.h>
#include <string.h>

void values_fill(float *out, size_t count, float value)
{
#pragma omp parallel for simd schedule(static) if (count > 65536)
    for (size_t i = 0; i < count; i++)
        out[i] = value;
}

void values_copy(float *out, const float *in, size_t count)
{
    memcpy(out, in, count * sizeof *out);
}

void values_add(float *sum, const float *other, size_t count)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        sum[i] += other[i];
}

void values_axpby(float *y, const float *x, size_t count, float a, float b)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        y[i] = a * x[i] + b * y[i];
}

/* The C library writes whole cache lines without reading them, where the processor can. */
void values_zero(float *values, size_t count)
{
    const size_t block = 65536;
    size_t blocks = (count + block - 1) / block;
#pragma omp parallel for schedule(static) if (blocks > 1)
    for (size_t i = 0; i < blocks; i++) {
        size_t first = i * block;
        memset(values + first, 0, (count - first < block ? count - first : block) * sizeof *values);
    }
}

/* Elements are drawn in blocks: LANES runs of Philox, each of which gives two pairs of uniform
 * words. */
enum { LANES = 64, BLOCK = 4 * LANES };

/* −2 ln(u), where u is (word + ½) / 2³² rounded to float = m × 2^e with m in [√½, √2). The
 * logarithm of m is 2 artanh(s), s = (m − 1) / (m + 1), |s| < 0.172: its series to s⁹ is within
 * 1e-9. */
static inline float minus_two_log(uint32_t word)
{
    float uniform = ((float)word + 0.5f) * 0x1p-32f;
    uint32_t bits;
    memcpy(&bits, &uniform, sizeof bits);
    uint32_t shifted = bits - 0x3F3504F3u; /* bits of √½ */
    float exponent = (float)((int32_t)shifted >> 23);
    bits = (shifted & 0x007FFFFFu) + 0x3F3504F3u;
    float m;
    memcpy(&m, &bits, sizeof m);
    float s = (m - 1.0f) / (m + 1.0f), q = s * s;
    float series = (((q / 9.0f + 1.0f / 7.0f) * q + 1.0f / 5.0f) * q + 1.0f / 3.0f) * q + 1.0f;
    float result = -4.0f * s * series - 1.3862943611f * exponent;
    return result > 0.0f ? result : 0.0f; /* u rounds to 1 at the very end */
}

/* Sine and cosine of the angle 2π × word / 2³²: the two top bits are the quadrant, the rest an
 * angle within ±π/4 of its middle, where Taylor's series to x⁹ and x¹⁰ are within 2e-9. */
static inline void sine_cosine(uint32_t word, float *sine, float *cosine)
{
    int32_t rest = (int32_t)(word << 2 ^ 0x80000000u); /* signed distance from the middle */
    float x = (float)rest * (0.78539816340f * 0x1p-31f), q = x * x;
    float s =
        x * ((((q / 362880.0f - 1.0f / 5040.0f) * q + 1.0f / 120.0f) * q - 1.0f / 6.0f) * q + 1.0f);
    float c =
        ((((1.0f / 40320.0f - q / 3628800.0f) * q - 1.0f / 720.0f) * q + 1.0f / 24.0f) * q - 0.5f) *
            q +
        1.0f;
    uint32_t quadrant = word >> 30;
    float first = quadrant & 1 ? -s : c, second = quadrant & 1 ? c : s; /* a quarter turn each */
    *cosine = quadrant & 2 ? -first : first;
    *sine = quadrant & 2 ? -second : second;
}

/* random_philox on LANES counters in parallel, in place, written so that compilers vectorise it.
 */
static void philox_lanes(uint32_t words[4][LANES], const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        for (int lane = 0; lane < LANES; lane++) {
            uint64_t product_0 = (uint64_t)0xD2511F53u * words[0][lane];
            uint64_t product_1 = (uint64_t)0xCD9E8D57u * words[2][lane];
            words[0][lane] = (uint32_t)(product_1 >> 32) ^ words[1][lane] ^ k0;
            words[1][lane] = (uint32_t)product_1;
            words[2][lane] = (uint32_t)(product_0 >> 32) ^ words[3][lane] ^ k1;
            words[3][lane] = (uint32_t)product_0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Element 64 p + l of a block comes from lane l: p = 0, 1 from words 0 and 1, 2, 3 from 2 and 3. */
static void normal_block(float out[BLOCK], const random_stream *stream, uint32_t block,
                         float deviation)
{
    uint32_t words[4][LANES];
    for (uint32_t lane = 0; lane < LANES; lane++) {
        words[0][lane] = block * LANES + lane;
        for (int w = 1; w < 4; w++)
            words[w][lane] = stream->counter[w];
    }
    philox_lanes(words, stream->key);
    for (int pair = 0; pair < 2; pair++) {
        for (int lane = 0; lane < LANES; lane++) {
            float sine, cosine;
            float radius = deviation * sqrtf(minus_two_log(words[2 * pair][lane]));
            sine_cosine(words[2 * pair + 1][lane], &sine, &cosine);
            out[2 * pair * LANES + lane] = radius * cosine;
            out[(2 * pair + 1) * LANES + lane] = radius * sine;
        }
    }
}

void normal_fill(float *values, size_t count, double deviation, uint64_t seed, uint64_t index)
{
    /* One stream holds 2³² runs of Philox; longer arrays continue in the next `when`. */
    const size_t blocks_per_stream = ((size_t)1 << 32) / LANES;
    size_t blocks = (count + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (blocks > 16)
    for (size_t block = 0; block < blocks; block++) {
        random_stream stream =
            random_stream_start(seed, RANDOM_INITIAL_WEIGHTS, block / blocks_per_stream, index);
        float drawn[BLOCK];
        normal_block(drawn, &stream, (uint32_t)(block % blocks_per_stream), (float)deviation);
        size_t first = block * BLOCK;
        size_t length = count - first < BLOCK ? count - first : BLOCK;
        memcpy(values + first, drawn, length * sizeof *values);
    }
}

void sinusoids_fill(float *values, size_t positions, size_t columns)
{
    for (size_t position = 0; position < positions; position++)
        for (size_t column = 0; column < columns; column++) {
            double exponent = 2.0 * (double)(column / 2) / (double)columns;
            double angle = (double)position / pow(10000.0, exponent);
            values[position * columns + column] = (float)(column % 2 ? cos(angle) : sin(angle));
        }
}
