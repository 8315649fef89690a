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
    TYPE_NULL = 1,
    TYPE_INT = 2,
    TYPE_FLOAT = 3,
    TYPE_BINARY = 4,
    TYPE_UTF8 = 5,
    TYPE_BOOL = 6,
    TYPE_LIST = 12,
    TYPE_STRUCT = 13,
    TYPE_UNION = 14,
    TYPE_FIXED_LIST = 16,
    TYPE_MAP = 17,
    TYPE_LARGE_BINARY = 19,
    TYPE_LARGE_UTF8 = 20,
    TYPE_LARGE_LIST = 21,
    TYPE_RUN_ENDS = 22,
    TYPE_BINARY_VIEW = 23,
    TYPE_UTF8_VIEW = 24,
    TYPE_LIST_VIEW = 25,
    TYPE_LARGE_LIST_VIEW = 26,
};

static const struct {
    const char *name;
    uint8_t buffers;  /* of its own, without children; a union's depend on its mode */
    uint8_t children; /* of a field of this type; UINT8_MAX: any number */
} types[] = {
    {"of no type", 0, 0},
    {"null", 0, 0},
    {"int", 2, 0},
    {"float", 2, 0},
    {"binary", 3, 0},
    {"utf8", 3, 0},
    {"bool", 2, 0},
    {"decimal", 2, 0},
    {"date", 2, 0},
    {"time", 2, 0},
    {"timestamp", 2, 0},
    {"interval", 2, 0},
    {"list", 2, 1},
    {"struct", 1, UINT8_MAX},
    {"union", 0, UINT8_MAX},
    {"fixed-size binary", 2, 0},
    {"fixed-size list", 1, 1},
    {"map", 2, 1},
    {"duration", 2, 0},
    {"large_binary", 3, 0},
    {"large_utf8", 3, 0},
    {"large list", 2, 1},
    {"run-end encoded", 0, 2},
    {"binary view", 2, 0},
    {"utf8 view", 2, 0},
    {"list view", 3, 1},
    {"large list view", 3, 1},
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
    size_t child; /* index of the current field among those of its parent */
} walk;

static bool is_list(const arrow_level *level)
{
    return level->kind == ARROW_LIST || level->kind == ARROW_LIST_VIEW ||
           level->kind == ARROW_FIXED_LIST;
}

static bool is_string(const arrow_level *level)
{
    return level->kind == ARROW_STRING || level->kind == ARROW_STRING_VIEW;
}

/* ---------------------------------------------------------------------------------- columns --- */

static bert_status name_values(text *out, const arrow_level *values, const char *type,
                               bert_error *error)
{
    if (values->kind == ARROW_INTEGER)
        return text_format(out, error, "%sint%u", values->is_signed ? "" : "u", values->width * 8);
    if (values->kind == ARROW_FLOAT)
        return text_format(out, error, "float%u", values->width * 8);
    return text_format(out, error, "%s", type);
}

static bert_status name_type(text *out, const branch *branch, const char *type, bert_error *error)
{
    static const char *const names[] = {[ARROW_LIST] = "list<",
                                        [ARROW_LIST_VIEW] = "list view<",
                                        [ARROW_FIXED_LIST] = "fixed-size list<",
                                        [ARROW_RUN_ENDS] = "run-end encoded<"};
    size_t open = 0;
    for (size_t i = 0; i + 1 < branch->depth; i++)
        if (is_list(&branch->levels[i]) || branch->levels[i].kind == ARROW_RUN_ENDS) {
            TRY(text_format(out, error, "%s", names[branch->levels[i].kind]));
            open++;
        }
    const arrow_level *last = &branch->levels[branch->depth - 1];
    if (last->dictionary) {
        TRY(text_append(out, "dictionary<", 11, error));
        TRY(name_values(out, &last->dictionary->values, type, error));
        open++;
    } else {
        TRY(name_values(out, last, type, error));
    }
    while (open-- > 0)
        TRY(text_append(out, ">", 1, error));
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
    for (size_t i = 0; i < branch->depth; i++)
        if (is_list(&branch->levels[i]) && lists++ == 0)
            column->list_length = branch->levels[i].list_length;
    const arrow_level *values = &branch->levels[branch->depth - 1];
    if (values->dictionary)
        values = &values->dictionary->values;
    column->is_list = lists > 0;
    column->is_text = is_string(values) && !values->is_binary;
    column->is_bytes = (is_string(values) && values->is_binary) || values->kind == ARROW_NULLS;
    column->is_integer =
        lists <= 1 && (values->kind == ARROW_INTEGER || values->kind == ARROW_BOOLEAN);
    column->is_number = values->kind >= ARROW_INTEGER;
    text name = {0}, type_name = {0};
    bert_status status = text_append(&name, branch->path.data, branch->path.length, error);
    if (status == BERT_OK)
        status = name_type(&type_name, branch, type, error);
    column->name = name.data;
    column->type = type_name.data;
    return status;
}

/* ------------------------------------------------------------------------------------ fields ---
 */

static unsigned number_width(int64_t bits)
{
    return bits == 8 || bits == 16 || bits == 32 || bits == 64 ? (unsigned)bits / 8 : 0;
}

