/* Which rows of the last layer's output are read, and so computed: query_rows in internal.h. */
#include "model/internal.h"

query_rows query_rows_all(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    return (query_rows){.count = pass->tokens, .keys = a->row_keys};
}

/* With so many of the batch's rows the others are not worth the copies. */
static bool nearly_all(const model_pass *pass, size_t count)
{
    return 4 * count > 3 * pass->tokens;
}

/* Masked positions and first tokens, merged. Returns how many they are. */
static size_t find_positions(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    const model_input *input = pass->input;
    const int32_t *masked = input->masked_positions, *starts = input->sequence_starts;
    bool predicts = pass->model->config.head == MODEL_HEAD_PRETRAINING;
    int masked_left = predicts ? input->masked_count : 0;
    int starts_left = has_sequence_head(pass->model) ? input->sequence_count : 0;
    size_t count = 0;
    /* Both increase, and may have a position in common. */
    while (masked_left > 0 || starts_left > 0) {
        bool from_masked = starts_left == 0 || (masked_left > 0 && *masked <= *starts);
        int32_t position = from_masked ? *masked : *starts;
        if (masked_left > 0 && *masked == position) {
            masked++;
            masked_left--;
        }
        if (starts_left > 0 && *starts == position) {
            starts++;
            starts_left--;
        }
        a->query_positions[count] = position;
        a->query_keys[count++] = a->row_keys[position];
    }
    return count;
}

query_rows query_rows_of_heads(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    const model_input *input = pass->input;
    size_t count = find_positions(pass), row = 0;
    if (count == 0 || nearly_all(pass, count))
        return query_rows_all(pass);
    for (int sequence = 0; sequence <= input->sequence_count; sequence++) {
        while (row < count && a->query_positions[row] < input->sequence_starts[sequence])
            row++;
        a->query_starts[sequence] = (int32_t)row;
    }
    return (query_rows){
        .count = count,
        .keys = a->query_keys,
        .positions = a->query_positions,
        .starts = a->query_starts,
        .separate = count,
        .shared = (size_t)pass->model->config.hidden_size,
    };
}

float *query_rows_gather(const model_pass *pass, const query_rows *rows, float *out, float *in)
{
    if (!rows->positions)
        return in;
    pass->model->operations->rows_gather(out, in, rows->positions, rows->count,
                                         (size_t)pass->model->config.hidden_size);
    return out;
}

void query_rows_scatter(const model_pass *pass, const query_rows *rows, float *out, const float *in)
{
    const operations *operations = pass->model->operations;
    size_t hidden = (size_t)pass->model->config.hidden_size;
    if (in == out)
        return;
    operations->values_fill(out, pass->tokens * hidden, 0.0f);
    operations->rows_scatter_add(out, in, rows->positions, rows->count, hidden);
}
