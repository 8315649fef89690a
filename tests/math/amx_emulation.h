/* The functions of math/kernels/amx.h, by Intel's definition of the instructions ("Intel 64 and
 * IA-32 Architectures Software Developer's Manual", volume 2: LDTILECFG, TILELOADD, TILESTORED,
 * TILEZERO, TILERELEASE, TDPBF16PS), in portable C. Aborts where the processor would raise an
 * exception. Each thread has its own registers. */
#ifndef TESTS_MATH_AMX_EMULATION_H
#define TESTS_MATH_AMX_EMULATION_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EMULATED_REGISTERS = 8, EMULATED_ROWS = 16, EMULATED_ROW_BYTES = 64 };

typedef struct emulated_register {
    size_t rows, row_bytes;
    uint8_t values[EMULATED_ROWS][EMULATED_ROW_BYTES];
} emulated_register;

static _Thread_local struct {
    bool configured;
    emulated_register registers[EMULATED_REGISTERS];
} emulated;

static void emulated_check(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "AMX emulation: %s\n", what);
    abort();
}

static void matrix_release(void)
{
    memset(&emulated, 0, sizeof emulated);
}

/* Palette 1: byte 0 is the palette's number, byte 1 the row at which an interrupted load resumes,
 * from byte 16 the row length in bytes of each register (16 bits each), from byte 48 its number of
 * rows (8 bits each); all other bytes are 0. */
static void matrix_configure(const void *shapes)
{
    uint8_t bytes[64];
    memcpy(bytes, shapes, sizeof bytes);
    matrix_release();
    emulated_check(bytes[0] == 1, "the palette is not 1");
    for (size_t i = 1; i < sizeof bytes; i++) {
        bool used = (i >= 16 && i < 32) || (i >= 48 && i < 56);
        emulated_check(used || bytes[i] == 0, "reserved bytes of the configuration are not 0");
    }
    for (size_t i = 0; i < EMULATED_REGISTERS; i++) {
        size_t row_bytes = bytes[16 + 2 * i] + 256u * bytes[17 + 2 * i], rows = bytes[48 + i];
        emulated_check(rows <= EMULATED_ROWS && row_bytes <= EMULATED_ROW_BYTES,
                       "a register is configured too large");
        emulated_check((rows == 0) == (row_bytes == 0),
                       "a register is configured with rows of 0 bytes or with 0 rows");
        emulated.registers[i].rows = rows;
        emulated.registers[i].row_bytes = row_bytes;
    }
    emulated.configured = true;
}

static emulated_register *emulated_at(int number)
{
    emulated_check(emulated.configured, "used without a configuration");
    emulated_check(number >= 0 && number < EMULATED_REGISTERS, "register number out of range");
    emulated_register *found = &emulated.registers[number];
    emulated_check(found->rows > 0, "a register is used that is not configured");
    return found;
}

static void matrix_zero(int matrix)
{
    memset(emulated_at(matrix)->values, 0, sizeof emulated_at(matrix)->values);
}

static void matrix_load(int matrix, const void *from, size_t step)
{
    emulated_register *to = emulated_at(matrix);
    memset(to->values, 0, sizeof to->values);
    for (size_t i = 0; i < to->rows; i++)
        memcpy(to->values[i], (const uint8_t *)from + i * step, to->row_bytes);
}

static void matrix_store(int matrix, void *to, size_t step)
{
    const emulated_register *from = emulated_at(matrix);
    for (size_t i = 0; i < from->rows; i++)
        memcpy((uint8_t *)to + i * step, from->values[i], from->row_bytes);
}

static float emulated_float(const emulated_register *matrix, size_t row, size_t column)
{
    float value;
    memcpy(&value, matrix->values[row] + 4 * column, sizeof value);
    return value;
}

/* Subnormal inputs and results are zero. */
static float emulated_flushed(float value)
{
    return fabsf(value) < FLT_MIN ? copysignf(0, value) : value;
}

/* The values of a register of pairs; `half` 0: the first of each pair, 1: the second. */
static void emulated_bfloat16(const emulated_register *matrix, size_t half,
                              float values[EMULATED_ROWS][EMULATED_ROW_BYTES / 4])
{
    for (size_t i = 0; i < matrix->rows; i++)
        for (size_t j = 0; j < matrix->row_bytes / 4; j++) {
            uint16_t upper;
            memcpy(&upper, matrix->values[i] + 4 * j + 2 * half, sizeof upper);
            uint32_t bits = (uint32_t)upper << 16;
            memcpy(&values[i][j], &bits, sizeof bits);
            values[i][j] = emulated_flushed(values[i][j]);
        }
}

/* The first values of the pairs are summed in the order of k with one rounding each, the second
 * ones likewise and separately; the two sums are added, then added to C. */
static void matrix_multiply_pairs(int sum, int a, int b)
{
    emulated_register *c = emulated_at(sum);
    const emulated_register *left = emulated_at(a), *right = emulated_at(b);
    emulated_check(sum != a && sum != b && a != b, "a register is used twice in a multiplication");
    emulated_check(c->row_bytes % 4 == 0 && left->row_bytes % 4 == 0 && right->row_bytes % 4 == 0,
                   "row bytes are not a multiple of a pair's");
    emulated_check(left->row_bytes / 4 == right->rows, "A's columns (pairs) differ from B's rows");
    emulated_check(c->rows == left->rows && c->row_bytes == right->row_bytes,
                   "C does not have the shape of A · B");
    float of_a[2][EMULATED_ROWS][EMULATED_ROW_BYTES / 4],
        of_b[2][EMULATED_ROWS][EMULATED_ROW_BYTES / 4];
    for (size_t half = 0; half < 2; half++) {
        emulated_bfloat16(left, half, of_a[half]);
        emulated_bfloat16(right, half, of_b[half]);
    }
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->row_bytes / 4; j++) {
            float halves[2] = {0, 0};
            for (size_t half = 0; half < 2; half++)
                for (size_t p = 0; p < right->rows; p++)
                    halves[half] =
                        emulated_flushed(fmaf(of_a[half][i][p], of_b[half][p][j], halves[half]));
            float product = emulated_flushed(halves[0] + halves[1]);
            float value = emulated_flushed(emulated_flushed(emulated_float(c, i, j)) + product);
            memcpy(c->values[i] + 4 * j, &value, sizeof value);
        }
}

#endif
