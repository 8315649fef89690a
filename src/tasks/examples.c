#include "tasks/examples.h"

#include "base/memory.h"
#include "corpus/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------- classes --- */

bert_status class_names_add(class_names *classes, const char *name, size_t length,
                            bert_error *error)
{
    TRY(memory_grow((void **)&classes->names, &classes->capacity, classes->count + 1,
                    sizeof *classes->names, "names of classes", error));
    char *copy = strndup(name, length);
    if (!copy)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for names of classes");
    classes->names[classes->count++] = copy;
    return BERT_OK;
}

int32_t class_names_find(const class_names *classes, const char *name, size_t length)
{
    for (size_t i = 0; i < classes->count; i++)
        if (strlen(classes->names[i]) == length && memcmp(classes->names[i], name, length) == 0)
            return (int32_t)i;
    return -1;
}

void class_names_free(class_names *classes)
{
    for (size_t i = 0; i < classes->count; i++)
        free(classes->names[i]);
    free(classes->names);
    *classes = (class_names){0};
}

static bool is_integer(const char *name)
{
    const char *digits = name + (*name == '-');
    size_t length = strspn(digits, "0123456789");
    return length > 0 && length <= 18 && digits[length] == '\0';
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int compare_integers(const void *left, const void *right)
{
    long long a = strtoll(*(char *const *)left, NULL, 10);
    long long b = strtoll(*(char *const *)right, NULL, 10);
    return a == b ? compare_names(left, right) : (a > b) - (a < b);
}

void class_names_sort(class_names *classes)
{
    bool integers = true;
    for (size_t i = 0; i < classes->count; i++)
        integers = integers && is_integer(classes->names[i]);
    if (classes->count > 0)
        qsort(classes->names, classes->count, sizeof *classes->names,
              integers ? compare_integers : compare_names);
}

/* ---------------------------------------------------------------------------------- labels --- */

static bert_status refuse_label(const table_file *table, const table_cell *cell,
                                const char *expected, bert_error *error)
{
    char *place;
    TRY(table_place(table, &place, error));
    error_set(error, BERT_ERROR_INPUT, "%s: the label is \"%.*s\", expected %s", place,
              (int)(cell->length < 60 ? cell->length : 60), cell->data, expected);
    free(place);
    return BERT_ERROR_INPUT;
}

static bert_status read_score(example *example, const table_file *table, const table_cell *cell,
                              bert_error *error)
{
    char digits[64], *end = digits;
    if (cell->length > 0 && cell->length < sizeof digits) {
        memcpy(digits, cell->data, cell->length);
        digits[cell->length] = '\0';
        example->score = strtod(digits, &end);
    }
    if (end == digits || *end || !isfinite(example->score))
        return refuse_label(table, cell, "a number", error);
    return BERT_OK;
}

/* "one of: a, b, c" for a message, which is a line. */
static bert_status refuse_class(const class_names *classes, const table_file *table,
                                const table_cell *cell, bert_error *error)
{
    text expected = {0};
    bert_status status = text_format(&expected, error, "one of: ");
    for (size_t i = 0; status == BERT_OK && i < classes->count; i++) {
        status = text_format(&expected, error, "%s%s", i > 0 ? ", " : "", classes->names[i]);
        if (expected.length > 300) {
            status = text_format(&expected, error, " …");
            break;
        }
    }
    if (status == BERT_OK)
        status = refuse_label(table, cell, expected.data, error);
    text_free(&expected);
    return status;
}

static bert_status read_class(example *example, const label_rule *rule, const table_file *table,
                              const table_cell *cell, bert_error *error)
{
    if (cell->length == 0)
        return refuse_label(table, cell, "the name of a class", error);
    example->class = class_names_find(rule->classes, cell->data, cell->length);
    if (example->class >= 0)
        return BERT_OK;
    if (!rule->learns_classes)
        return refuse_class(rule->classes, table, cell, error);
    if (rule->classes->count == CLASSES_MAX)
        return refuse_label(table, cell,
                            "one of at most 1024 classes; numbers without end are for "
                            "params->problem_type = regression",
                            error);
    example->class = (int32_t)rule->classes->count;
    return class_names_add(rule->classes, cell->data, cell->length, error);
}

/* ------------------------------------------------------------------------------------ rows --- */

static bool cell_is(const table_cell *cell, const char *value)
{
    return value && cell->length == strlen(value) && memcmp(cell->data, value, cell->length) == 0;
}

/* cells: text, then the second text where there is one, then the label. */
static bert_status append_row(examples *examples, const table_file *table, const table_cell *cells,
                              const example_columns *columns, const label_rule *rule,
                              bert_error *error)
{
    example example = {.begin = examples->texts.length, .class = -1, .score = NAN};
    const table_cell *pair = columns->pair ? &cells[1] : NULL;
    const table_cell *label = columns->label ? &cells[1 + (pair != NULL)] : NULL;
    if (label && cell_is(label, columns->no_label)) {
        examples->unlabelled_rows++;
        return BERT_OK;
    }
    if (label)
        TRY(rule->regression ? read_score(&example, table, label, error)
                             : read_class(&example, rule, table, label, error));
    TRY(text_append(&examples->texts, cells[0].data, cells[0].length, error));
    example.middle = examples->texts.length;
    if (pair)
        TRY(text_append(&examples->texts, pair->data, pair->length, error));
    example.end = examples->texts.length;
    TRY(memory_grow((void **)&examples->items, &examples->capacity, examples->count + 1,
                    sizeof *examples->items, "examples", error));
    examples->items[examples->count++] = example;
    return BERT_OK;
}

bert_status examples_read(examples *examples, const char *path, const example_columns *columns,
                          const label_rule *rule, bert_error *error)
{
    const char *names[3];
    size_t count = 0;
    names[count++] = columns->text;
    if (columns->pair)
        names[count++] = columns->pair;
    if (columns->label)
        names[count++] = columns->label;
    const table_settings settings = {.columns = names,
                                     .column_count = count,
                                     .hint = columns->hint,
                                     .skips_bad_rows = columns->skips_bad_rows};
    table_file table;
    TRY(table_open(&table, path, &settings, error));
    examples->pairs = columns->pair != NULL;
    size_t before = examples->count;
    bert_status status;
    for (bool found = true;;) {
        table_cell cells[3];
        status = table_next(&table, cells, &found, error);
        if (status != BERT_OK || !found)
            break;
        status = append_row(examples, &table, cells, columns, rule, error);
        if (status != BERT_OK)
            break;
    }
    examples->bad_rows += table_bad_rows(&table);
    table_close(&table);
    if (status == BERT_OK && examples->count == before)
        return error_set(error, BERT_ERROR_INPUT, "%s: holds no examples", path);
    return status;
}

void examples_free(examples *examples)
{
    free(examples->items);
    text_free(&examples->texts);
    *examples = (struct examples){0};
}

bert_input examples_input(const examples *examples, size_t number)
{
    const example *example = &examples->items[number];
    const char *texts = examples->texts.data;
    return (bert_input){
        .text = texts + example->begin,
        .length = example->middle - example->begin,
        .pair = examples->pairs ? texts + example->middle : NULL,
        .pair_length = example->end - example->middle,
    };
}
