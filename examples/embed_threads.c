/* Vectors of texts from four threads that share one model: who calls often keeps a workspace.
 *
 *     cc embed_threads.c $(pkg-config --cflags --libs libbert) -pthread -o embed_threads
 *     ./embed_threads MODEL < lines.txt
 */
#include <bert.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, LINE = 4096 };

/* begin: thread */
typedef struct worker {
    const bert_model *model; /* shared; nothing writes to it */
    double sum;              /* of the vectors' elements, to show something */
    int texts;
    bert_error error;
} worker;

static void *embed_lines(void *context)
{
    worker *worker = context;
    bert_embed_params params = bert_embed_params_default();
    size_t columns = bert_model_hidden_size(worker->model);
    float *vector = calloc(columns, sizeof *vector);
    char line[LINE];
    bert_workspace *workspace; /* this thread's alone */
    bert_status status = bert_workspace_create(&workspace, worker->model, &worker->error);
    while (status == BERT_OK && fgets(line, sizeof line, stdin)) {
        bert_input input = {.text = line, .length = strcspn(line, "\n")};
        status =
            bert_embed(worker->model, workspace, &input, 1, &params, vector, NULL, &worker->error);
        for (size_t i = 0; status == BERT_OK && i < columns; i++)
            worker->sum += (double)vector[i];
        worker->texts += status == BERT_OK;
    }
    bert_workspace_free(workspace);
    free(vector);
    return NULL;
}
/* end */

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s MODEL < LINES\n", argv[0]);
        return 2;
    }

    /* begin: model */
    bert_error error;
    bert_model_options options = bert_model_options_default();
    options.threads = 1; /* of a call: the four threads compute side by side */
    bert_model *model;
    if (bert_model_load_with(&model, argv[1], &options, &error) != BERT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    /* end */

    pthread_t threads[THREADS];
    worker workers[THREADS] = {{0}};
    int started = 0, texts = 0, failed = 0;
    double sum = 0;
    for (; started < THREADS; started++) {
        workers[started].model = model;
        if (pthread_create(&threads[started], NULL, embed_lines, &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        texts += workers[i].texts;
        sum += workers[i].sum;
        if (workers[i].error.status != BERT_OK && failed++ == 0)
            fprintf(stderr, "%s\n", workers[i].error.message);
    }
    printf("%d texts, sum %.4f\n", texts, sum);
    bert_model_free(model);
    return started == THREADS && failed == 0 ? 0 : 1;
}
