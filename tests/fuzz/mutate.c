/* Runs a fuzz target where there is no libFuzzer: on its seeds, and on as many mutations of them as
 * asked for, the same in every run.    TARGET RUNS SEED_FOLDER */
#include "fuzz.h"

#include "base/file.h"
#include "base/random.h"

#include <dirent.h>

enum { LONGEST = 8192, SEEDS_MAX = 256, PIECE_MAX = 64 };

static text seeds[SEEDS_MAX];
static size_t seed_count;

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_seeds(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, compare_names);
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        bert_error error;
        if (path_join(&path, folder, entries[i]->d_name, &error) != BERT_OK)
            fuzz_fail(error.message);
        if (!path_is_directory(path) && seed_count < SEEDS_MAX &&
            file_read(&seeds[seed_count], path, 1 << 20, &error) == BERT_OK)
            seed_count++;
        free(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (seed_count == 0)
        fuzz_fail("no seeds");
}

/* Replaces data[at, at + removed) by some bytes; returns the new length, at most LONGEST. */
static size_t splice(uint8_t *data, size_t length, size_t at, size_t removed, const uint8_t *piece,
                     size_t added)
{
    if (length - removed + added > LONGEST)
        added = LONGEST - (length - removed);
    memmove(data + at + added, data + at + removed, length - at - removed);
    memcpy(data + at, piece, added);
    return length - removed + added;
}

static size_t mutate(uint8_t *data, size_t length, random_stream *stream)
{
    uint8_t piece[PIECE_MAX];
    size_t at = random_below(stream, length + 1);
    size_t removed = random_below(stream, 8);
    if (removed > length - at)
        removed = length - at;
    const text *other = &seeds[random_below(stream, seed_count)];
    size_t size = random_below(stream, PIECE_MAX), from = random_below(stream, other->length + 1);
    switch (random_below(stream, 5)) {
    case 0: /* one bit */
        if (at < length)
            data[at] ^= (uint8_t)(1 << random_below(stream, 8));
        return length;
    case 1: /* a few bytes, any */
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (uint8_t)random_next(stream);
        return splice(data, length, at, removed, piece, size % 5);
    case 2: /* a piece of a seed */
        if (size > other->length - from)
            size = other->length - from;
        return splice(data, length, at, removed, (const uint8_t *)other->data + from, size);
    case 3: /* a byte again and again */
        memset(piece, at < length ? data[at] : 0, sizeof piece);
        return splice(data, length, at, 0, piece, size);
    default: /* less */
        size = size < length - at ? size : length - at;
        return splice(data, length, at, size, piece, 0);
    }
}

int main(int count, char **arguments)
{
    static uint8_t data[LONGEST];
    if (count != 3)
        fuzz_fail("expected RUNS SEED_FOLDER");
    read_seeds(arguments[2]);
    for (size_t i = 0; i < seed_count; i++)
        LLVMFuzzerTestOneInput((const uint8_t *)seeds[i].data, seeds[i].length);
    uint64_t runs = strtoull(arguments[1], NULL, 10);
    for (uint64_t run = 0; run < runs; run++) {
        random_stream stream = random_stream_start(1, RANDOM_TEST, run, 0);
        const text *seed = &seeds[random_below(&stream, seed_count)];
        size_t length = seed->length < LONGEST ? seed->length : LONGEST;
        memcpy(data, seed->data, length);
        for (uint64_t left = 1 + random_below(&stream, 6); left > 0; left--)
            length = mutate(data, length, &stream);
        uint8_t *exact = (uint8_t *)fuzz_copy(data, length);
        LLVMFuzzerTestOneInput(exact, length);
        free(exact);
    }
    printf("%zu seeds, %llu mutations\n", seed_count, (unsigned long long)runs);
    for (size_t i = 0; i < seed_count; i++)
        text_free(&seeds[i]);
    return 0;
}
