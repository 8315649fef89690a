/* consumer MODEL: headers and library are of one version, a model loads, an error says its file. */
#include <bert.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(bert_version(), BERT_VERSION_STRING) != 0 ||
        BERT_VERSION_NUMBER !=
            BERT_VERSION_MAJOR * 10000 + BERT_VERSION_MINOR * 100 + BERT_VERSION_PATCH)
        return 2;
    bert_error error;
    bert_model *model;
    if (bert_model_load(&model, "/nowhere", &error) == BERT_OK ||
        !strstr(error.message, "/nowhere"))
        return 3;
    if (bert_model_load(&model, argv[1], &error) != BERT_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("C, %s: %zu columns\n", bert_version(), bert_model_hidden_size(model));
    bert_model_free(model);
    return 0;
}
