/* Memory is planned before the first step (docs/architecture.md, decision 6): between two logging
 * steps the library, its prefetching thread included, asks for none. The linker turns the
 * library's calls into those below. */
#include "tiny_run.h"

#include <stdatomic.h>
#include <sys/mman.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_mmap64(void *address, size_t length, int protection, int flags, int descriptor,
                    off_t offset);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int descriptor,
                    off_t offset);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static atomic_int allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return __real_realloc(memory, size);
}

void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int descriptor,
                    off_t offset)
{
    allocations++;
    return __real_mmap64(address, length, protection, flags, descriptor, offset);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __real_aligned_alloc(alignment, size);
}

enum { STEPS = 10, WARM_UP = 2 };
static int step, in_step[STEPS + 1];

static bool note(void *context)
{
    (void)context;
    in_step[++step] = atomic_exchange(&allocations, 0);
    return false;
}

static void test_steps_allocate_nothing(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        bert_pretrain_params params = tiny_params(tiny_path("threads-%d", threads));
        bert_pretrain_result result;
        const bert_observer observer = {.should_stop = note};
        params.max_steps = STEPS;
        params.logging_steps = params.eval_steps = params.save_steps = STEPS;
        params.per_device_train_batch_size =
            4; /* the first epoch lasts beyond what is read ahead */
        params.gradient_accumulation_steps = 2;
        if (threads == 2) { /* steps that grow, and an optimizer with memory of its own */
            params.optim = BERT_OPTIMIZER_LAMB;
            params.gradient_accumulation_steps = 1;
            params.batch_size_ramp = "5:0.6,8:0.4";
        }
        params.threads = threads;
        step = 0;
        assert_ok(bert_pretrain(&params, &result, &observer, error));
        assert_int_equal(step, STEPS - 1); /* not asked after the last one */
        assert_true(in_step[1] > 0);       /* of the set-up: it does count */
        for (int i = WARM_UP + 1; i < STEPS; i++)
            if (in_step[i] != 0)
                fail_msg("%d allocations in step %d of %d threads", in_step[i], i, threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps_allocate_nothing)};
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
