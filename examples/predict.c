/* Labels of texts by a model that `bert finetune` made.
 *
 *     cc predict.c $(pkg-config --cflags --libs libbert) -o predict
 *     ./predict MODEL "They drank the pub."
 */
#include <bert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL TEXT\n", argv[0]);
        return 2;
    }
    bert_input input = {.text = argv[2], .length = strlen(argv[2])};
    bert_predict_params params = bert_predict_params_default();
    bert_model *model;
    bert_error error;
    bert_status status = bert_model_load(&model, argv[1], &error);
    size_t labels = status == BERT_OK ? bert_model_label_count(model) : 0;
    float *answers = calloc(labels + 1, sizeof *answers);
    if (status == BERT_OK)
        status = bert_predict(model, NULL, &input, 1, &params, answers, NULL, &error);

    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    for (size_t i = 0; status == BERT_OK && i < labels; i++)
        printf("%.4f  %s\n", (double)answers[i], bert_model_label(model, i));
    free(answers);
    bert_model_free(model);
    return status == BERT_OK ? 0 : 1;
}