static arrow_level describe_integer(flatbuffer *buffer, size_t type)
{
    unsigned width = number_width(flatbuffer_integer(buffer, type, 0, 4, 0));
    return (arrow_level){.kind = width ? ARROW_INTEGER : ARROW_OTHER,
                         .width = width,
                         .is_signed = flatbuffer_integer(buffer, type, 1, 1, 0) != 0};
}

/* The width of the values of a field's first child, which are integers: the ends of runs. */
static unsigned child_width(flatbuffer *buffer, size_t field)
{
    size_t count, children = flatbuffer_vector(buffer, field, 5, 4, &count);
    if (count == 0)
        return 0;
    size_t child = flatbuffer_element(buffer, children);
    return describe_integer(buffer, flatbuffer_table(buffer, child, 3)).width;
}

/* The properties of a field that the reader needs; ARROW_OTHER if it is not supported. Each type's
 * table has members of its own: the units and precisions of most are 2 bytes. */
static arrow_level describe(flatbuffer *buffer, size_t field, uint8_t type)
{
    size_t table = flatbuffer_table(buffer, field, 3);
    int64_t number;
    switch (type) {
    case TYPE_NULL:
        return (arrow_level){.kind = ARROW_NULLS};
    case TYPE_INT:
        return describe_integer(buffer, table);
    case TYPE_FLOAT:
        number = flatbuffer_integer(buffer, table, 0, 2, 0); /* half, single, double */
        if (number < 0 || number > 2)
            break;
        return (arrow_level){.kind = ARROW_FLOAT, .width = 2u << number};
    case TYPE_BOOL:
        return (arrow_level){.kind = ARROW_BOOLEAN};
    case TYPE_BINARY:
    case TYPE_UTF8:
        return (arrow_level){.kind = ARROW_STRING, .width = 4, .is_binary = type == TYPE_BINARY};
    case TYPE_LARGE_BINARY:
    case TYPE_LARGE_UTF8:
        return (arrow_level){
            .kind = ARROW_STRING, .width = 8, .is_binary = type == TYPE_LARGE_BINARY};
    case TYPE_BINARY_VIEW:
    case TYPE_UTF8_VIEW:
        return (arrow_level){.kind = ARROW_STRING_VIEW, .is_binary = type == TYPE_BINARY_VIEW};
    case TYPE_LIST:
    case TYPE_MAP:
        return (arrow_level){.kind = ARROW_LIST, .width = 4, .is_map = type == TYPE_MAP};
    case TYPE_LARGE_LIST:
        return (arrow_level){.kind = ARROW_LIST, .width = 8};
    case TYPE_LIST_VIEW:
        return (arrow_level){.kind = ARROW_LIST_VIEW, .width = 4};
    case TYPE_LARGE_LIST_VIEW:
        return (arrow_level){.kind = ARROW_LIST_VIEW, .width = 8};
    case TYPE_FIXED_LIST:
        number = flatbuffer_integer(buffer, table, 0, 4, 0);
        if (number < 0)
            break;
        return (arrow_level){.kind = ARROW_FIXED_LIST, .list_length = (uint64_t)number};
    case TYPE_STRUCT:
        return (arrow_level){.kind = ARROW_STRUCT};
    case TYPE_RUN_ENDS: {
        unsigned width = child_width(buffer, field);
        return (arrow_level){.kind = width ? ARROW_RUN_ENDS : ARROW_OTHER, .width = width};
    }
    default:
        break;
    }
    return (arrow_level){.kind = ARROW_OTHER};
}

static bool is_leaf(const arrow_level *level)
{
    return level->kind == ARROW_OTHER || level->kind >= ARROW_NULLS;
}

/* The dictionary that a field's values are in. Several fields may share one. */
static bert_status add_dictionary(walk *walk, size_t field, uint8_t type, size_t encoding,
                                  arrow_level *level, bert_error *error)
{
    arrow *arrow = walk->arrow;
    flatbuffer *buffer = &arrow->flatbuffer;
    int64_t id = flatbuffer_integer(buffer, encoding, 0, 8, 0);
    size_t index_type = flatbuffer_table(buffer, encoding, 1);
    arrow_level values = describe(buffer, field, type);
    *level = describe_integer(buffer, index_type);
    if (index_type == 0) /* the default */
        *level = (arrow_level){.width = 4, .is_signed = true};
    /* The values of structs and lists would have levels of their own. */
    if (values.kind < ARROW_STRING)
        values.kind = ARROW_OTHER;
    level->kind = level->width && values.kind != ARROW_OTHER ? ARROW_DICTIONARY : ARROW_OTHER;
    level->dictionary = arrow_find_dictionary(arrow, id);
    if (!level->dictionary) {
        TRY(memory_array((void **)&level->dictionary, 1, sizeof *level->dictionary, "a dictionary",
                         error));
        *level->dictionary =
            (arrow_dictionary){.id = id, .values = values, .next = arrow->dictionaries};
        arrow->dictionaries = level->dictionary;
    } else if (level->dictionary->values.kind != values.kind ||
               level->dictionary->values.width != values.width) {
        return arrow_fail(arrow, "a dictionary that two columns declare differently", error);
    }
    return BERT_OK;
}

