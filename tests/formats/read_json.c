/* For test_json_reader.py: reads documents, each preceded by its length on a line, from the
 * standard input; answers each with "LENGTH\n" and its value (json_text.h), or "-1\n" if it is not
 * JSON. */
#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static const size_t sizes[] = {1, 3, 7, 16, 64};
    long length;
    for (unsigned number = 0; scanf("%ld%*1[\n]", &length) == 1; number++) {
        char *document = malloc((size_t)length + 1);
        if (!document || fread(document, 1, (size_t)length, stdin) != (size_t)length)
            return 1;
        text out = {0};
        bert_error error = {0};
        size_t size = sizes[number % (sizeof sizes / sizeof *sizes)];
        bert_status status = json_text_read(&out, document, (size_t)length, size, false, &error);
        bert_status skipped = json_text_read(NULL, document, (size_t)length, size, true, &error);
        if (status != skipped) {
            fprintf(stderr, "skipped otherwise than read: %.*s\n", (int)length, document);
            return 1;
        }
        printf("%ld\n", status == BERT_OK ? (long)out.length : -1L);
        if (status == BERT_OK)
            fwrite(out.data, 1, out.length, stdout);
        text_free(&out);
        free(document);
    }
    return 0;
}
