#include "tokenizer/trie.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, OPEN_BLOCKS = 16 };

/* ---------------------------------------------------------------------- the double array --- */

/* Free units for children are searched in the last few blocks only. This keeps the construction
 * linear and leaves some holes in earlier blocks. */
typedef struct builder {
    trie *trie;
    uint64_t *used; /* a bit for each unit */
    uint32_t blocks;
} builder;

static bert_status add_block(builder *b, bert_error *error)
{
    trie *t = b->trie;
    size_t units = (size_t)(b->blocks + 1) * BLOCK;
    if (units > UINT32_MAX / 2)
        return error_set(error, BERT_ERROR_INPUT, "the vocabulary is too large for one trie");
    if (units > t->capacity) {
        size_t larger = t->capacity ? t->capacity * 2 : 16 * BLOCK, capacity = t->capacity;
        TRY(memory_grow((void **)&t->units, &capacity, larger, sizeof *t->units, "trie", error));
        capacity = t->capacity;
        TRY(memory_grow((void **)&t->fail, &capacity, larger, sizeof *t->fail, "trie", error));
        capacity = t->capacity;
        TRY(memory_grow((void **)&t->pops, &capacity, larger, sizeof *t->pops, "trie", error));
        size_t words = t->capacity / 64;
        TRY(memory_grow((void **)&b->used, &words, larger / 64, sizeof *b->used, "trie", error));
        t->capacity = larger;
    }
    for (size_t i = units - BLOCK; i < units; i++) {
        t->units[i] = (trie_unit){.base = 0, .check = TRIE_NONE};
        t->fail[i] = TRIE_NONE;
        t->pops[i] = 0;
    }
    memset(b->used + (units - BLOCK) / 64, 0, BLOCK / 8);
    b->blocks++;
    return BERT_OK;
}

static bool is_used(const builder *b, uint32_t unit)
{
    return b->used[unit / 64] >> unit % 64 & 1;
}

static void set_used(builder *b, uint32_t unit)
{
    b->used[unit / 64] |= (uint64_t)1 << unit % 64;
}

static bool find_base(const builder *b, const unsigned char *bytes, int count, uint32_t *base)
{
    uint32_t first = b->blocks > OPEN_BLOCKS ? b->blocks - OPEN_BLOCKS : 0;
    for (uint32_t word = first * (BLOCK / 64); word < b->blocks * (BLOCK / 64); word++) {
        for (uint64_t unused = ~b->used[word]; unused; unused &= unused - 1) {
            uint32_t candidate = (word * 64 + (uint32_t)__builtin_ctzll(unused)) ^ bytes[0];
            int i = 1;
            while (i < count && !is_used(b, candidate ^ bytes[i]))
                i++;
            if (i == count) {
                *base = candidate;
                return true;
            }
        }
    }
    return false;
}

static bert_status allocate_children(builder *b, uint32_t node, const unsigned char *bytes,
                                     int count, bert_error *error)
{
    uint32_t base;
    while (!find_base(b, bytes, count, &base))
        TRY(add_block(b, error));
    b->trie->units[node].base = base;
    for (int i = 0; i < count; i++) {
        set_used(b, base ^ bytes[i]);
        b->trie->units[base ^ bytes[i]].check = node;
    }
    return BERT_OK;
}

/* -------------------------------------------------------------------------- fail and pops --- */

static bert_status add_cell(trie *t, int32_t id, uint32_t previous, uint32_t *cell,
                            bert_error *error)
{
    TRY(memory_grow((void **)&t->cells, &t->cell_capacity, t->cell_count + 1, sizeof *t->cells,
                    "trie", error));
    *cell = (uint32_t)t->cell_count;
    t->cells[t->cell_count++] = (trie_cell){.id = id, .previous = previous};
    return BERT_OK;
}

/* Appends the tokens of another list to *list. */
static bert_status append_pops(trie *t, uint32_t *list, uint32_t other, bert_error *error)
{
    size_t count = 0;
    for (uint32_t c = other; c; c = t->cells[c].previous)
        count++;
    size_t first = t->cell_count;
    for (size_t i = 0; i < count; i++)
        TRY(add_cell(t, 0, i ? (uint32_t)(first + i - 1) : *list, list, error));
    for (size_t i = count; i > 0; i--, other = t->cells[other].previous)
        t->cells[first + i - 1].id = t->cells[other].id;
    return BERT_OK;
}

/* Equation (3) of the paper. Requires that all nodes of smaller depth, the parent included, are
 * linked. */
