#include "tokenizer/learn.h"

#include "base/memory.h"
#include "tokenizer/alphabet.h"
#include "tokenizer/likelihood.h"
#include "tokenizer/progress.h"
#include "tokenizer/token_pairs.h"

#include <stdlib.h>
#include <string.h>

/* Most pairs occur in one or two words only: their occurrences are stored inline. */
enum { INLINE_OCCURRENCES = 2 };

/* The queue is compacted when it has grown by 1/COMPACT_FRACTION since the last compaction and has
 * at least COMPACT_MINIMUM entries. */
enum { COMPACT_FRACTION = 8, COMPACT_MINIMUM = 1 << 16 };

/* An entry of the priority queue: a pair and words that contain it. A pair can have several
 * entries: the first with the words of the initial counts, later ones with the words in which
 * merges formed it. */
typedef struct queue_entry {
    uint64_t count;
    uint32_t pair; /* index of the pair */
    uint32_t occurrence_count;
    union {
        uint32_t *many; /* owned; used while occurrences are collected, and if there are more than
                           fit inline */
        uint32_t few[INLINE_OCCURRENCES];
    } occurrences;
} queue_entry;

/* An occurrence of a pair formed by the current merge. */
typedef struct formed {
    int32_t neighbour;
    uint32_t word;
} formed;

/* The neighbours of the merged pair on one side. For each neighbour, the merge removes its pair
 * with the old symbol and forms one with the new symbol, equally often. */
typedef struct side {
    int64_t *counts;       /* by neighbour */
    uint32_t *occurrences; /* by neighbour: number of entries in `formed` */
    int32_t *neighbours;
    size_t neighbour_count;
    formed *formed;
    size_t formed_count, formed_capacity;
} side;

typedef struct learner {
    spelled_words words;
    uint32_t *lengths; /* current number of symbols of each word */
    token_pairs pairs;
    queue_entry *heap;
    size_t heap_count, heap_capacity, compact_at;
    side left, right;
    queue_entry *new_pairs; /* entries of the pairs that the current merge has formed */
    size_t new_count, new_capacity;
    vocabulary *vocabulary;
    bert_error *error;
} learner;

/* ---------------------------------------------------------------------------- occurrences --- */

/* The words of an entry in the queue. */
static const uint32_t *entry_occurrences(const queue_entry *w)
{
    return w->occurrence_count > INLINE_OCCURRENCES ? w->occurrences.many : w->occurrences.few;
}

static void entry_free(queue_entry *w)
{
    if (w->occurrence_count > INLINE_OCCURRENCES)
        free(w->occurrences.many);
}

/* Moves the occurrences inline, if they fit, once all are collected. */
static void entry_inline(queue_entry *w)
{
    if (w->occurrence_count > INLINE_OCCURRENCES)
        return;
    uint32_t *many = w->occurrences.many;
    for (uint32_t i = 0; i < w->occurrence_count; i++)
        w->occurrences.few[i] = many[i];
    free(many);
}

/* -------------------------------------------------------------------------------- queue --- */

static bool has_priority(const learner *l, const queue_entry *a, const queue_entry *b)
{
    return a->count != b->count ? a->count > b->count
                                : l->pairs.pairs[a->pair].key < l->pairs.pairs[b->pair].key;
}

static void sift_up(learner *l, size_t at, queue_entry item)
{
    while (at > 0 && has_priority(l, &item, &l->heap[(at - 1) / 4])) {
        l->heap[at] = l->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    l->heap[at] = item;
}

static bert_status queue_push(learner *l, queue_entry item)
{
    bert_status status = memory_grow((void **)&l->heap, &l->heap_capacity, l->heap_count + 1,
                                     sizeof *l->heap, "pairs", l->error);
    if (status == BERT_OK)
        sift_up(l, l->heap_count++, item);
    else
        entry_free(&item);
    return status;
}

static void sift_down(learner *l, size_t at, queue_entry item)
{
    for (size_t child; (child = 4 * at + 1) < l->heap_count; at = child) {
        size_t end = child + 4 < l->heap_count ? child + 4 : l->heap_count;
        for (size_t other = child + 1; other < end; other++)
            if (has_priority(l, &l->heap[other], &l->heap[child]))
                child = other;
        if (!has_priority(l, &l->heap[child], &item))
            break;
        l->heap[at] = l->heap[child];
    }
    l->heap[at] = item;
}

static queue_entry queue_pop(learner *l)
{
    queue_entry top = l->heap[0], last = l->heap[--l->heap_count];
    if (l->heap_count)
        sift_down(l, 0, last);
    return top;
}

/* Removes the pairs that no longer occur. If a merge forms one again, it gets a new entry with its
 * new occurrences. */
static void compact_pairs(learner *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->heap_count; i++) {
        if (l->pairs.pairs[l->heap[i].pair].count != 0)
            l->heap[kept++] = l->heap[i];
        else
            entry_free(&l->heap[i]);
    }
    l->heap_count = kept;
    const uint32_t *index = token_pairs_compact(&l->pairs);
    for (size_t i = 0; i < kept; i++)
        l->heap[i].pair = index[l->heap[i].pair];
    token_pairs_rehash(&l->pairs);
    for (size_t at = kept / 4 + 1; at-- > 0;)
        if (at < kept)
            sift_down(l, at, l->heap[at]);
}

