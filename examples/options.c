/* Sets options of pre-training by name, and prints all of them.
 *
 *     cc options.c $(pkg-config --cflags --libs libbert) -o options
 *     ./options learning_rate=2e-4 optim=lamb
 */
#include <bert.h>

#include <stdio.h>
#include <string.h>

/* begin: set */
/* Takes "learning_rate=2e-4". */
static bert_status set(bert_pretrain_params *params, char *argument, bert_error *error)
{
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    char *value = strchr(argument, '=');
    if (value)
        *value++ = '\0';
    const bert_option *option = bert_option_find(options, count, argument);
    if (option && value)
        return bert_option_set(params, option, value, error);
    snprintf(error->message, sizeof error->message, "expected NAME=VALUE, not %s", argument);
    return BERT_ERROR_INVALID_ARGUMENT;
}
/* end */

/* begin: list */
static void list(const bert_pretrain_params *params)
{
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < count; i++) {
        char value[256], expected[512];
        bert_option_get(params, &options[i], value, sizeof value);
        bert_option_expected(&options[i], expected, sizeof expected);
        printf("%s = %s (%s)\n", options[i].name, value, expected);
    }
}
/* end */

int main(int argc, char **argv)
{
    bert_error error;
    bert_pretrain_params params = bert_pretrain_params_default();
    for (int i = 1; i < argc; i++)
        if (set(&params, argv[i], &error) != BERT_OK) {
            fprintf(stderr, "%s\n", error.message);
            return 1;
        }
    list(&params);
    return 0;
}
