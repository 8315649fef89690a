#include "corpus/near_duplicates.h"

#include "base/memory.h"
#include "corpus/unspaced.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <xxhash.h>

enum {
    BAND_BYTES = NEAR_VALUES / NEAR_BANDS,
    SLOTS_PER_DOCUMENT = 2 * NEAR_BANDS, /* load factor at most one half */
    BYTES_PER_DOCUMENT = NEAR_VALUES + SLOTS_PER_DOCUMENT * sizeof(uint32_t),
    FIRST_DOCUMENTS = 1 << 10,
    CANDIDATES_LIMIT = 64 /* per band: bounds the cost of text that thousands of documents share */
};

struct near_duplicates {
    double similarity;
    size_t limit;                       /* maximum number of documents, a power of two */
    uint8_t (*signatures)[NEAR_VALUES]; /* owned, [capacity] */
    size_t count, capacity;             /* a power of two */
    uint32_t *slots; /* owned, [SLOTS_PER_DOCUMENT × capacity]: index of a document + 1; 0: free */
};

bert_status near_duplicates_open(near_duplicates **out, double similarity, uint64_t memory,
                                 bert_error *error)
{
    TRY(memory_array((void **)out, 1, sizeof **out, "signatures of documents", error));
    (*out)->similarity = similarity;
    (*out)->limit = FIRST_DOCUMENTS;
    while ((*out)->limit <= memory / BYTES_PER_DOCUMENT / 2 && (*out)->limit < UINT32_MAX / 2)
        (*out)->limit *= 2;
    return BERT_OK;
}

void near_duplicates_close(near_duplicates *near)
{
    if (!near)
        return;
    free(near->signatures);
    free(near->slots);
    free(near);
}

/* -------------------------------------------------------------------------------- signature --- */

typedef struct shingles {
    uint64_t words[NEAR_SHINGLE]; /* ring buffer of hashes of the last words */
    size_t count;
    uint64_t smallest[NEAR_VALUES];
} shingles;

/* The hash gives the bin (high 7 bits) and the rank within it (the rest). */
static void add_shingle(shingles *shingles, size_t words)
{
    uint64_t ordered[NEAR_SHINGLE];
    for (size_t i = 0; i < words; i++)
        ordered[i] = shingles->words[(shingles->count - words + i) % NEAR_SHINGLE];
    uint64_t hash = XXH3_64bits(ordered, words * sizeof *ordered);
    uint64_t *smallest = &shingles->smallest[hash >> 57], rank = hash << 7 >> 7;
    if (rank < *smallest)
        *smallest = rank;
}

static void add_word(shingles *shingles, uint64_t hash)
{
    shingles->words[shingles->count++ % NEAR_SHINGLE] = hash;
    if (shingles->count >= NEAR_SHINGLE)
        add_shingle(shingles, NEAR_SHINGLE);
}

static bool is_word_byte(unsigned char byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') ||
           ((byte | 32) >= 'a' && (byte | 32) <= 'z');
}

enum { LETTER_MASK = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK };

/* The end of the characters from `at` on that are of these general categories. */
static size_t skip_kinds(const char *text, size_t at, size_t length, uint32_t kinds)
{
    for (size_t next = at; next < length; at = next) {
        UChar32 character;
        U8_NEXT(text, next, length, character);
        if (character < 0 || !(U_GET_GC_MASK(character) & kinds))
            break;
    }
    return at;
}

/* A letter with its marks is a word. Invisible characters after it, which allow a line break, are
 * ignored. */
static size_t add_unspaced_letter(shingles *shingles, const char *text, size_t left)
{
    size_t size = 0;
    UChar32 character;
    U8_NEXT(text, size, left, character);
    if (character < 0 || !(U_GET_GC_MASK(character) & LETTER_MASK))
        return size;
    size = skip_kinds(text, size, left, U_GC_M_MASK);
    add_word(shingles, XXH3_64bits(text, size));
    return skip_kinds(text, size, left, U_GC_CF_MASK);
}

static void add_words(shingles *shingles, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        if (is_unspaced(text + i, length - i)) {
            i += add_unspaced_letter(shingles, text + i, length - i);
            continue;
        }
        uint64_t hash = 0xCBF29CE484222325; /* FNV-1a, fast for short words */
        size_t start = i;
        for (; i < length && is_word_byte((unsigned char)text[i]) &&
               !is_unspaced(text + i, length - i);
             i++) {
            unsigned char byte = (unsigned char)text[i];
            byte |= byte >= 'A' && byte <= 'Z' ? 32 : 0;
            hash = (hash ^ byte) * 0x100000001B3;
        }
        if (i > start)
            add_word(shingles, hash);
        else
            i++;
    }
}

