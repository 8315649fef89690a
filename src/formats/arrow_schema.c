/* The schema of Arrow data: a tree of fields whose leaves are the columns.
 *
 * A record batch has one node and some buffers for every field, in depth-first order and without
 * names, so their indices are found by counting. */
#include "base/memory.h"
#include "base/text.h"
#include "formats/arrow_data.h"

#include <string.h>

enum {
    DEPTH_LIMIT = 32,
    FIELDS_LIMIT = 1 << 16,
};

/* Schema.fbs */
enum {
    TYPE_INT = 2,
    TYPE_UTF8 = 5,
    TYPE_BOOL = 6,
    TYPE_LIST = 12,
    TYPE_STRUCT = 13,
    TYPE_FIXED_LIST = 16,
    TYPE_MAP = 17,
    TYPE_LARGE_UTF8 = 20,
    TYPE_LARGE_LIST = 21,
};

typedef struct layout {
    const char *name;
    int buffers; /* of its own, without children; -1: varies from batch to batch */
} layout;

static const layout layouts[] = {
    {"none", 0},
    {"null", 0},
    {"int", 2},
    {"float", 2},
    {"binary", 3},
    {"utf8", 3},
    {"bool", 2},
    {"decimal", 2},
    {"date", 2},
    {"time", 2},
    {"timestamp", 2},
    {"interval", 2},
    {"list", 2},
    {"struct", 1},
    {"union", -1},
    {"fixed-size binary", 2},
    {"fixed-size list", 1},
    {"map", 2},
    {"duration", 2},
    {"large binary", 3},
    {"large_utf8", 3},
    {"large list", 2},
    {"run-end encoded", 0},
    {"binary view", -1},
    {"utf8 view", -1},
    {"list view", 3},
    {"large list view", 3},
};

/* The path from a top-level field to the current one. */
typedef struct branch {
    text path; /* "translation.en"; elements of a list have the list's name */
    arrow_level levels[DEPTH_LIMIT];
    size_t depth;
} branch;

typedef struct walk {
    arrow *arrow;
    branch branch;
    size_t nodes, buffers, fields; /* counted so far */
    bool unknown; /* a field with a varying number of buffers was seen: later buffer indices are
                     unknown */
} walk;

static bool is_list(const arrow_level *level)
{
    return level->kind == ARROW_LEVEL_LIST || level->kind == ARROW_LEVEL_FIXED_LIST;
}

/* ---------------------------------------------------------------------------------- columns --- */

static bert_status name_type(text *type, const branch *branch, const char *values,
                             bert_error *error)
{
    size_t lists = 0;
    for (size_t i = 0; i + 1 < branch->depth; i++)
        if (is_list(&branch->levels[i])) {
            TRY(text_format(type, error, "%slist<",
                            branch->levels[i].list_length ? "fixed-size " : ""));
            lists++;
        }
    const arrow_level *last = &branch->levels[branch->depth - 1];
    TRY(last->kind == ARROW_LEVEL_INTEGER
            ? text_format(type, error, "%sint%u", last->is_signed ? "" : "u", last->width * 8)
            : text_format(type, error, "%s", values));
    while (lists-- > 0)
        TRY(text_append(type, ">", 1, error));
    return BERT_OK;
}

static bert_status add_column(walk *walk, const char *type, bert_error *error)
{
    arrow *arrow = walk->arrow;
    const branch *branch = &walk->branch;
    TRY(memory_grow((void **)&arrow->columns, &arrow->column_capacity, arrow->column_count + 1,
                    sizeof *arrow->columns, "columns", error));
    arrow_column *column = &arrow->columns[arrow->column_count++];
    *column = (arrow_column){0};
    TRY(memory_array((void **)&column->levels, branch->depth, sizeof *column->levels, "columns",
                     error));
    memcpy(column->levels, branch->levels, branch->depth * sizeof *column->levels);
    column->level_count = branch->depth;
    size_t lists = 0;
    for (size_t i = 0; i < branch->depth; i++) {
        lists += is_list(&branch->levels[i]);
        column->list_length += branch->levels[i].list_length;
    }
    const arrow_level *values = &branch->levels[branch->depth - 1];
    bool readable = lists <= 1 && !walk->unknown;
    column->is_list = lists > 0;
    column->is_text = readable && values->kind == ARROW_LEVEL_STRING;
    column->is_integer = readable && values->kind == ARROW_LEVEL_INTEGER;
    column->is_boolean = readable && values->kind == ARROW_LEVEL_BOOLEAN;
    text name = {0}, type_name = {0};
    bert_status status = text_append(&name, branch->path.data, branch->path.length, error);
    if (status == BERT_OK)
        status = name_type(&type_name, branch, type, error);
    column->name = name.data;
    column->type = type_name.data;
    return status;
}

/* ------------------------------------------------------------------------------------- tree --- */

