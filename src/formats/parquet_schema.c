/* The schema of a Parquet file: a tree whose leaves are the columns. */
#include "base/file.h"
#include "base/memory.h"
#include "formats/parquet_file.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 64 };

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };

/* What a converted type or a logical type says of a physical type. */
typedef enum annotation {
    ANNOTATION_NONE,
    ANNOTATION_STRING,
    ANNOTATION_MAP,
    ANNOTATION_KEY_VALUE, /* a map, or by some writers the entries in one */
    ANNOTATION_LIST,
    ANNOTATION_ENUM,
    ANNOTATION_DECIMAL,
    ANNOTATION_DATE,
    ANNOTATION_TIME,
    ANNOTATION_TIMESTAMP,
    ANNOTATION_SIGNED,
    ANNOTATION_UNSIGNED,
    ANNOTATION_NULL,
    ANNOTATION_JSON,
    ANNOTATION_BSON,
    ANNOTATION_GEOMETRY,
    ANNOTATION_OTHER, /* not known here */
} annotation;

typedef struct element {
    int32_t type; /* -1: a group */
    int32_t repetition, children;
    const unsigned char *name;
    size_t name_length;
    annotation annotation;
} element;

/* A Thrift union: the id of the only field that is set is the type. */
static annotation read_logical_type(thrift *thrift, const thrift_field *field)
{
    static const annotation kinds[] = {
        [1] = ANNOTATION_STRING,    [2] = ANNOTATION_MAP,       [3] = ANNOTATION_LIST,
        [4] = ANNOTATION_ENUM,      [5] = ANNOTATION_DECIMAL,   [6] = ANNOTATION_DATE,
        [7] = ANNOTATION_TIME,      [8] = ANNOTATION_TIMESTAMP, [10] = ANNOTATION_SIGNED,
        [11] = ANNOTATION_NULL,     [12] = ANNOTATION_JSON,     [13] = ANNOTATION_BSON,
        [17] = ANNOTATION_GEOMETRY, [18] = ANNOTATION_GEOMETRY,
    };
    annotation found = ANNOTATION_NONE;
    thrift_struct(thrift, field);
    for (thrift_field kind = {0}; thrift_next_field(thrift, &kind);) {
        bool is_known = kind.id > 0 && (size_t)kind.id < sizeof kinds / sizeof *kinds;
        found = is_known && kinds[kind.id] ? kinds[kind.id] : ANNOTATION_OTHER;
        if (found != ANNOTATION_SIGNED) {
            thrift_skip(thrift, &kind);
            continue;
        }
        thrift_struct(thrift, &kind);
        for (thrift_field member = {0}; thrift_next_field(thrift, &member);) {
            if (member.id == 2 && !thrift_boolean(thrift, &member))
                found = ANNOTATION_UNSIGNED;
            else if (member.id != 2)
                thrift_skip(thrift, &member);
        }
    }
    return found;
}

static annotation converted_type(int32_t type)
{
    static const annotation kinds[] = {
        ANNOTATION_STRING,   ANNOTATION_MAP,       ANNOTATION_KEY_VALUE, ANNOTATION_LIST,
        ANNOTATION_ENUM,     ANNOTATION_DECIMAL,   ANNOTATION_DATE,      ANNOTATION_TIME,
        ANNOTATION_TIME,     ANNOTATION_TIMESTAMP, ANNOTATION_TIMESTAMP, ANNOTATION_UNSIGNED,
        ANNOTATION_UNSIGNED, ANNOTATION_UNSIGNED,  ANNOTATION_UNSIGNED,  ANNOTATION_SIGNED,
        ANNOTATION_SIGNED,   ANNOTATION_SIGNED,    ANNOTATION_SIGNED,    ANNOTATION_JSON,
        ANNOTATION_BSON,
    };
    return type >= 0 && (size_t)type < sizeof kinds / sizeof *kinds ? kinds[type]
                                                                    : ANNOTATION_OTHER;
}

