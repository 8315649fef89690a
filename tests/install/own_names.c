/* A program with functions of its own under names that the library uses inside: both keep theirs.
 *
 *     own_names DIRECTORY */
#include <bert.h>

#include <stdio.h>
#include <string.h>

int zip_open(int number);
int path_join(int number);
int gemm(int number);
int json_read(int number);
#ifdef INNER_NAME
int random_philox(int number);
#endif

static int calls;

int zip_open(int number)
{
    calls++;
    return number + 1;
}

int path_join(int number)
{
    calls++;
    return number + 2;
}

int gemm(int number)
{
    calls++;
    return number + 3;
}

int json_read(int number)
{
    calls++;
    return number + 4;
}

/* A tokenizer is a folder here, so that the library joins paths and reads JSON. */
static int write_file(const char *directory, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (!file)
        return 1;
    fputs(text, file);
    return fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 2 ||
        write_file(argv[1], "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nrain\n") ||
        write_file(argv[1], "tokenizer_config.json", "{\"do_lower_case\": true}\n"))
        return 2;
    bert_error error;
    bert_tokenizer *tokenizer;
    bert_encoding encoding = {0};
    bert_status status = bert_tokenizer_load(&tokenizer, argv[1], NULL, &error);
    if (status == BERT_OK)
        status = bert_tokenizer_encode(tokenizer, "Rain", 4, false, 0, &encoding, &error);
    if (status != BERT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    if (encoding.count != 1 || encoding.ids[0] != 5 || calls != 0) {
        fprintf(stderr, "the library called the program's functions\n");
        return 1;
    }
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
    if (zip_open(1) != 2 || path_join(1) != 3 || gemm(1) != 4 || json_read(1) != 5 || calls != 4)
        return 1;
#ifdef INNER_NAME
    random_philox(0);
#endif
    return 0;
}
