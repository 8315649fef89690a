/* TensorFlow checkpoints of any content: as the index, and as a block of an index whose checksums
 * are right, as it is and packed. Tensors come out whose bytes are there, or it is refused with a
 * message that names the file. */
#include "fuzz.h"

#include "formats/sstable.h"
#include "formats/tensor_bundle.h"

#include "../formats/made_table.h"

static void look_at(const tensor_bundle *bundle)
{
    volatile unsigned char sum = 0;
    for (size_t i = 0; i < bundle->count; i++) {
        const safetensors_tensor *tensor = &bundle->tensors[i];
        float few[16];
        const unsigned char *bytes = tensor->data;
        for (uint64_t b = 0; b < tensor->bytes; b++) /* the sanitizer sees every byte */
            sum = sum ^ bytes[b];
        if (strlen(tensor->name) > SSTABLE_MAX_KEY)
            fuzz_fail("a name that is too long");
        tensor_bundle_verify(bundle, tensor, NULL);
        safetensors_tensor_read(bundle->prefix, tensor, few, tensor->bytes ? 1 : 0, NULL);
    }
}

static void open_index(const char *index)
{
    tensor_bundle bundle;
    bert_error error = {0};
    char prefix[256];
    snprintf(prefix, sizeof prefix, "%.*s", (int)(strlen(index) - strlen(".index")), index);
    bert_status status = tensor_bundle_open(&bundle, prefix, &error);
    if (status == BERT_OK) {
        look_at(&bundle);
        tensor_bundle_close(&bundle);
    } else if (error.status != status || !strstr(error.message, prefix)) {
        fuzz_fail("refused without saying so");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char bytes[128] = "the bytes of the tensors";
    char data_path[256];
    snprintf(data_path, sizeof data_path, "%s",
             fuzz_write_file("bundle.data-00000-of-00001", bytes, sizeof bytes));
    const char *index = fuzz_write_file("bundle.index", data, size);
    open_index(index);
    unsigned char *table = malloc(size + MADE_TABLE_OVERHEAD);
    if (!table)
        fuzz_fail("no memory");
    for (unsigned char packed = 0; packed < 2; packed++) {
        size_t table_size = made_table(table, data, size, packed);
        index = fuzz_write_file("bundle.index", table, table_size);
        open_index(index);
    }
    free(table);
    unlink(index);
    unlink(data_path);
    return 0;
}
