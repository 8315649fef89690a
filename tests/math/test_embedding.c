#include "reference.h"

#include "math/embedding.h"

enum { WORDS = 11, POSITIONS = 9, TYPES = 2, TOKENS = 40, COLUMNS = 131, PAD = 3 };

typedef struct tables {
    float *word, *position, *type; /* one allocation */
    size_t count;
    int32_t ids[TOKENS], positions[TOKENS];
    uint8_t types[TOKENS];
    const float *d_out;
} tables;

static tables make_tables(void)
{
    tables t = {.count = (WORDS + POSITIONS + TYPES) * COLUMNS};
    t.word = math_random(t.count, 1, 1);
    t.position = t.word + WORDS * COLUMNS;
    t.type = t.position + POSITIONS * COLUMNS;
    t.d_out = math_random(TOKENS * COLUMNS, 1, 2);
    for (int i = 0; i < TOKENS; i++) {
        t.ids[i] = i * i % WORDS;
        t.positions[i] = i % POSITIONS;
        t.types[i] = i % 3 == 0;
    }
    return t;
}

static void test_forward(void **state)
{
    (void)state;
    tables t = make_tables();
    float *out = math_zeros(TOKENS * COLUMNS);
    embedding_forward(out, t.ids, t.positions, t.types, t.word, t.position, t.type, TOKENS,
                      COLUMNS);
    double *expected = math_memory(TOKENS * COLUMNS, sizeof *expected);
    for (size_t i = 0; i < TOKENS * COLUMNS; i++) {
        size_t token = i / COLUMNS, column = i % COLUMNS;
        expected[i] = (double)t.word[(size_t)t.ids[token] * COLUMNS + column] +
                      t.position[(size_t)t.positions[token] * COLUMNS + column] +
                      t.type[(size_t)t.types[token] * COLUMNS + column];
    }
    assert_close("out", out, expected, TOKENS * COLUMNS, 1e-6);
}

static void add_gradients(void *context)
{
    tables *t = context;
    float *start = math_random(t->count, 1, 3);
    memcpy(t->word, start, t->count * sizeof *start);
    embedding_backward(t->word, t->position, t->type, t->d_out, t->ids, t->positions, t->types, PAD,
                       TOKENS, COLUMNS);
}

/* The gradient of a row of a table is the sum over the tokens that looked it up. */
static void test_backward(void **state)
{
    (void)state;
    tables t = make_tables();
    add_gradients(&t);
    double *expected = math_doubles(math_random(t.count, 1, 3), t.count);
    for (size_t i = 0; i < TOKENS * COLUMNS; i++) {
        size_t token = i / COLUMNS, column = i % COLUMNS;
        if (t.ids[token] != PAD)
            expected[(size_t)t.ids[token] * COLUMNS + column] += t.d_out[i];
        expected[((size_t)t.positions[token] + WORDS) * COLUMNS + column] += t.d_out[i];
        expected[((size_t)t.types[token] + WORDS + POSITIONS) * COLUMNS + column] += t.d_out[i];
    }
    assert_close("tables", t.word, expected, t.count, 1e-6);
    float *padding = math_random(t.count, 1, 3) + PAD * COLUMNS;
    assert_memory_equal(t.word + PAD * COLUMNS, padding, COLUMNS * sizeof *padding);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    tables t = make_tables();
    assert_same_for_threads("embedding", add_gradients, &t, t.word, t.count);
}

static void test_gather_and_scatter(void **state)
{
    (void)state;
    const int32_t indices[] = {0, 2, 3, 8};
    enum { ROWS = 9, WIDE = 37 };
    float *in = math_random(ROWS * WIDE, 1, 1), *rows = math_zeros(4 * WIDE);
    rows_gather(rows, in, indices, 4, WIDE);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(rows + i * WIDE, in + indices[i] * WIDE, WIDE * sizeof *in);
    float *out = math_copy(in, ROWS * WIDE);
    rows_scatter_add(out, rows, indices, 4, WIDE);
    for (int32_t row = 0; row < ROWS; row++) {
        bool taken = row == 0 || row == 2 || row == 3 || row == 8;
        for (int32_t i = row * WIDE; i < (row + 1) * WIDE; i++)
            assert_true(out[i] == (taken ? 2 * in[i] : in[i]));
    }
    rows_gather(NULL, in, indices, 0, WIDE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_forward),
        math_test(test_backward),
        math_test(test_threads_give_the_same_bits),
        math_test(test_gather_and_scatter),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