static bert_status link_node(trie *t, uint32_t node, uint32_t parent, unsigned char byte,
                             const trie_key *key, bert_error *error)
{
    if (key) {
        t->fail[node] = TRIE_SUFFIX;
        return add_cell(t, key->id, 0, &t->pops[node], error);
    }
    uint32_t from = t->fail[parent], list = t->pops[parent], child = TRIE_NONE;
    while (from != TRIE_NONE && (child = trie_child(t, from, byte)) == TRIE_NONE) {
        TRY(append_pops(t, &list, t->pops[from], error));
        from = t->fail[from];
    }
    if (from != TRIE_NONE) {
        t->fail[node] = child;
        t->pops[node] = list;
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ building --- */

static int compare_keys(const void *left, const void *right)
{
    const trie_key *a = left, *b = right;
    if (a->suffix != b->suffix)
        return a->suffix ? 1 : -1;
    int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* A node whose children are not allocated yet; the keys [low, high) begin with its path. */
typedef struct pending {
    uint32_t node, depth;
    size_t low, high;
} pending;

typedef struct queue {
    pending *items;
    size_t head, count, capacity;
} queue;

static bert_status queue_push(queue *q, pending item, bert_error *error)
{
    TRY(memory_grow((void **)&q->items, &q->capacity, q->count + 1, sizeof *q->items, "trie",
                    error));
    q->items[q->count++] = item;
    return BERT_OK;
}

static bert_status expand(builder *b, queue *q, const trie_key *keys, pending at, bert_error *error)
{
    unsigned char bytes[256];
    size_t starts[257];
    int count = 0;
    size_t i = at.low;
    while (i < at.high && keys[i].length == at.depth)
        i++; /* the key that ends here */
    for (; i < at.high; i++) {
        if (count && bytes[count - 1] == keys[i].bytes[at.depth])
            continue;
        bytes[count] = keys[i].bytes[at.depth];
        starts[count++] = i;
    }
    if (count == 0)
        return BERT_OK;
    starts[count] = at.high;
    TRY(allocate_children(b, at.node, bytes, count, error));
    for (int c = 0; c < count; c++) {
        uint32_t child = b->trie->units[at.node].base ^ bytes[c];
        const trie_key *first = &keys[starts[c]];
        const trie_key *key = first->length == at.depth + 1 ? first : NULL;
        TRY(link_node(b->trie, child, at.node, bytes[c], key, error));
        TRY(queue_push(q, (pending){child, at.depth + 1, starts[c], starts[c + 1]}, error));
    }
    return BERT_OK;
}

bert_status trie_build(trie *t, trie_key *keys, size_t count, bert_error *error)
{
    qsort(keys, count, sizeof *keys, compare_keys);
    size_t words = 0;
    while (words < count && !keys[words].suffix)
        words++;
    builder b = {.trie = t};
    queue q = {0};
    uint32_t unused;
    bert_status status;
    TRY_OR_GO(status, add_block(&b, error), done);
    TRY_OR_GO(status, add_cell(t, -1, 0, &unused, error), done);
    set_used(&b, TRIE_ROOT);
    set_used(&b, TRIE_SUFFIX);
    /* Breadth first, because link_node requires the links of all nodes of smaller depth. */
    TRY_OR_GO(status, queue_push(&q, (pending){TRIE_SUFFIX, 0, words, count}, error), done);
    TRY_OR_GO(status, queue_push(&q, (pending){TRIE_ROOT, 0, 0, words}, error), done);
    while (q.head < q.count)
        TRY_OR_GO(status, expand(&b, &q, keys, q.items[q.head++], error), done);
done:
    free(q.items);
    free(b.used);
    return status;
}

void trie_free(trie *t)
{
    free(t->units);
    free(t->fail);
    free(t->pops);
    free(t->cells);
    *t = (trie){0};
}

size_t trie_match(const trie *t, const unsigned char *word, size_t length, int32_t *ids)
{
    uint32_t node = TRIE_ROOT;
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        uint32_t child;
        while ((child = trie_child(t, node, word[i])) == TRIE_NONE) {
            if (t->fail[node] == TRIE_NONE)
                return 0;
            count += trie_pop(t, node, ids + count);
            node = t->fail[node];
        }
        node = child;
    }
    for (; node != TRIE_SUFFIX; node = t->fail[node]) {
        if (t->fail[node] == TRIE_NONE)
            return 0;
        count += trie_pop(t, node, ids + count);
    }
    return count;
}
