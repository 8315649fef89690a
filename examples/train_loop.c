/* Pre-training in a custom loop on custom batches: lines of text, of which every
 * seventh token is to be predicted. Run again, it goes on where it ended.
 *
 *     cc train_loop.c $(pkg-config --cflags --libs libbert) -lm -o train_loop
 *     ./train_loop TOKENIZER OUTPUT STEPS <lines.txt
 */
#include <bert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* begin: source */
enum { SEQUENCES = 8, LENGTH = 64, TOKENS = SEQUENCES * LENGTH };

typedef struct lines {
    const bert_tokenizer *tokenizer;
    bert_encoding encoding;
    char **texts;
    int64_t count;
    int32_t tokens[TOKENS], starts[SEQUENCES + 1], positions[TOKENS], labels[TOKENS];
} lines;

/* The batch of a step: sequences laid end to end, without padding. */
static bert_status next_batch(void *context, int64_t step, int sequences, bert_batch *batch,
                              bert_error *error)
{
    lines *lines = context;
    int32_t mask = bert_tokenizer_special_ids(lines->tokenizer).mask;
    int count = 0, masked = 0;
    for (int s = 0; s < sequences; s++) {
        const char *text = lines->texts[(step * sequences + s) % lines->count];
        bert_status status = bert_tokenizer_encode(lines->tokenizer, text, strlen(text), true,
                                                   LENGTH, &lines->encoding, error);
        if (status != BERT_OK)
            return status;
        lines->starts[s] = count;
        for (size_t i = 0; i < lines->encoding.count; i++, count++) {
            lines->tokens[count] = lines->encoding.ids[i];
            if (i == 0 || i + 1 == lines->encoding.count || (step + (int64_t)i) % 7 != 0)
                continue; /* [CLS], [SEP], and what stays as it is */
            lines->labels[masked] = lines->tokens[count];
            lines->positions[masked++] = count;
            lines->tokens[count] = mask;
        }
    }
    lines->starts[sequences] = count;
    *batch = (bert_batch){.sequence_count = sequences,
                          .token_count = count,
                          .masked_count = masked,
                          .tokens = lines->tokens,
                          .sequence_starts = lines->starts,
                          .masked_positions = lines->positions,
                          .masked_labels = lines->labels};
    return BERT_OK;
}
/* end */

/* begin: open */
static bert_status open_session(bert_session **session, const char *tokenizer, const char *output,
                                int64_t steps, lines *lines, bert_error *error)
{
    const bert_batch_source source = {.context = lines, .next = next_batch};
    if (access(output, F_OK) == 0) {
        bert_resume_params resume = bert_resume_params_default();
        resume.run = output;
        return bert_session_resume(session, &resume, &source, NULL, error);
    }
    bert_pretrain_params params = bert_pretrain_params_default();
    params.tokenizer = tokenizer; /* and no params.data */
    params.output = output;
    params.model = "tiny";
    params.next_sentence_prediction = false;
    params.per_device_train_batch_size = SEQUENCES;
    params.max_seq_length = LENGTH;
    params.max_steps = steps;
    params.learning_rate = 1e-3;
    return bert_session_open(session, &params, &source, NULL, error);
}
/* end */

/* begin: loop */
static bert_status train(bert_session *session, bert_error *error)
{
    bert_status status = BERT_OK;
    bert_step_result step = {0};
    while (status == BERT_OK &&
           bert_session_steps_done(session) < bert_session_total_steps(session)) {
        status = bert_session_step(session, &step, error);
        if (status != BERT_OK || step.step % 10 != 0)
            continue;
        bert_tensor bias; /* any parameter, by the name that it has in `transformers` */
        status = bert_session_gradients(session, "cls.predictions.bias", &bias, error);
        double squares = 0;
        for (size_t i = 0; status == BERT_OK && i < bias.count; i++)
            squares += (double)bias.values[i] * (double)bias.values[i];
        printf("step %lld: loss %.3f, gradient %.3f, of %s %.3f\n", (long long)step.step,
               step.losses.loss, step.grad_norm, bias.name, sqrt(squares));
        if (step.losses.loss < 0.1) /* a custom reason to stop */
            return bert_session_save(session, error);
    }
    return status; /* the last step has saved itself */
}
/* end */

static void read_lines(lines *lines)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char **grown = realloc(lines->texts, (size_t)(lines->count + 1) * sizeof *grown);
        char *text = malloc(strlen(line) + 1);
        if (!grown || !text)
            exit(1);
        lines->texts = grown;
        lines->texts[lines->count++] = strcpy(text, line);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s TOKENIZER OUTPUT STEPS <lines.txt\n", argv[0]);
        return 2;
    }
    lines lines = {0};
    read_lines(&lines);
    if (lines.count == 0) {
        fprintf(stderr, "no lines on the standard input\n");
        return 1;
    }
    bert_error error;
    bert_tokenizer *tokenizer = NULL;
    bert_session *session = NULL;
    bert_status status = bert_tokenizer_load(&tokenizer, argv[1], NULL, &error);
    lines.tokenizer = tokenizer;
    if (status == BERT_OK)
        status = open_session(&session, argv[1], argv[2], atoll(argv[3]), &lines, &error);
    if (status == BERT_OK)
        status = train(session, &error);
    if (status != BERT_OK)
        fprintf(stderr, "%s\n", error.message);
    bert_session_close(session);
    bert_tokenizer_free(tokenizer);
    bert_encoding_free(&lines.encoding);
    while (lines.count > 0)
        free(lines.texts[--lines.count]);
    free(lines.texts);
    return status == BERT_OK ? 0 : 1;
}
