/* A vocab.txt or a tokenizer.json of any content (FUZZ_FILE says which), or, with FUZZ_FOLDER,
 * another file next to a vocab.txt: it loads or is refused with a message, and what loads can be
 * used. */
#include "fuzz.h"

#include <sys/stat.h>

#ifdef FUZZ_FOLDER
static const char *write_input(const uint8_t *data, size_t size)
{
    static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nthe\n<s>\n";
    static char folder[256], path[512];
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s.folder", fuzz_write_file(FUZZ_FILE, "", 0));
        snprintf(path, sizeof path, "%s/vocab.txt", folder);
        FILE *file = mkdir(folder, 0700) == 0 ? fopen(path, "wb") : NULL;
        if (!file || fputs(vocabulary, file) < 0 || fclose(file) != 0)
            fuzz_fail("cannot write a file");
        snprintf(path, sizeof path, "%s/%s", folder, FUZZ_FILE);
    }
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fuzz_fail("cannot write a file");
    return folder;
}
#else
static const char *write_input(const uint8_t *data, size_t size)
{
    return fuzz_write_file(FUZZ_FILE, data, size);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "The unaffable [MASK] étude, 中文! aaaaaaaaaab ##a";
    static bert_encoding encoding;
    const char *path = write_input(data, size);
    bert_tokenizer *tokenizer;
    bert_error error = {0};
    bert_status status = bert_tokenizer_load(&tokenizer, path, NULL, &error);
    if (status != BERT_OK) {
        if (tokenizer || !error.message[0] || error.status != status)
            fuzz_fail("refused without saying so");
        unlink(path);
        return 0;
    }
    if (bert_tokenizer_encode(tokenizer, text, sizeof text - 1, true, 0, &encoding, &error) !=
        BERT_OK)
        fuzz_fail(error.message);
    for (size_t i = 0; i < encoding.count; i++)
        if (!bert_tokenizer_token(tokenizer, encoding.ids[i]) ||
            encoding.ends[i] > sizeof text - 1 || encoding.starts[i] > encoding.ends[i])
            fuzz_fail("an id or an offset that is none");
    bert_tokenizer_free(tokenizer);
    unlink(path);
    return 0;
}