/* Merges shorten words; moves the symbols together. */
static void compact_words(learner *l)
{
    spelled_words *words = &l->words;
    uint64_t to = 0;
    for (size_t w = 0; w < words->count; w++) {
        memmove(words->symbols + to, words->symbols + words->starts[w],
                l->lengths[w] * sizeof *words->symbols);
        words->starts[w] = to;
        to += l->lengths[w];
    }
    words->starts[words->count] = to;
    int32_t *smaller = realloc(words->symbols, (to ? to : 1) * sizeof *smaller);
    if (smaller)
        words->symbols = smaller;
}

/* Releases the memory that merges have made unused. */
static void compact(learner *l)
{
    compact_pairs(l);
    compact_words(l);
    l->compact_at = l->heap_count + l->heap_count / COMPACT_FRACTION;
    if (l->compact_at < COMPACT_MINIMUM)
        l->compact_at = COMPACT_MINIMUM;
    memory_trim(); /* occurrence arrays of ever smaller sizes fragment the heap */
}

/* --------------------------------------------------------------------------- first counts --- */

/* Counts (or with `fill`, stores) `word` as an occurrence of the pair. All calls for one word are
 * consecutive, so that a pair that occurs twice in a word gets it once. */
static bert_status add_occurrence(queue_entry *all, uint32_t pair, uint32_t word, bool fill)
{
    queue_entry *w = &all[pair];
    if (!fill) {
        if (w->count != (uint64_t)word + 1)
            w->occurrence_count++;
        w->count =
            (uint64_t)word + 1; /* the last word + 1, until collect_occurrences sets the count */
    } else if (w->occurrence_count == 0 || w->occurrences.many[w->occurrence_count - 1] != word) {
        w->occurrences.many[w->occurrence_count++] = word;
    }
    return BERT_OK;
}

static bert_status count_pairs(learner *l, queue_entry **all, size_t *all_capacity)
{
    for (size_t w = 0; w < l->words.count; w++) {
        const int32_t *symbols = l->words.symbols + l->words.starts[w];
        for (uint32_t i = 1; i < l->lengths[w]; i++) {
            uint32_t index;
            size_t known = l->pairs.count;
            TRY(token_pairs_find(&l->pairs, pair_key(symbols[i - 1], symbols[i]), &index,
                                 l->error));
            TRY(memory_grow((void **)all, all_capacity, l->pairs.count, sizeof **all, "pairs",
                            l->error));
            if (l->pairs.count > known)
                (*all)[index] = (queue_entry){.pair = index};
            l->pairs.pairs[index].count += (int64_t)l->words.counts[w];
            TRY(add_occurrence(*all, index, (uint32_t)w, false));
        }
    }
    return BERT_OK;
}

static bert_status collect_occurrences(learner *l, queue_entry *all)
{
    for (size_t i = 0; i < l->pairs.count; i++) {
        TRY(memory_array((void **)&all[i].occurrences.many, all[i].occurrence_count,
                         sizeof(uint32_t), "occurrences of pairs", l->error));
        all[i].occurrence_count = 0;
        all[i].count = (uint64_t)l->pairs.pairs[i].count;
    }
    for (size_t w = 0; w < l->words.count; w++) {
        const int32_t *symbols = l->words.symbols + l->words.starts[w];
        for (uint32_t i = 1; i < l->lengths[w]; i++) {
            uint32_t index;
            TRY(token_pairs_find(&l->pairs, pair_key(symbols[i - 1], symbols[i]), &index,
                                 l->error));
            TRY(add_occurrence(all, index, (uint32_t)w, true));
        }
    }
    return BERT_OK;
}

static bert_status fill_queue(learner *l)
{
    queue_entry *all = NULL;
    size_t capacity = 0, next = 0;
    bert_status status = count_pairs(l, &all, &capacity);
    if (status == BERT_OK)
        status = collect_occurrences(l, all);
    else if (all) /* no occurrences are allocated yet */
        next = l->pairs.count;
    for (; status == BERT_OK && next < l->pairs.count; next++) {
        entry_inline(&all[next]);
        status = queue_push(l, all[next]); /* takes ownership, also on failure */
    }
    for (; all && next < l->pairs.count; next++)
        free(all[next].occurrences.many);
    free(all);
    return status;
}

