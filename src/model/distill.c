/* A student learns from a teacher (Sanh et al. 2019). */
#include "model/internal.h"

void model_distillation_loss(const model_pass *student, const model_pass *teacher,
                             double temperature, const distillation_scales *scales, loss_term *mlm,
                             loss_term *soft, loss_term *cosine)
{
    const model_activations *a = &student->workspace->activations;
    size_t hidden = (size_t)student->model->config.hidden_size;
    mlm_head_distill(student, teacher, temperature, scales, mlm, soft);
    cosine->sum += student->model->operations->cosine_distance(
        a->d_hidden, a->hidden, teacher->workspace->activations.hidden, student->tokens, hidden,
        (float)scales->cosine);
    cosine->weight += (double)student->tokens;
    cosine->count += student->tokens;
}

bert_status model_check_teacher(const model_config *student, const model_config *teacher,
                                const char *origin, bert_error *error)
{
    const struct {
        const char *name;
        int student, teacher;
        bool at_least;
    } sizes[] = {
        {"vocab_size", student->vocab_size, teacher->vocab_size, false},
        {"hidden_size", student->hidden_size, teacher->hidden_size, false},
        {"max_position_embeddings", student->max_position_embeddings,
         teacher->max_position_embeddings, false},
        {"num_hidden_layers", student->num_hidden_layers, teacher->num_hidden_layers, true},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].at_least ? sizes[i].teacher < sizes[i].student
                              : sizes[i].teacher != sizes[i].student)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: the teacher's %s is %d, the student's %d; expected %s", origin,
                             sizes[i].name, sizes[i].teacher, sizes[i].student,
                             sizes[i].at_least ? "at least as many" : "the same");
    if (student->head == MODEL_HEAD_PRETRAINING && teacher->head == MODEL_HEAD_PRETRAINING)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: %s has no MLM head to learn from", origin,
                     model_config_architecture(teacher));
}

static int layers_of(const parameter_table *table)
{
    int last = 0;
    for (size_t i = 0; i < table->count; i++)
        if (table->entries[i].layer > last)
            last = table->entries[i].layer;
    return last + 1;
}

/* Rounded to the nearest: the first is the first, the last the last. */
static int teacher_layer(int layer, int students, int teachers)
{
    if (students == 1)
        return 0;
    return (2 * layer * (teachers - 1) + students - 1) / (2 * (students - 1));
}

void parameters_from_teacher(const parameter_table *student, float *values,
                             const parameter_table *teacher, const float *teacher_values)
{
    int students = layers_of(student), teachers = layers_of(teacher);
    for (size_t i = 0; i < student->count; i++) {
        const parameter *entry = &student->entries[i];
        int layer =
            role_is_in_layer(entry->role) ? teacher_layer(entry->layer, students, teachers) : 0;
        const parameter *from = parameter_of_role(teacher, entry->role, layer, entry->bias);
        if (from && from->count == entry->count)
            cpu_operations()->values_copy(values + entry->offset, teacher_values + from->offset,
                                          entry->count);
    }
}
