#include "math/dropout.h"

#include "base/random.h"
#include "math/chunks.h"
#include "math/kernels/kernels.h"

#include <math.h>
#include <string.h>

dropout dropout_at(double probability, uint64_t seed, uint64_t step, uint32_t site)
{
    double threshold = floor(probability * 65536 + 0.5);
    if (threshold > 65535) /* something is always kept, so that `scale` is finite */
        threshold = 65535;
    dropout result = {.threshold = threshold > 0 ? (uint32_t)threshold : 0, .site = site};
    result.scale = (float)(1 / (1 - result.threshold / 65536.0));
    random_stream stream = random_stream_start(seed, RANDOM_DROPOUT, step, 0);
    result.key[0] = stream.key[0];
    result.key[1] = stream.key[1];
    return result;
}

void dropout_apply(float *out, const float *in, const uint64_t *row_keys, size_t rows,
                   size_t columns, const dropout *dropout)
{
    if (dropout->threshold == 0) {
        if (out != in)
            memcpy(out, in, rows * columns * sizeof *out);
        return;
    }
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (rows * columns > CHUNK_WORTH_THREADS)
    for (size_t row = 0; row < rows; row++)
        kernels->dropout(out + row * columns, in + row * columns, row_keys[row], columns, dropout);
}