static void read_element(thrift *thrift, element *element)
{
    *element = (struct element){.type = -1};
    annotation converted = ANNOTATION_NONE;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 1:
            element->type = thrift_integer32(thrift, &field);
            break;
        case 3:
            element->repetition = thrift_integer32(thrift, &field);
            break;
        case 4:
            element->name = thrift_binary(thrift, &field, &element->name_length);
            break;
        case 5:
            element->children = thrift_integer32(thrift, &field);
            break;
        case 6:
            converted = converted_type(thrift_integer32(thrift, &field));
            break;
        case 10:
            element->annotation = read_logical_type(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
    if (element->annotation == ANNOTATION_NONE)
        element->annotation = converted;
}

/* ---------------------------------------------------------------------------------- columns --- */

static const char *type_name(const element *element)
{
    static const char *const names[] = {"boolean", "int32",  "int64",  "int96",
                                        "float",   "double", "binary", "fixed-length binary"};
    static const char *const annotated[] = {
        [ANNOTATION_STRING] = "string",   [ANNOTATION_ENUM] = "enum",
        [ANNOTATION_DECIMAL] = "decimal", [ANNOTATION_DATE] = "date",
        [ANNOTATION_TIME] = "time",       [ANNOTATION_TIMESTAMP] = "timestamp",
        [ANNOTATION_NULL] = "null",       [ANNOTATION_JSON] = "json",
        [ANNOTATION_BSON] = "bson",       [ANNOTATION_GEOMETRY] = "geometry",
        [ANNOTATION_OTHER] = NULL,
    };
    if (element->type < 0 || (size_t)element->type >= sizeof names / sizeof *names)
        return "of an unknown type";
    if (element->annotation == ANNOTATION_STRING && element->type != PARQUET_BYTE_ARRAY)
        return names[element->type];
    if (element->annotation == ANNOTATION_UNSIGNED)
        return element->type == PARQUET_INT32 ? "uint32" : "uint64";
    return annotated[element->annotation] ? annotated[element->annotation] : names[element->type];
}

/* Sets what can be read of a column. */
static void classify(parquet_column *column, const element *element)
{
    annotation annotation = element->annotation;
    if (annotation == ANNOTATION_NULL) {
        column->is_bytes = true;
        return;
    }
    if (element->type == PARQUET_BYTE_ARRAY) {
        column->is_text = annotation == ANNOTATION_STRING;
        column->is_bytes = annotation == ANNOTATION_NONE || annotation == ANNOTATION_ENUM ||
                           annotation == ANNOTATION_JSON || annotation == ANNOTATION_OTHER;
        return;
    }
    column->is_number = parquet_number_size(element->type) > 0 && annotation != ANNOTATION_DECIMAL;
    column->is_unsigned = annotation == ANNOTATION_UNSIGNED;
    column->is_integer =
        column->is_number && element->type != PARQUET_FLOAT && element->type != PARQUET_DOUBLE;
}

/* ------------------------------------------------------------------------------------- tree --- */

typedef struct tree_position {
    const char *path; /* of the parent */
    const unsigned char *parent;
    size_t parent_length;
    unsigned definition, repetition;
    unsigned list_definition; /* of the innermost list */
    int depth;
    int entry;    /* of a map's entry: 0 for the key, 1 for the value; otherwise -1 */
    bool in_list; /* the parent is annotated as a list or map */
    bool in_map;
    bool unnamed; /* the element of a list: it has the name of the list */
} tree_position;

static bert_status add_column(parquet *parquet, const element *element, const char *path,
                              const tree_position *position, bert_error *error)
{
    TRY(memory_grow((void **)&parquet->columns, &parquet->column_capacity,
                    parquet->column_count + 1, sizeof *parquet->columns, "columns", error));
    parquet_column *column = &parquet->columns[parquet->column_count++];
    *column = (parquet_column){.is_list = position->repetition > 0,
                               .max_definition = position->definition,
                               .max_repetition = position->repetition,
                               .list_definition = position->list_definition,
                               .physical_type = element->type};
    classify(column, element);
    TRY(path_format(&column->name, error, "%s", path));
    return path_format(&column->type, error, column->is_list ? "list<%s>" : "%s",
                       type_name(element));
}

/* Whether the repeated group of a list is its element, and not a group around it: lists of structs
 * of one member have such names in the oldest form (parquet-format, LogicalTypes.md). */
static bool is_element_group(const element *element, const tree_position *position)
{
    const char *name = (const char *)element->name;
    if (element->name_length == 5 && memcmp(name, "array", 5) == 0)
        return true;
    return element->name_length == position->parent_length + 6 &&
           memcmp(name, position->parent, position->parent_length) == 0 &&
           memcmp(name + position->parent_length, "_tuple", 6) == 0;
}

/* Reads an element and its descendants; adds the leaves to the columns. */
static bert_status read_tree(parquet *parquet, thrift *thrift, size_t *elements_left,
                             tree_position position, bert_error *error)
{
    if (*elements_left == 0 || position.depth > DEPTH_LIMIT)
        return parquet_footer_error(parquet, thrift, "the schema is not a tree", error);
    --*elements_left;
    element element;
    read_element(thrift, &element);
    if (thrift->failed || element.children < 0 || element.repetition < REQUIRED ||
        element.repetition > REPEATED)
        return parquet_footer_error(parquet, thrift, parquet_damaged, error);
    bool is_entry = position.in_map && element.repetition == REPEATED && element.children == 2;
    bool is_root = position.depth == 0,
         is_list_level = position.in_list && element.repetition == REPEATED;
    position.definition += !is_root && element.repetition != REQUIRED;
    position.repetition += !is_root && element.repetition == REPEATED;
    if (!is_root && element.repetition == REPEATED)
        position.list_definition = position.definition;
    const char *name = (const char *)element.name;
    size_t name_length = element.name_length;
    if (position.entry >= 0) { /* whatever the file calls them */
        name = position.entry == 0 ? "key" : "value";
        name_length = strlen(name);
    }
    char *path;
    TRY(is_root || position.unnamed || is_list_level
            ? path_format(&path, error, "%s", position.path)
            : path_format(&path, error, "%s%s%.*s", position.path, position.depth > 1 ? "." : "",
                          (int)name_length, name));
    bert_status status = BERT_OK;
    if (element.children == 0 && !is_root && element.type >= 0) {
        status = add_column(parquet, &element, path, &position, error);
        free(path);
        return status;
    }
    tree_position below = position;
    below.path = path;
    below.parent = element.name;
    below.parent_length = element.name_length;
    below.depth++;
    below.in_list = element.annotation == ANNOTATION_LIST || element.annotation == ANNOTATION_MAP ||
                    (element.annotation == ANNOTATION_KEY_VALUE && !is_list_level);
    below.unnamed =
        is_list_level && element.children == 1 && !is_element_group(&element, &position);
    below.in_map = below.in_list && element.annotation != ANNOTATION_LIST;
    for (int32_t i = 0; i < element.children && status == BERT_OK; i++) {
        below.entry = is_entry ? i : -1;
        status = read_tree(parquet, thrift, elements_left, below, error);
    }
    free(path);
    return status;
}

bert_status parquet_read_schema(parquet *parquet, thrift *thrift, const thrift_field *field,
                                bert_error *error)
{
    size_t elements = thrift_list(thrift, field, THRIFT_STRUCT);
    TRY(read_tree(parquet, thrift, &elements, (tree_position){.path = "", .entry = -1}, error));
    return elements == 0 ? BERT_OK
                         : parquet_footer_error(parquet, thrift, "the schema is not a tree", error);
}