/* The properties of a field that the reader needs; ARROW_LEVEL_OTHER if it is not supported. */
static arrow_level describe(flatbuffer *buffer, size_t field, uint8_t type)
{
    size_t parameters = flatbuffer_table(buffer, field, 3);
    int64_t number = flatbuffer_integer(buffer, parameters, 0, 4, 0);
    switch (type) {
    case TYPE_INT:
        if (number != 8 && number != 16 && number != 32 && number != 64)
            break;
        return (arrow_level){.kind = ARROW_LEVEL_INTEGER,
                             .width = (unsigned)number / 8,
                             .is_signed = flatbuffer_integer(buffer, parameters, 1, 1, 0) != 0};
    case TYPE_BOOL:
        return (arrow_level){.kind = ARROW_LEVEL_BOOLEAN};
    case TYPE_UTF8:
    case TYPE_LARGE_UTF8:
        return (arrow_level){.kind = ARROW_LEVEL_STRING, .width = type == TYPE_UTF8 ? 4 : 8};
    case TYPE_LIST:
    case TYPE_MAP:
    case TYPE_LARGE_LIST:
        return (arrow_level){.kind = ARROW_LEVEL_LIST, .width = type == TYPE_LARGE_LIST ? 8 : 4};
    case TYPE_FIXED_LIST:
        if (number <= 0) /* billions of empty rows would take no space */
            break;
        return (arrow_level){.kind = ARROW_LEVEL_FIXED_LIST, .list_length = (uint64_t)number};
    case TYPE_STRUCT:
        return (arrow_level){.kind = ARROW_LEVEL_STRUCT};
    default:
        break;
    }
    return (arrow_level){.kind = ARROW_LEVEL_OTHER};
}

static bert_status read_field(walk *walk, size_t field, bool is_column, bert_error *error);

static bert_status read_children(walk *walk, size_t field, bool are_columns, bert_error *error)
{
    flatbuffer *buffer = &walk->arrow->flatbuffer;
    size_t count, children = flatbuffer_vector(buffer, field, 5, 4, &count);
    const arrow_level *level = &walk->branch.levels[walk->branch.depth - 1];
    if (is_list(level) ? count != 1 : level->kind >= ARROW_LEVEL_STRING && count > 0)
        return arrow_fail(
            walk->arrow,
            "a list without exactly one child field, or child fields of a primitive type", error);
    for (size_t i = 0; i < count && !buffer->failed; i++)
        TRY(read_field(walk, flatbuffer_element(buffer, children + 4 * i), are_columns, error));
    return BERT_OK;
}

static bert_status extend_path(walk *walk, size_t field, bert_error *error)
{
    branch *branch = &walk->branch;
    if (branch->depth > 0 && is_list(&branch->levels[branch->depth - 1]))
        return BERT_OK;
    flatbuffer *buffer = &walk->arrow->flatbuffer;
    size_t length, name = flatbuffer_vector(buffer, field, 0, 1, &length);
    if (branch->path.length > 0)
        TRY(text_append(&branch->path, ".", 1, error));
    return text_append(&branch->path, (const char *)buffer->data + name, length, error);
}

/* Counts a field and its descendants. Leaves become columns if `is_column`, i.e. unless an ancestor
 * already is a column. */
static bert_status read_field(walk *walk, size_t field, bool is_column, bert_error *error)
{
    flatbuffer *buffer = &walk->arrow->flatbuffer;
    branch *branch = &walk->branch;
    uint8_t type = (uint8_t)flatbuffer_integer(buffer, field, 2, 1, 0);
    if (branch->depth == DEPTH_LIMIT || ++walk->fields > FIELDS_LIMIT)
        return arrow_fail(walk->arrow, "a schema with too many or too deeply nested fields", error);
    if (type >= sizeof layouts / sizeof *layouts)
        return arrow_fail(walk->arrow, "a column of an unknown type", error);
    const layout *layout = &layouts[type];
    bool is_dictionary =
        flatbuffer_table(buffer, field, 4) != 0; /* the batch holds only its indices */
    arrow_level level = is_dictionary ? (arrow_level){0} : describe(buffer, field, type);
    level.node = walk->nodes++;
    level.buffer = walk->buffers;
    size_t path_length = branch->path.length;
    TRY(extend_path(walk, field, error));
    branch->levels[branch->depth++] = level;
    bool is_leaf = level.kind == ARROW_LEVEL_OTHER || level.kind >= ARROW_LEVEL_STRING;
    walk->unknown |= !is_dictionary && layout->buffers < 0;
    if (is_column && is_leaf)
        TRY(add_column(walk, is_dictionary ? "dictionary" : layout->name, error));
    walk->buffers += is_dictionary ? 2 : layout->buffers > 0 ? (size_t)layout->buffers : 0;
    if (!is_dictionary)
        TRY(read_children(walk, field, is_column && !is_leaf, error));
    branch->depth--;
    branch->path.length = path_length;
    return BERT_OK;
}

bert_status arrow_read_schema(arrow *arrow, bert_error *error)
{
    bool found;
    TRY(arrow_read_message(arrow, &found, error));
    if (!found || arrow->header_type != ARROW_MESSAGE_SCHEMA)
        return arrow_fail(arrow, "expected a schema, with which Arrow data begins", error);
    flatbuffer *buffer = &arrow->flatbuffer;
    if (flatbuffer_integer(buffer, arrow->header, 0, 2, 0) != 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: is big-endian Arrow data, which is not supported", arrow->name);
    size_t count, fields = flatbuffer_vector(buffer, arrow->header, 1, 4, &count);
    walk walk = {.arrow = arrow};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < count && !buffer->failed && status == BERT_OK; i++)
        status = read_field(&walk, flatbuffer_element(buffer, fields + 4 * i), true, error);
    text_free(&walk.branch.path);
    TRY(status);
    if (buffer->failed)
        return arrow_fail(arrow, arrow_damaged, error);
    return memory_array((void **)&arrow->loaded, arrow->column_count, sizeof *arrow->loaded,
                        "columns", error);
}
