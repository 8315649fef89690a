#include "base/memory.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bert_status out_of_memory(bert_error *error, size_t count, size_t size, const char *what)
{
    return error_set(error, BERT_ERROR_MEMORY, "no memory for %s (%zu of %zu bytes each)", what,
                     count, size);
}

bert_status memory_array(void **out, size_t count, size_t size, const char *what, bert_error *error)
{
    *out = calloc(count ? count : 1, size ? size : 1); /* calloc checks the product for overflow */
    return *out ? BERT_OK : out_of_memory(error, count, size, what);
}

bert_status memory_grow(void **array, size_t *capacity, size_t needed, size_t size,
                        const char *what, bert_error *error)
{
    if (needed <= *capacity)
        return BERT_OK;
    size_t larger = *capacity < 8 ? 8 : *capacity;
    while (larger < needed && larger <= SIZE_MAX / 2)
        larger *= 2;
    size_t bytes;
    if (larger < needed || __builtin_mul_overflow(larger, size, &bytes))
        return out_of_memory(error, needed, size, what);
    void *moved = realloc(*array, bytes);
    if (!moved)
        return out_of_memory(error, needed, size, what);
    *array = moved;
    *capacity = larger;
    return BERT_OK;
}

void memory_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

bert_status memory_map(void **out, size_t bytes, const char *what, bert_error *error)
{
    void *block =
        mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return out_of_memory(error, 1, bytes, what);
#ifdef MADV_HUGEPAGE
    if (bytes >= (size_t)2 << 20)
        madvise(block, bytes, MADV_HUGEPAGE); /* a hint; failure only costs speed */
#endif
    *out = block;
    return BERT_OK;
}

void memory_unmap(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, bytes ? bytes : 1);
}

void *arena_take(arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        arena->used = SIZE_MAX / 2; /* impossibly large, so the caller's allocation fails */
        return NULL;
    }
    bytes = (bytes + MEMORY_ALIGNMENT - 1) & ~(size_t)(MEMORY_ALIGNMENT - 1);
    size_t start = arena->used;
    if (__builtin_add_overflow(arena->used, bytes, &arena->used) || arena->used > SIZE_MAX / 2) {
        arena->used = SIZE_MAX / 2;
        return NULL;
    }
    if (!arena->block || arena->used > arena->size)
        return NULL;
    return arena->block + start;
}
