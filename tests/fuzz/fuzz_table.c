/* A Parquet file, Arrow data, a Wikipedia dump, a packed file or text of any content (FUZZ_MAGIC
 * and FUZZ_OTHER_MAGIC say how they begin): documents come out, or it is refused with a message
 * that names the file. */
#include "fuzz.h"

static bert_status take(void *context, const char *text, size_t length, bert_error *error)
{
    (void)error;
    uint64_t *sum = context;
    for (size_t i = 0; i < length; i++) /* the sanitizer sees every byte */
        *sum += (unsigned char)text[i];
    return BERT_OK;
}

static bool begins(const uint8_t *data, size_t size, const char *magic)
{
    return size >= strlen(magic) && memcmp(data, magic, strlen(magic)) == 0;
}

/* One of the ways to say what ends a document and a sentence; `number` chooses. */
static void set_borders(bert_reader_options *options, size_t number)
{
    enum { DOCUMENTS = 5, SENTENCES = 5 }; /* values of each, and of documents a column */
    size_t document = number % (DOCUMENTS + 1);
    if (document < DOCUMENTS)
        options->document_separator =
            (bert_document_separator)(BERT_DOCUMENT_SEPARATOR_UNSET + (int)document);
    else
        options->document_column = "text";
    options->sentence_separator = (bert_sentence_separator)(number / (DOCUMENTS + 1) % SENTENCES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!begins(data, size, FUZZ_MAGIC) && !begins(data, size, FUZZ_OTHER_MAGIC))
        return -1; /* another reader's */
    const char *path = fuzz_write_file(FUZZ_FILE, data, size);
    static const char *const fields[] = {NULL,
                                         "tags,text",
                                         "turns.text,translation.en",
                                         "data.*.text",
                                         "deep,list view,utf8 view,runs,fixed",
                                         "list,small,bytes"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bert_reader_options options = bert_reader_options_default();
        options.text_field = fields[i];
        set_borders(&options, size + i);
        bert_error error = {0};
        uint64_t sum = 0;
        bert_status status =
            bert_read_documents(&path, 1, &options, take, &sum, NULL, NULL, &error);
        if (status != BERT_OK && (error.status != status || !strstr(error.message, FUZZ_FILE)))
            fuzz_fail("refused without saying so");
    }
    unlink(path);
    return 0;
}
