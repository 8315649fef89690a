/* A request to bert serve of any content, from its path and headers to the body of its answer:
 * first line the method and the path, second the Host header, third Origin, then the body. The
 * model is made up here, and answers at once; whatever a body asks for, the answer is JSON and
 * bounded. */
#include "fuzz.h"

#include "serve/response.h"
#include "serve/routes.h"

#include <strings.h>

enum { HIDDEN = 3, LABELS = 3, POSITIONS = 32, MAX_INPUTS = 8, MODEL_VOCABULARY = 40 };

/* ------------------------------------------------------------------------- a made-up model --- */

static const char vocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\nab\n##b\n.\n!\n中\né\nparis\nis\nthe\nof\n";
static const char *const labels[LABELS] = {"good", "bad", "né"};

struct bert_model {
    bert_tokenizer *tokenizer;
    bool classifies;
};

const bert_tokenizer *bert_model_tokenizer(const bert_model *model)
{
    return model->tokenizer;
}

size_t bert_model_hidden_size(const bert_model *model)
{
    (void)model;
    return HIDDEN;
}

bool bert_model_fills_masks(const bert_model *model)
{
    return !model->classifies;
}

size_t bert_model_label_count(const bert_model *model)
{
    return model->classifies ? LABELS : 0;
}

const char *bert_model_label(const bert_model *model, size_t label)
{
    (void)model;
    return labels[label];
}

bert_embed_params bert_embed_params_default(void)
{
    return (bert_embed_params){0};
}

bert_predict_params bert_predict_params_default(void)
{
    return (bert_predict_params){0};
}

/* Reads every byte, for the sanitizer. */
static float number_of(const bert_input *input)
{
    unsigned sum = 1;
    for (size_t i = 0; i < input->length; i++)
        sum = 31 * sum + (unsigned char)input->text[i];
    for (size_t i = 0; input->pair && i < input->pair_length; i++)
        sum = 37 * sum + (unsigned char)input->pair[i];
    return (float)(sum % 1000) / 1000;
}

bert_status bert_embed(const bert_model *model, bert_workspace *workspace, const bert_input *inputs,
                       size_t count, const bert_embed_params *params, float *embeddings,
                       bert_inference_stats *usage, bert_error *error)
{
    (void)model, (void)workspace, (void)params, (void)error;
    for (size_t i = 0; i < count * HIDDEN; i++)
        embeddings[i] = number_of(&inputs[i / HIDDEN]);
    usage->texts += count;
    return BERT_OK;
}

bert_status bert_predict(const bert_model *model, bert_workspace *workspace,
                         const bert_input *inputs, size_t count, const bert_predict_params *params,
                         float *answers, bert_inference_stats *usage, bert_error *error)
{
    (void)model, (void)workspace, (void)params, (void)error;
    for (size_t i = 0; i < count * LABELS; i++)
        answers[i] = number_of(&inputs[i / LABELS]) + (float)(i % LABELS);
    usage->texts += count;
    return BERT_OK;
}

void bert_filled_free(bert_filled *filled)
{
    free(filled->predictions);
    *filled = (bert_filled){0};
}

static bert_status fill_one(const bert_model *model, const bert_input *input, size_t top_k,
                            bert_filled *filled)
{
    bert_encoding encoding = {0};
    if (bert_tokenizer_encode(model->tokenizer, input->text, input->length, true, 0, &encoding,
                              NULL) != BERT_OK)
        fuzz_fail("a text cannot be encoded");
    int32_t mask = bert_tokenizer_id(model->tokenizer, "[MASK]");
    *filled = (bert_filled){0};
    for (size_t i = 0; i < encoding.count; i++)
        filled->mask_count += encoding.ids[i] == mask;
    bool fits = encoding.count <= POSITIONS && filled->mask_count > 0;
    bert_encoding_free(&encoding);
    if (!fits)
        return BERT_ERROR_INPUT;
    filled->predictions = malloc(filled->mask_count * top_k * sizeof *filled->predictions);
    for (size_t i = 0; i < filled->mask_count * top_k; i++) /* ids beyond the tokenizer's, too */
        filled->predictions[i] = (bert_prediction){
            .id = (int32_t)((MODEL_VOCABULARY - 1 - i % top_k) % MODEL_VOCABULARY),
            .probability = 1.0 / (double)(1 + i % top_k)};
    return BERT_OK;
}

