/* Vectors of texts: how similar is each to the first?
 *
 *     cc embed.c $(pkg-config --cflags --libs libbert) -o embed
 *     ./embed MODEL "A man plays a guitar." "Somebody makes music." "It is raining."
 */
#include <bert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double dot_product(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL TEXT...\n", argv[0]);
        return 2;
    }
    size_t count = (size_t)argc - 2;

    /* begin: load */
    bert_error error;
    bert_model_options options = bert_model_options_default();
    options.threads = 2;
    bert_model *model;
    if (bert_model_load_with(&model, argv[1], &options, &error) != BERT_OK) {
        fprintf(stderr, "%s\n", error.message); /* one line: file, found, expected */
        return 1;
    }
    /* end */

    /* begin: embed */
    bert_input *inputs = calloc(count, sizeof *inputs);
    for (size_t i = 0; i < count; i++)
        inputs[i] = (bert_input){.text = argv[i + 2], .length = strlen(argv[i + 2])};
    bert_embed_params params = bert_embed_params_default();
    params.normalize = true; /* then a dot product is a cosine */
    size_t columns = bert_model_hidden_size(model);
    float *vectors = calloc(count, columns * sizeof *vectors);
    bert_status status = bert_embed(model, NULL, inputs, count, &params, vectors, NULL, &error);
    for (size_t i = 0; status == BERT_OK && i < count; i++)
        printf("%.4f  %s\n", dot_product(vectors, vectors + i * columns, columns), argv[i + 2]);
    /* end */

    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    bert_model_free(model);
    free(vectors);
    free(inputs);
    return status == BERT_OK ? 0 : 1;
}
