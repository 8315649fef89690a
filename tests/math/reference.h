/* References for the operations of math/: plain loops in double precision, and their gradients by
 * central finite differences. */
#ifndef TESTS_MATH_REFERENCE_H
#define TESTS_MATH_REFERENCE_H

#include "testing.h"

#include "math/attention.h"
#include "math/dropout.h"
#include "math/gemm.h"

#include <math.h>
#include <stdbool.h>

/* Memory that lives until the end of a test: math_teardown releases it. */
void *math_memory(size_t count, size_t size);
int math_teardown(void **state);
#define math_test(function) cmocka_unit_test_teardown(function, math_teardown)

/* The setup of every test group: fails where BERT_KERNELS names kernels that this machine supports
 * and others are active, so that no test passes on the wrong kernels. */
int math_setup(void **state);

/* Standard normal numbers times `scale`, a function of `stream`; zeros; copies. */
float *math_random(size_t count, double scale, uint64_t stream);
float *math_zeros(size_t count);
float *math_copy(const float *values, size_t count);
double *math_doubles(const float *values, size_t count);
uint64_t *math_row_keys(size_t count, uint64_t stream);

/* For every element: |got − expected| ≤ tolerance × the largest |expected|. */
void assert_close(const char *what, const float *got, const double *expected, size_t count,
                  double tolerance);

/* Runs `body` with 1, 2 and 3 threads and checks that `results` [count], which it must overwrite,
 * are bit-for-bit the same. */
void assert_same_for_threads(const char *what, void (*body)(void *context), void *context,
                             const float *results, size_t count);

/* sums[rows] and the sums of the columns of in[depth][rows]. */
double *reference_row_sums(const float *sums, const float *in, size_t rows, size_t depth);

/* gradient[count] = derivative of `loss` with respect to each of x, which it reads. */
void reference_gradient(double *gradient, double *x, size_t count, double (*loss)(void *context),
                        void *context);

/* 0 where an element is dropped, else the scale: the definition in math/types.h, word by word. */
double reference_keep(const dropout *dropout, uint64_t row_key, size_t column);

uint32_t bits_of(float value);
float float_of(uint32_t bits);
/* `value` rounded to bfloat16, by definition: the nearer of the two neighbours in bfloat16, in a
 * tie the one whose last bit is 0; the neighbour above the largest number is 2^128, that is
 * infinity. Subnormal numbers become zero; a NaN keeps its sign and its upper bits and becomes
 * quiet. */
float reference_bfloat16(float value);
float *math_rounded(const float *values, size_t count); /* a copy */

void reference_gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, double *c, size_t ldc, bool accumulate);

/* gemm_fused against reference_gemm, on operands rounded to the precision. Leading dimensions
 * exceed the widths; elements of C between its rows must not change. Releases all math_memory. */
void check_gemm(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                bool accumulate);
/* The same for every kind and many sizes that are not multiples of a tile. */
void check_gemm_sizes(gemm_precision precision);

double reference_gelu(double x);
void reference_layernorm(double *out, const double *in, const double *gamma, const double *beta,
                         size_t rows, size_t columns, double epsilon);
/* log_sum_exp may be NULL. */
void reference_attention(gemm_precision precision, double *out, double *log_sum_exp,
                         const double *qkv, const attention_shape *shape, const dropout *dropout,
                         const uint64_t *row_keys);
/* By the chain rule, for sizes at which finite differences take too long; itself tested against
 * them. In bfloat16 the gradients are those of the rounded operands, and gradients that are
 * operands themselves are rounded. */
void reference_attention_backward(gemm_precision precision, double *d_qkv, const double *d_out,
                                  const double *qkv, const attention_shape *shape,
                                  const dropout *dropout, const uint64_t *row_keys);

#endif