bert_status bert_fill_masks(const bert_model *model, bert_workspace *workspace,
                            const bert_input *inputs, size_t count, size_t top_k,
                            bert_filled *filled, bert_inference_stats *usage, bert_error *error)
{
    (void)workspace;
    for (size_t i = 0; i < count; i++) {
        bert_status status = fill_one(model, &inputs[i], top_k, &filled[i]);
        if (status != BERT_OK) {
            snprintf(error->message, sizeof error->message, "text %zu: cannot be used", i + 1);
            return error->status = status;
        }
        usage->texts++;
    }
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- requests --- */

static void check_error(bert_status status, const bert_error *error)
{
    if (!error->message[0] || error->status != status)
        fuzz_fail("refused without saying so");
    json_t *body = serve_error_json(error->message);
    if (!json_string_value(json_object_get(body, "error")))
        fuzz_fail("a refusal that cannot be sent");
    json_decref(body);
}

static void check_answer(const serve_request *request, serve_task task, json_t *answer)
{
    bool list = request->list || task == SERVE_TEXT_CLASSIFICATION;
    if (list && json_array_size(answer) != request->count)
        fuzz_fail("another number of answers than of texts");
    char *body = json_dumps(answer, JSON_ENCODE_ANY);
    if (!body)
        fuzz_fail("an answer that cannot be sent");
    free(body);
    json_decref(answer);
}

static void ask(bert_model *model, serve_task task, const char *body, size_t length)
{
    if (task == SERVE_TASK_COUNT)
        task = serve_default_task(model);
    if (!serve_can(model, task))
        return;
    serve_request request;
    bert_error error = {0};
    json_t *answer = NULL;
    bert_status status = serve_request_parse(&request, task, body, length, MAX_INPUTS, &error);
    if (status == BERT_OK)
        status = serve_respond(model, NULL, task, &request, &answer, &error);
    if (status == BERT_OK)
        check_answer(&request, task, answer);
    else
        check_error(status, &error);
    serve_request_free(&request);
}

/* The next line, terminated in place; what follows it stays in *rest. */
static char *take_line(char **rest, size_t *left)
{
    char *line = *rest, *end = memchr(line, '\n', *left);
    if (!end)
        return NULL;
    *end = '\0';
    *left -= (size_t)(end - line) + 1;
    *rest = end + 1;
    return line;
}

static void serve(char *request, size_t size)
{
    static bert_model models[2];
    bert_error error;
    if (!models[0].tokenizer) {
        const char *path = fuzz_write_file("vocab.txt", vocabulary, sizeof vocabulary - 1);
        if (bert_tokenizer_load(&models[0].tokenizer, path, NULL, &error) != BERT_OK)
            fuzz_fail(error.message);
        unlink(path);
        models[1] = (bert_model){.tokenizer = models[0].tokenizer, .classifies = true};
    }
    char *method = take_line(&request, &size);
    char *host = method ? take_line(&request, &size) : NULL;
    char *origin = host ? take_line(&request, &size) : NULL;
    char *path = origin ? strchr(method, ' ') : NULL;
    if (!path)
        return;
    *path++ = '\0';
    if (origin[0] && origin_is_same(origin, host) && strncmp(origin, "http", 4) != 0)
        fuzz_fail("an origin that is none");
    if (host_is_local(host) && strncasecmp(host, "localhost", 9) != 0 &&
        strncmp(host, "127.", 4) != 0 && strncmp(host, "[::1]", 5) != 0)
        fuzz_fail("a host that is elsewhere");
    route route = route_find(method, path, "model");
    if (route.kind != ROUTE_TASK)
        return;
    char *body = fuzz_copy((const uint8_t *)request, size);
    for (size_t i = 0; i < 2; i++)
        ask(&models[i], route.task, body, size);
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *request = fuzz_copy(data, size);
    serve(request, size);
    free(request);
    return 0;
}