/* ------------------------------------------------------------------------------- merging --- */

static bert_status side_allocate(side *s, size_t symbols, bert_error *error)
{
    TRY(memory_array((void **)&s->counts, symbols, sizeof *s->counts, "pairs", error));
    TRY(memory_array((void **)&s->occurrences, symbols, sizeof *s->occurrences, "pairs", error));
    return memory_array((void **)&s->neighbours, symbols, sizeof *s->neighbours, "pairs", error);
}

static void side_free(side *s)
{
    free(s->counts);
    free(s->occurrences);
    free(s->neighbours);
    free(s->formed);
}

static inline bert_status side_note(side *s, int32_t neighbour, uint32_t word, int64_t count,
                                    bert_error *error)
{
    if (s->formed_count == s->formed_capacity)
        TRY(memory_grow((void **)&s->formed, &s->formed_capacity, s->formed_count + 1,
                        sizeof *s->formed, "pairs", error));
    s->formed[s->formed_count++] = (formed){neighbour, word};
    if (s->occurrences[neighbour]++ == 0)
        s->neighbours[s->neighbour_count++] = neighbour;
    s->counts[neighbour] += count;
    return BERT_OK;
}

static bert_status merge_in_word(learner *l, uint32_t word, int32_t first, int32_t second,
                                 int32_t merged)
{
    int32_t *symbols = l->words.symbols + l->words.starts[word];
    int64_t count = (int64_t)l->words.counts[word];
    uint32_t length = l->lengths[word], to = 0;
    for (uint32_t i = 0; i < length;) {
        if (symbols[i] != first || i + 1 == length || symbols[i + 1] != second) {
            symbols[to++] = symbols[i++];
            continue;
        }
        i += 2;
        if (to > 0)
            TRY(side_note(&l->left, symbols[to - 1], word, count, l->error));
        symbols[to++] = merged;
        if (i < length)
            TRY(side_note(&l->right, symbols[i], word, count, l->error));
    }
    l->lengths[word] = to;
    return BERT_OK;
}

/* Finds or creates the new entry of a pair, with capacity for `occurrences` more. Only the pair of
 * the merged symbol with itself can exist already: it is formed from both sides (`twice`). */
static bert_status find_new_pair(learner *l, uint64_t key, uint32_t occurrences, bool twice,
                                 uint32_t *number)
{
    size_t i = twice ? 0 : l->new_count;
    while (i < l->new_count && l->pairs.pairs[l->new_pairs[i].pair].key != key)
        i++;
    *number = (uint32_t)i;
    if (i < l->new_count) {
        size_t capacity = l->new_pairs[i].occurrence_count;
        return memory_grow((void **)&l->new_pairs[i].occurrences.many, &capacity,
                           capacity + occurrences, sizeof(uint32_t), "occurrences of pairs",
                           l->error);
    }
    queue_entry item = {0};
    TRY(token_pairs_find(&l->pairs, key, &item.pair, l->error));
    TRY(memory_grow((void **)&l->new_pairs, &l->new_capacity, i + 1, sizeof *l->new_pairs, "pairs",
                    l->error));
    TRY(memory_array((void **)&item.occurrences.many, occurrences, sizeof(uint32_t),
                     "occurrences of pairs", l->error));
    l->new_pairs[l->new_count++] = item;
    return BERT_OK;
}

/* Updates the pairs on one side after the merge. */
static bert_status side_finish(learner *l, side *s, int32_t old, int32_t merged)
{
    bool left = s == &l->left;
    for (size_t i = 0; i < s->neighbour_count; i++) {
        int32_t n = s->neighbours[i];
        uint32_t index, number;
        TRY(token_pairs_find(&l->pairs, left ? pair_key(n, old) : pair_key(old, n), &index,
                             l->error));
        l->pairs.pairs[index].count -= s->counts[n];
        uint64_t key = left ? pair_key(n, merged) : pair_key(merged, n);
        TRY(find_new_pair(l, key, s->occurrences[n], n == merged, &number));
        l->pairs.pairs[l->new_pairs[number].pair].count += s->counts[n];
        s->occurrences[n] = number;
        s->counts[n] = 0;
    }
    for (size_t i = 0; i < s->formed_count; i++) {
        queue_entry *item = &l->new_pairs[s->occurrences[s->formed[i].neighbour]];
        if (item->occurrence_count == 0 ||
            item->occurrences.many[item->occurrence_count - 1] != s->formed[i].word)
            item->occurrences.many[item->occurrence_count++] = s->formed[i].word;
    }
    for (size_t i = 0; i < s->neighbour_count; i++)
        s->occurrences[s->neighbours[i]] = 0;
    s->neighbour_count = s->formed_count = 0;
    return BERT_OK;
}

