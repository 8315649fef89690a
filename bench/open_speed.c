/* The time to open prepared data of a given size: sparse files of the size for so many tokens, 25
 * per sentence. Excludes dataset_check, which a run calls once at its start and which reads the
 * whole index.
 *
 *     open_speed [TOKENS] [DIRECTORY]        default: 3.4 billion, /tmp */
#include "base/clock.h"
#include "dataset/dataset.h"
#include "dataset/index_format.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKENS_IN_SENTENCE = 25, SENTENCES_IN_DOCUMENT = 20, ROUNDS = 100 };

static void make_file(const char *path, const void *head, size_t head_size, uint64_t size)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0 || write(descriptor, head, head_size) != (ssize_t)head_size ||
        ftruncate(descriptor, (off_t)size) != 0 || close(descriptor) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    uint64_t tokens = count > 1 ? strtoull(arguments[1], NULL, 10) : 3400000000u;
    const char *directory = count > 2 ? arguments[2] : "/tmp";
    uint64_t sentences = tokens / TOKENS_IN_SENTENCE, version = INDEX_VERSION;
    uint64_t entries = sentences / SENTENCES_IN_DOCUMENT + 1;
    unsigned char header[INDEX_HEADER_SIZE] = INDEX_MAGIC;
    memcpy(header + 9, &version, 8);
    header[17] = INDEX_TYPE_UINT16;
    memcpy(header + 18, &sentences, 8);
    memcpy(header + 26, &entries, 8);
    char prefix[4000], path[4096];
    snprintf(prefix, sizeof prefix, "%s/bert-open-speed-%d", directory, (int)getpid());
    snprintf(path, sizeof path, "%s.idx", prefix);
    make_file(path, header, sizeof header, INDEX_HEADER_SIZE + 12 * sentences + 8 * entries);
    snprintf(path, sizeof path, "%s.bin", prefix);
    make_file(path, "", 0, 2 * tokens);

    double best = 1e9, worst = 0;
    bert_error error = {0};
    for (int i = 0; i < ROUNDS; i++) {
        dataset data;
        double start = clock_seconds();
        if (dataset_open(&data, prefix, &error) != BERT_OK) {
            fprintf(stderr, "%s\n", error.message);
            break;
        }
        double taken = clock_seconds() - start;
        best = taken < best ? taken : best;
        worst = taken > worst ? taken : worst;
        dataset_close(&data);
    }
    unlink(path);
    snprintf(path, sizeof path, "%s.idx", prefix);
    unlink(path);
    if (error.message[0])
        return 1;
    printf("%llu tokens, %llu sentences: opened in %.3f ms, the slowest of %d in %.3f ms\n",
           (unsigned long long)tokens, (unsigned long long)sentences, best * 1e3, ROUNDS,
           worst * 1e3);
    return 0;
}
