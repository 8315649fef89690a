/* Labels of a text by a model that bert_finetune (`bert finetune`) made.
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
    bert_error error;
    bert_model *model;
    if (bert_model_load(&model, argv[1], &error) != BERT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }

    /* begin: predict */
    bert_input input = {.text = argv[2], .length = strlen(argv[2])};
    bert_predict_params params = bert_predict_params_default();
    size_t labels = bert_model_label_count(model); /* 0: the model has no classifier */
    float *answers = calloc(labels + 1, sizeof *answers);
    bert_status status = bert_predict(model, NULL, &input, 1, &params, answers, NULL, &error);
    for (size_t i = 0; status == BERT_OK && i < labels; i++)
        printf("%.4f  %s\n", (double)answers[i], bert_model_label(model, i));
    /* end */

    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    free(answers);
    bert_model_free(model);
    return status == BERT_OK ? 0 : 1;
}