static bert_status merge_pair(learner *l, const queue_entry *top, int32_t merged)
{
    uint64_t key = l->pairs.pairs[top->pair].key;
    int32_t first = pair_left(key), second = pair_right(key);
    const uint32_t *occurrences = entry_occurrences(top);
    for (uint32_t i = 0; i < top->occurrence_count; i++)
        TRY(merge_in_word(l, occurrences[i], first, second, merged));
    TRY(side_finish(l, &l->left, first, merged));
    TRY(side_finish(l, &l->right, second, merged));
    bert_status status = BERT_OK;
    for (; l->new_count && status == BERT_OK; l->new_count--) {
        queue_entry item = l->new_pairs[l->new_count - 1];
        int64_t count = l->pairs.pairs[item.pair].count;
        item.count = (uint64_t)count;
        entry_inline(&item);
        if (count > 0)
            status = queue_push(l, item); /* takes ownership, also on failure */
        else
            entry_free(&item);
    }
    return status;
}

static bert_status merge_all(learner *l, size_t vocab_size, uint64_t min_frequency,
                             const bert_observer *observer, bool *stopped)
{
    text scratch = {0};
    bert_status status = BERT_OK;
    size_t merges = 0;
    l->compact_at = l->heap_count > COMPACT_MINIMUM ? l->heap_count : COMPACT_MINIMUM;
    while (status == BERT_OK && l->vocabulary->size < vocab_size && l->heap_count) {
        queue_entry top = queue_pop(l);
        uint64_t count = (uint64_t)l->pairs.pairs[top.pair].count;
        if (top.count != count) { /* outdated: other merges removed or formed some since */
            top.count = count;
            status = queue_push(l, top);
            continue;
        }
        int32_t merged = -1;
        bool enough = count >= 1 && count >= min_frequency;
        if (enough)
            status = token_pairs_merged(l->vocabulary, l->pairs.pairs[top.pair].key, &scratch,
                                        &merged, l->error);
        if (enough && status == BERT_OK)
            status = merge_pair(l, &top, merged);
        entry_free(&top);
        if (!enough)
            break;
        if (l->heap_count > l->compact_at)
            compact(l);
        if (merges++ % 256 == 0 &&
            (*stopped = progress_tokens(observer, l->vocabulary->size, vocab_size)))
            break;
    }
    text_free(&scratch);
    return status;
}

/* ------------------------------------------------------------------------------ all of it --- */

static void learner_free(learner *l)
{
    for (size_t i = 0; i < l->heap_count; i++)
        entry_free(&l->heap[i]);
    for (size_t i = 0; i < l->new_count; i++)
        free(l->new_pairs[i].occurrences.many);
    free(l->heap);
    free(l->new_pairs);
    token_pairs_free(&l->pairs);
    free(l->lengths);
    side_free(&l->left);
    side_free(&l->right);
    spelled_words_free(&l->words);
}

/* Merges pairs of the split words until there are `vocab_size` tokens. */
static bert_status learn(learner *l, size_t vocab_size, uint64_t min_frequency,
                         const bert_observer *observer, bool *stopped)
{
    TRY(memory_array((void **)&l->lengths, l->words.count, sizeof *l->lengths, "words", l->error));
    for (size_t w = 0; w < l->words.count; w++)
        l->lengths[w] = (uint32_t)(l->words.starts[w + 1] - l->words.starts[w]);
    TRY(side_allocate(&l->left, vocab_size, l->error));
    TRY(side_allocate(&l->right, vocab_size, l->error));
    TRY(fill_queue(l));
    return merge_all(l, vocab_size, min_frequency, observer, stopped);
}

bert_status learn_vocabulary(vocabulary *vocabulary, word_counts *counts,
                             const learn_settings *settings, const bert_observer *observer,
                             bool *stopped, bert_error *error)
{
    *stopped = false;
    learner l = {.vocabulary = vocabulary, .error = error};
    bert_status status = alphabet_spell(&l.words, vocabulary, counts, settings, error);
    if (status == BERT_OK && settings->by_likelihood)
        status = likelihood_learn(vocabulary, &l.words, settings->vocab_size,
                                  settings->min_frequency, observer, stopped, error);
    else if (status == BERT_OK)
        status = learn(&l, settings->vocab_size, settings->min_frequency, observer, stopped);
    learner_free(&l);
    return status;
}

bert_status learn_extension(vocabulary *vocabulary, const trie *trie, size_t max_characters,
                            size_t add, uint64_t min_frequency, word_counts *counts,
                            const bert_observer *observer, bool *stopped, bert_error *error)
{
    *stopped = false;
    learner l = {.vocabulary = vocabulary, .error = error};
    bert_status status = trie_spell(&l.words, trie, max_characters, counts, error);
    if (status == BERT_OK)
        status = learn(&l, vocabulary->size + add, min_frequency, observer, stopped);
    learner_free(&l);
    return status;
}
