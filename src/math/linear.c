#include "math/linear.h"

#include "math/activation.h"
#include "math/gemm.h"

void linear_forward(gemm_precision precision, float *out, const float *in, const float *weight,
                    const float *bias, size_t rows, size_t inputs, size_t outputs)
{
    const gemm_epilogue epilogue = {.bias = bias};
    gemm_fused(precision, GEMM_NT, rows, outputs, inputs, in, inputs, weight, inputs, out, outputs,
               false, &epilogue);
}

void linear_activation_forward(gemm_precision precision, activation activation, float *activated,
                               float *out, const float *in, const float *weight, const float *bias,
                               size_t rows, size_t inputs, size_t outputs)
{
    const gemm_epilogue epilogue = {.bias = bias, .activation = activation, .activated = activated};
    gemm_fused(precision, GEMM_NT, rows, outputs, inputs, in, inputs, weight, inputs, out, outputs,
               false, &epilogue);
}

void linear_backward_input(gemm_precision precision, float *d_in, const float *d_out,
                           const float *weight, size_t rows, size_t inputs, size_t outputs)
{
    gemm_fused(precision, GEMM_NN, rows, inputs, outputs, d_out, outputs, weight, inputs, d_in,
               inputs, false, NULL);
}

void linear_activation_backward_input(gemm_precision precision, activation activation,
                                      float *d_before, float *activated, const float *d_out,
                                      const float *before, const float *weight, size_t rows,
                                      size_t inputs, size_t outputs)
{
    /* A pass of its own: as an epilogue of the multiplication, over short runs of a row, it was
     * slower. */
    linear_backward_input(precision, d_before, d_out, weight, rows, inputs, outputs);
    activation_backward_recompute(activation, d_before, activated, d_before, before, rows * inputs);
}

void linear_backward_input_add(gemm_precision precision, float *d_in, const float *d_out,
                               const float *weight, size_t rows, size_t inputs, size_t outputs)
{
    gemm_fused(precision, GEMM_NN, rows, inputs, outputs, d_out, outputs, weight, inputs, d_in,
               inputs, true, NULL);
}

void linear_backward_weight(gemm_precision precision, float *d_weight, float *d_bias,
                            const float *d_out, const float *in, size_t rows, size_t inputs,
                            size_t outputs)
{
    const gemm_epilogue epilogue = {.row_sums = d_bias};
    if (rows == 0) /* spares a pass over d_weight */
        return;
    gemm_fused(precision, GEMM_TN, outputs, inputs, rows, d_out, outputs, in, inputs, d_weight,
               inputs, true, &epilogue);
}
