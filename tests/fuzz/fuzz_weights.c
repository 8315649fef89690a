/* Weights of any content, as safetensors and as torch.save writes them, and any bytes as the pickle
 * inside, which no checksum stands before: tensors come out whose bytes are there, or it is refused
 * with a message that names the file. */
#include "fuzz.h"

#include "formats/pickle.h"
#include "formats/torch_file.h"

static void look_at(const char *path, const safetensors_tensor *tensors, size_t count)
{
    volatile unsigned char sum = 0;
    for (size_t i = 0; i < count; i++) {
        float few[16];
        const unsigned char *bytes = tensors[i].data;
        for (uint64_t b = 0; b < tensors[i].bytes; b++) /* the sanitizer sees every byte */
            sum = sum ^ bytes[b];
        safetensors_tensor_read(path, &tensors[i], few, tensors[i].bytes ? 1 : 0, NULL);
    }
}

static void check(bert_status status, const bert_error *error, const char *path)
{
    if (status != BERT_OK && (error->status != status || !strstr(error->message, path)))
        fuzz_fail("refused without saying so");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const allowed[] = {"collections OrderedDict",
                                          "torch._utils _rebuild_tensor_v2", NULL};
    const char *path = fuzz_write_file("weights", data, size);
    bert_error error = {0};
    safetensors_file file;
    bert_status status = safetensors_open(&file, path, &error);
    check(status, &error, path);
    if (status == BERT_OK) {
        look_at(path, file.tensors, file.count);
        safetensors_close(&file);
    }
    torch_file torch;
    status = torch_file_open(&torch, path, &error);
    check(status, &error, path);
    if (status == BERT_OK) {
        look_at(path, torch.tensors, torch.count);
        torch_file_close(&torch);
    }
    char *copy = fuzz_copy(data, size);
    pickle pickle;
    size_t used;
    status = pickle_read(&pickle, path, (const unsigned char *)copy, size, allowed, &used, &error);
    check(status, &error, path);
    if (used > size)
        fuzz_fail("read behind the end");
    pickle_free(&pickle);
    free(copy);
    unlink(path);
    return 0;
}
