/* The tokens of a line of text, and where in it each came from.
 *
 *     cc tokenize.c $(pkg-config --cflags --libs libbert) -o tokenize
 *     ./tokenize vocab.txt "It is raining."
 */
#include <bert.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s TOKENIZER TEXT\n", argv[0]);
        return 2;
    }
    const char *text = argv[2];

    /* begin: encode */
    bert_error error;
    bert_tokenizer *tokenizer = NULL;
    bert_encoding encoding = {0}; /* grows as needed; use it again for the next text */
    bert_status status = bert_tokenizer_load(&tokenizer, argv[1], NULL, &error);
    if (status == BERT_OK)
        status = bert_tokenizer_encode(tokenizer, text, strlen(text), true, 0, &encoding, &error);
    /* end */
    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);

    /* begin: offsets */
    for (size_t i = 0; i < encoding.count; i++)
        printf("%6d  %-12s %.*s\n", (int)encoding.ids[i],
               bert_tokenizer_token(tokenizer, encoding.ids[i]),
               (int)(encoding.ends[i] - encoding.starts[i]), text + encoding.starts[i]);
    /* end */

    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
    return status == BERT_OK ? 0 : 1;
}
