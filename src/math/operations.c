#include "math/operations.h"

#include "base/memory.h"
#include "math/activation.h"
#include "math/adam.h"
#include "math/attention.h"
#include "math/cross_entropy.h"
#include "math/distillation.h"
#include "math/dropout.h"
#include "math/embedding.h"
#include "math/fill.h"
#include "math/lamb.h"
#include "math/layernorm.h"
#include "math/linear.h"
#include "math/pooling.h"
#include "math/reduce.h"
#include "math/rows_sum.h"
#include "math/squared_error.h"
#include "math/transpose.h"

const operations *cpu_operations(void)
{
    static const operations cpu = {
        .memory_map = memory_map,
        .memory_unmap = memory_unmap,

        .linear_forward = linear_forward,
        .linear_activation_forward = linear_activation_forward,
        .linear_backward_input = linear_backward_input,
        .linear_backward_input_add = linear_backward_input_add,
        .linear_activation_backward_input = linear_activation_backward_input,
        .linear_backward_weight = linear_backward_weight,

        .attention_forward = attention_forward,
        .attention_backward = attention_backward,

        .layernorm_forward = layernorm_forward,
        .layernorm_backward = layernorm_backward,
        .dropout_residual_layernorm_forward = dropout_residual_layernorm_forward,
        .dropout_residual_layernorm_backward = dropout_residual_layernorm_backward,

        .activation_forward = activation_forward,
        .activation_backward = activation_backward,
        .tanh_forward = tanh_forward,
        .tanh_backward = tanh_backward,
        .dropout_apply = dropout_apply,

        .embedding_forward = embedding_forward,
        .embedding_backward = embedding_backward,
        .rows_gather = rows_gather,
        .rows_scatter_add = rows_scatter_add,
        .rows_mean = rows_mean,
        .segments_mean = segments_mean,
        .rows_normalize = rows_normalize,

        .cross_entropy_forward = cross_entropy_forward,
        .cross_entropy_forward_backward = cross_entropy_forward_backward,
        .weighted_cross_entropy = weighted_cross_entropy,
        .softmax_forward = softmax_forward,
        .squared_error = squared_error,
        .soft_targets = soft_targets,
        .cosine_distance = cosine_distance,

        .values_fill = values_fill,
        .values_zero = values_zero,
        .values_copy = values_copy,
        .values_add = values_add,
        .values_axpby = values_axpby,
        .sum_of_squares = sum_of_squares,
        .all_finite = all_finite,
        .normal_fill = normal_fill,
        .sinusoids_fill = sinusoids_fill,
        .matrix_transpose = matrix_transpose,

        .adam_update = adam_update,
        .lamb_direction = lamb_direction,

        .rows_sum = rows_sum,
        .rows_sum_bfloat16 = rows_sum_bfloat16,
        .bfloat16_from_float = bfloat16_from_float,
        .float_from_bfloat16 = float_from_bfloat16,
    };
    return &cpu;
}
