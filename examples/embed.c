/* Vectors of texts, five lines of libbert: how alike is each to the first?
 *
 *     cc embed.c $(pkg-config --cflags --libs libbert) -lm -o embed
 *     ./embed MODEL "A man plays a guitar." "Somebody makes music." "It is raining."
 */
#include <bert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double product(const float *a, const float *b, size_t count)
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
    bert_input *inputs = calloc(count, sizeof *inputs);
    for (size_t i = 0; i < count; i++)
        inputs[i] = (bert_input){.text = argv[i + 2], .length = strlen(argv[i + 2])};
    bert_error error;

    bert_model *model;
    bert_embed_params params = bert_embed_params_default();
    params.normalize = true; /* then a product is a cosine */
    bert_status status = bert_model_load(&model, argv[1], &error);
    size_t columns = status == BERT_OK ? bert_model_hidden_size(model) : 0;
    float *vectors = calloc(count, columns * sizeof *vectors + 1);
    if (status == BERT_OK)
        status = bert_embed(model, NULL, inputs, count, &params, vectors, NULL, &error);

    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    for (size_t i = 0; status == BERT_OK && i < count; i++)
        printf("%.4f  %s\n", product(vectors, vectors + i * columns, columns), argv[i + 2]);
    bert_model_free(model);
    free(vectors);
    free(inputs);
    return status == BERT_OK ? 0 : 1;
}