static bert_status extend_path(walk *walk, size_t field, bert_error *error)
{
    branch *branch = &walk->branch;
    if (branch->depth > 0) {
        const arrow_level *parent = &branch->levels[branch->depth - 1];
        if (is_list(parent) || parent->kind == ARROW_RUN_ENDS)
            return BERT_OK;
    }
    flatbuffer *buffer = &walk->arrow->flatbuffer;
    size_t length, name = flatbuffer_vector(buffer, field, 0, 1, &length);
    if (branch->depth > 0)
        TRY(text_append(&branch->path, ".", 1, error));
    if (branch->depth > 1 && branch->levels[branch->depth - 2].is_map && walk->child < 2)
        return text_format(&branch->path, error, "%s", walk->child == 0 ? "key" : "value");
    return text_append(&branch->path, (const char *)buffer->data + name, length, error);
}

static bert_status read_field(walk *walk, size_t field, bool is_column, bert_error *error);

/* Other types than these have no children, whatever a file says. */
static bert_status read_children(walk *walk, size_t field, uint8_t type, bool are_columns,
                                 bert_error *error)
{
    flatbuffer *buffer = &walk->arrow->flatbuffer;
    size_t count, children = flatbuffer_vector(buffer, field, 5, 4, &count);
    if (types[type].children == 0)
        return BERT_OK;
    if (types[type].children != UINT8_MAX && types[type].children != count)
        return arrow_fail(walk->arrow,
                          "a list without exactly one child field, or runs without two", error);
    for (size_t i = 0; i < count && !buffer->failed; i++) {
        walk->child = i;
        TRY(read_field(walk, flatbuffer_element(buffer, children + 4 * i),
                       are_columns && !(type == TYPE_RUN_ENDS && i == 0), error));
    }
    return BERT_OK;
}

static bert_status count_field(walk *walk, size_t field, uint8_t type, bool is_dictionary,
                               bert_error *error)
{
    arrow *arrow = walk->arrow;
    flatbuffer *buffer = &arrow->flatbuffer;
    TRY(memory_grow((void **)&arrow->fields, &arrow->field_capacity, arrow->field_count + 1,
                    sizeof *arrow->fields, "columns", error));
    arrow_field *counted = &arrow->fields[arrow->field_count++];
    *counted = (arrow_field){.buffers = is_dictionary ? 2 : types[type].buffers};
    if (is_dictionary)
        return BERT_OK;
    counted->is_view = type == TYPE_UTF8_VIEW || type == TYPE_BINARY_VIEW;
    counted->had_validity = type == TYPE_UNION || type == TYPE_RUN_ENDS;
    if (type == TYPE_UNION) {
        bool is_dense =
            flatbuffer_integer(buffer, flatbuffer_table(buffer, field, 3), 0, 2, 0) != 0;
        counted->buffers = (uint8_t)(1 + is_dense);
    }
    return BERT_OK;
}

/* Counts a field and its descendants. Leaves become columns if `is_column`, i.e. unless an ancestor
 * already is a column. */
static bert_status read_field(walk *walk, size_t field, bool is_column, bert_error *error)
{
    arrow *arrow = walk->arrow;
    flatbuffer *buffer = &arrow->flatbuffer;
    branch *branch = &walk->branch;
    uint8_t type = (uint8_t)flatbuffer_integer(buffer, field, 2, 1, 0);
    if (branch->depth == DEPTH_LIMIT || arrow->field_count == FIELDS_LIMIT)
        return arrow_fail(arrow, "a schema with too many or too deeply nested fields", error);
    if (type >= sizeof types / sizeof *types)
        return arrow_fail(arrow, "a column of an unknown type", error);
    size_t encoding = flatbuffer_table(buffer, field, 4); /* the batch holds only indices */
    arrow_level level;
    if (encoding != 0)
        TRY(add_dictionary(walk, field, type, encoding, &level, error));
    else
        level = describe(buffer, field, type);
    level.field = arrow->field_count;
    TRY(count_field(walk, field, type, encoding != 0, error));
    size_t path_length = branch->path.length;
    TRY(extend_path(walk, field, error));
    branch->levels[branch->depth++] = level;
    if (is_column && is_leaf(&level))
        TRY(add_column(walk, types[type].name, error));
    if (encoding == 0)
        TRY(read_children(walk, field, type, is_column && !is_leaf(&level), error));
    branch->depth--;
    branch->path.length = path_length;
    return BERT_OK;
}

bert_status arrow_read_schema(arrow *arrow, size_t schema, bert_error *error)
{
    flatbuffer *buffer = &arrow->flatbuffer;
    if (flatbuffer_integer(buffer, schema, 0, 2, 0) != 0)
        return error_set(
            error, BERT_ERROR_UNSUPPORTED,
            "%s: is big-endian Arrow data, which is not supported; write it again on a "
            "little-endian machine",
            arrow->name);
    size_t count, fields = flatbuffer_vector(buffer, schema, 1, 4, &count);
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
