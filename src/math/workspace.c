#include "math/workspace.h"

#include "base/memory.h"

#include <pthread.h>

static _Thread_local float *block;
static _Thread_local float small_block[WORKSPACE_LEAST] __attribute__((aligned(MEMORY_ALIGNMENT)));

static pthread_key_t key;
static bool key_exists;

static void release(void *memory)
{
    memory_unmap(memory, WORKSPACE_FLOATS * sizeof(float));
    block = NULL;
}

static void create_key(void)
{
    key_exists = pthread_key_create(&key, release) == 0;
}

float *workspace_of_thread(size_t *floats)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *floats = WORKSPACE_FLOATS;
    if (block)
        return block;
    pthread_once(&once, create_key);
    void *memory = NULL;
    if (key_exists &&
        memory_map(&memory, WORKSPACE_FLOATS * sizeof(float), "workspace", NULL) == BERT_OK) {
        if (pthread_setspecific(key, memory) == 0)
            return block = memory;
        memory_unmap(memory, WORKSPACE_FLOATS * sizeof(float));
    }
    *floats = WORKSPACE_LEAST;
    return small_block;
}
