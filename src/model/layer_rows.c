/* Which rows of the last layer's output something reads. For the others nothing is computed in that
 * layer but key and value: what they would be does not matter, and their gradient is zero. */
#include "model/internal.h"

layer_rows all_rows(const model_pass *pass)
{
    return (layer_rows){.count = pass->tokens,
                        .keys = pass->model->activations.row_keys,
                        .starts = pass->input->sequence_starts};
}

/* With so many of a stream's rows the others are not worth the copies. */
static bool nearly_all(const model_pass *pass, size_t count)
{
    return 4 * count > 3 * pass->tokens;
}

layer_rows rows_of_heads(const model_pass *pass)
{
    const model_activations *a = &pass->model->activations;
    const model_input *input = pass->input;
    const int32_t *masked = input->masked_positions, *starts = input->sequence_starts;
    bool predicts = pass->model->config.head == MODEL_HEAD_PRETRAINING;
    int masked_left = predicts ? input->masked_count : 0;
    int starts_left = has_sequence_head(pass->model) ? input->sequence_count : 0;
    size_t count = 0;
    /* Both rise, and may have a position in common. */
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
        a->read_positions[count] = position;
        a->read_keys[count++] = a->row_keys[position];
    }
    if (count == 0 || nearly_all(pass, count))
        return all_rows(pass);
    size_t row = 0;
    for (int sequence = 0; sequence <= input->sequence_count; sequence++) {
        while (row < count && a->read_positions[row] < input->sequence_starts[sequence])
            row++;
        a->read_starts[sequence] = (int32_t)row;
    }
    return (layer_rows){.count = count,
                        .keys = a->read_keys,
                        .positions = a->read_positions,
                        .starts = a->read_starts};
}