bool near_duplicates_sign(const char *text, size_t length, uint8_t signature[NEAR_VALUES])
{
    shingles shingles = {.count = 0};
    memset(shingles.smallest, 0xFF, sizeof shingles.smallest);
    add_words(&shingles, text, length);
    if (shingles.count == 0)
        return false;
    if (shingles.count < NEAR_SHINGLE)
        add_shingle(&shingles, shingles.count);
    for (uint32_t i = 0; i < NEAR_VALUES; i++) {
        /* Densification: an empty bin takes the value of another bin, chosen by a hash of the bin,
         * equal for all documents. */
        uint32_t from = i;
        for (uint32_t attempt = 1; shingles.smallest[from] == UINT64_MAX; attempt++)
            from = XXH3_64bits((uint32_t[]){i, attempt}, 8) % NEAR_VALUES;
        /* Hashed with the bin, so that texts of a single shingle do not match by one equal byte. */
        signature[i] = (uint8_t)XXH3_64bits_withSeed(&shingles.smallest[from], 8, i);
    }
    return true;
}

double near_duplicates_compare(const uint8_t a[NEAR_VALUES], const uint8_t b[NEAR_VALUES])
{
    int same = 0;
    for (int i = 0; i < NEAR_VALUES; i++)
        same += a[i] == b[i];
    double by_chance = 1.0 / 256;
    return ((double)same / NEAR_VALUES - by_chance) / (1 - by_chance);
}

/* --------------------------------------------------------------------------------- lookup --- */

static size_t first_slot(const near_duplicates *near, const uint8_t *signature, size_t band)
{
    uint64_t hash = XXH3_64bits_withSeed(signature + band * BAND_BYTES, BAND_BYTES, band);
    return (size_t)hash & (SLOTS_PER_DOCUMENT * near->capacity - 1);
}

static void insert(near_duplicates *near, size_t document)
{
    size_t mask = SLOTS_PER_DOCUMENT * near->capacity - 1;
    for (size_t band = 0; band < NEAR_BANDS; band++) {
        size_t at = first_slot(near, near->signatures[document], band);
        while (near->slots[at])
            at = (at + 1) & mask;
        near->slots[at] = (uint32_t)document + 1;
    }
}

static bert_status grow(near_duplicates *near, bert_error *error)
{
    size_t capacity = near->capacity ? 2 * near->capacity : FIRST_DOCUMENTS;
    TRY(memory_grow((void **)&near->signatures, &(size_t){near->capacity}, capacity,
                    sizeof *near->signatures, "signatures of documents", error));
    free(near->slots);
    TRY(memory_array((void **)&near->slots, capacity * SLOTS_PER_DOCUMENT, sizeof *near->slots,
                     "signatures of documents", error));
    near->capacity = capacity;
    for (size_t i = 0; i < near->count; i++)
        insert(near, i);
    return BERT_OK;
}

static bool is_similar(const near_duplicates *near, const uint8_t *signature)
{
    if (near->count == 0)
        return false;
    size_t mask = SLOTS_PER_DOCUMENT * near->capacity - 1;
    for (size_t band = 0; band < NEAR_BANDS; band++) {
        size_t at = first_slot(near, signature, band);
        for (int candidates = 0; near->slots[at] && candidates < CANDIDATES_LIMIT;
             at = (at + 1) & mask) {
            const uint8_t *other = near->signatures[near->slots[at] - 1];
            if (memcmp(other + band * BAND_BYTES, signature + band * BAND_BYTES, BAND_BYTES) != 0)
                continue;
            if (near_duplicates_compare(other, signature) >= near->similarity)
                return true;
            candidates++;
        }
    }
    return false;
}

bert_status near_duplicates_check(near_duplicates *near, const char *text, size_t length,
                                  bool *is_duplicate, bool *remembered, bert_error *error)
{
    uint8_t signature[NEAR_VALUES];
    *is_duplicate = false;
    *remembered = true;
    if (!near_duplicates_sign(text, length, signature))
        return BERT_OK;
    *is_duplicate = is_similar(near, signature);
    if (*is_duplicate)
        return BERT_OK;
    *remembered = near->count < near->limit;
    if (!*remembered)
        return BERT_OK;
    if (near->count == near->capacity)
        TRY(grow(near, error));
    memcpy(near->signatures[near->count], signature, sizeof signature);
    insert(near, near->count++);
    return BERT_OK;
}
