/* The footer of a Parquet file: its schema, and the positions of the column chunks. */
#include "base/file.h"
#include "base/memory.h"
#include "formats/parquet_file.h"
#include "formats/thrift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FOOTER_LIMIT = 1 << 28,
    SCHEMA_DEPTH_LIMIT = 32,
    TAIL = 8, /* bytes at the end of the file: length of the footer, "PAR1" */
};

static const char magic[] = "PAR1";

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t got =
            pread(parquet->descriptor, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %llu", parquet->name,
                                   (unsigned long long)(offset + done));
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: ends at byte %llu; expected %zu more bytes", parquet->name,
                             (unsigned long long)(offset + done), size - done);
        done += (size_t)got;
    }
    return BERT_OK;
}

static bert_status footer_error(const parquet *parquet, const thrift *thrift, const char *what,
                                bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: byte %llu, in the Parquet footer: %s",
                     parquet->name, (unsigned long long)(parquet->footer_offset + thrift->at),
                     what);
}

static const char damaged[] = "damaged or truncated";

/* ---------------------------------------------------------------------------------- schema --- */

typedef struct element {
    int32_t type; /* -1: a group */
    int32_t repetition, children;
    const unsigned char *name;
    size_t name_length;
    bool is_string, is_list;
} element;

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };

/* A Thrift union: the id of the only field that is set is the type (1 STRING, 3 LIST). */
static void read_logical_type(thrift *thrift, const thrift_field *field, element *element)
{
    thrift_struct(thrift, field);
    for (thrift_field kind = {0}; thrift_next_field(thrift, &kind); thrift_skip(thrift, &kind)) {
        element->is_string |= kind.id == 1;
        element->is_list |= kind.id == 3;
    }
}

static void read_element(thrift *thrift, element *element)
{
    *element = (struct element){.type = -1};
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        int32_t converted;
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
            converted = thrift_integer32(thrift, &field);
            element->is_string |= converted == 0;
            element->is_list |= converted == 3;
            break;
        case 10:
            read_logical_type(thrift, &field, element);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
}

static const char *type_name(const element *element, bool in_list)
{
    static const char *const names[] = {"boolean", "int32",  "int64",  "int96",
                                        "float",   "double", "binary", "fixed-length binary"};
    static const char *const lists[] = {
        "list<boolean>", "list<int32>",  "list<int64>",  "list<int96>",
        "list<float>",   "list<double>", "list<binary>", "list<fixed-length binary>"};
    if (element->is_string && element->type == PARQUET_BYTE_ARRAY)
        return in_list ? "list<string>" : "string";
    if (element->type < 0 || (size_t)element->type >= sizeof names / sizeof *names)
        return "of an unknown type";
    return (in_list ? lists : names)[element->type];
}

typedef struct tree_position {
    const char *path; /* of the parent */
    unsigned definition, repetition;
    unsigned list_definition; /* of the innermost list */
    int depth;
    bool in_list; /* the parent is annotated as a list */
    bool unnamed; /* the element of a list: it has the name of the list */
} tree_position;

/* Reads an element and its descendants; adds the leaves to the columns. */
static bert_status read_tree(parquet *parquet, thrift *thrift, size_t *elements_left,
                             tree_position position, bert_error *error)
{
    if (*elements_left == 0 || position.depth > SCHEMA_DEPTH_LIMIT)
        return footer_error(parquet, thrift, "the schema is not a tree", error);
    --*elements_left;
    element element;
    read_element(thrift, &element);
    if (thrift->failed || element.children < 0 || element.repetition < REQUIRED ||
        element.repetition > REPEATED)
        return footer_error(parquet, thrift, damaged, error);
    bool is_root = position.depth == 0,
         is_list_level = position.in_list && element.repetition == REPEATED;
    position.definition += !is_root && element.repetition != REQUIRED;
    position.repetition += !is_root && element.repetition == REPEATED;
    if (!is_root && element.repetition == REPEATED)
        position.list_definition = position.definition;
    char *path;
    TRY(is_root || position.unnamed || is_list_level
            ? path_format(&path, error, "%s", position.path)
            : path_format(&path, error, "%s%s%.*s", position.path, *position.path ? "." : "",
                          (int)element.name_length, (const char *)element.name));
    bert_status status = BERT_OK;
    if (element.children == 0 && !is_root) {
        TRY_OR_GO(status,
                  memory_grow((void **)&parquet->columns, &parquet->column_capacity,
                              parquet->column_count + 1, sizeof *parquet->columns, "columns",
                              error),
                  done);
        parquet->columns[parquet->column_count++] = (parquet_column){
            .name = path,
            .type = type_name(&element, position.repetition > 0),
            .is_text =
                element.is_string && element.type == PARQUET_BYTE_ARRAY && position.repetition <= 1,
            .is_number = !element.is_string && parquet_number_size(element.type) > 0 &&
                         position.repetition == 0,
            .is_integer = !element.is_string && position.repetition <= 1 &&
                          (element.type == PARQUET_BOOLEAN || element.type == PARQUET_INT32 ||
                           element.type == PARQUET_INT64),
            .list_definition = position.list_definition,
            .physical_type = element.type,
            .max_definition = position.definition,
            .max_repetition = position.repetition,
        };
        return BERT_OK;
    }
    tree_position below = position;
    below.path = path;
    below.depth++;
    below.in_list = element.is_list;
    below.unnamed = is_list_level && element.children == 1;
    for (int32_t i = 0; i < element.children; i++)
        TRY_OR_GO(status, read_tree(parquet, thrift, elements_left, below, error), done);
done:
    free(path);
    return status;
}

static bert_status read_schema(parquet *parquet, bert_error *error)
{
    thrift thrift = {.data = parquet->footer, .size = parquet->footer_size};
    bool schema_seen = false;
    for (thrift_field field = {0}; thrift_next_field(&thrift, &field);) {
        if (field.id == 2 && !schema_seen) {
            size_t elements = thrift_list(&thrift, &field, THRIFT_STRUCT);
            TRY(read_tree(parquet, &thrift, &elements, (tree_position){.path = ""}, error));
            if (elements > 0)
                return footer_error(parquet, &thrift, "the schema is not a tree", error);
            schema_seen = true;
        } else if (field.id == 4) {
            parquet->row_groups_at = thrift.at;
            thrift_skip(&thrift, &field);
        } else {
            thrift_skip(&thrift, &field);
        }
    }
    if (thrift.failed || !schema_seen || parquet->row_groups_at == 0)
        return footer_error(parquet, &thrift, damaged, error);
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- chunks --- */

static bert_status choose_compression(const parquet *parquet, const thrift *thrift, int32_t codec,
                                      compression *out, bert_error *error)
{
    static const compression kinds[] = {
        [0] = COMPRESSION_NONE,   [1] = COMPRESSION_SNAPPY, [2] = COMPRESSION_GZIP,
        [4] = COMPRESSION_BROTLI, [6] = COMPRESSION_ZSTD,   [7] = COMPRESSION_LZ4_BLOCK,
    };
    if (codec < 0 || codec > 7)
        return footer_error(parquet, thrift, "an unknown compression codec", error);
    if (codec == 3 || codec == 5)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: is compressed with %s; rewrite it with another codec, e.g. zstd",
                         parquet->name, codec == 3 ? "LZO" : "the deprecated LZ4 of Hadoop");
    *out = kinds[codec];
    return BERT_OK;
}

static bert_status read_chunk_metadata(const parquet *parquet, thrift *thrift, parquet_chunk *chunk,
                                       bert_error *error)
{
    int64_t values = -1, size = -1, data_offset = -1, dictionary_offset = 0;
    int32_t codec = -1;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 4:
            codec = thrift_integer32(thrift, &field);
            break;
        case 5:
            values = thrift_integer(thrift, &field);
            break;
        case 7:
            size = thrift_integer(thrift, &field);
            break;
        case 9:
            data_offset = thrift_integer(thrift, &field);
            break;
        case 11:
            dictionary_offset = thrift_integer(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
    /* Some writers store 0 if there is no dictionary. */
    int64_t start =
        dictionary_offset > 0 && dictionary_offset < data_offset ? dictionary_offset : data_offset;
    if (thrift->failed || values < 0 || size < 0 || start < 4 ||
        (uint64_t)start > parquet->footer_offset ||
        (uint64_t)size > parquet->footer_offset - (uint64_t)start)
        return footer_error(parquet, thrift, "a column chunk that is not inside the file", error);
    chunk->start = (uint64_t)start;
    chunk->end = (uint64_t)start + (uint64_t)size;
    chunk->values = (uint64_t)values;
    return choose_compression(parquet, thrift, codec, &chunk->compression, error);
}

static bert_status read_chunk(const parquet *parquet, thrift *thrift, parquet_chunk *chunk,
                              bert_error *error)
{
    bool seen = false;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        if (field.id == 1)
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: stores its columns in other files, which is not supported",
                             parquet->name);
        if (field.id == 8 || field.id == 9)
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: is encrypted, which is not supported", parquet->name);
        if (field.id == 3 && !seen) {
            thrift_struct(thrift, &field);
            TRY(read_chunk_metadata(parquet, thrift, chunk, error));
            seen = true;
        } else {
            thrift_skip(thrift, &field);
        }
    }
    if (thrift->failed || !seen)
        return footer_error(parquet, thrift, damaged, error);
    return BERT_OK;
}

static bert_status read_row_group(const parquet *parquet, thrift *thrift, size_t column,
                                  parquet_chunk *chunk, bert_error *error)
{
    bool seen = false;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        if (field.id != 1 || seen) {
            thrift_skip(thrift, &field);
            continue;
        }
        if (thrift_list(thrift, &field, THRIFT_STRUCT) != parquet->column_count)
            return footer_error(parquet, thrift,
                                "a row group whose number of columns differs from the schema",
                                error);
        for (size_t i = 0; i < parquet->column_count; i++) {
            if (i == column)
                TRY(read_chunk(parquet, thrift, chunk, error));
            else
                thrift_skip(thrift, &(thrift_field){.type = THRIFT_STRUCT});
        }
        seen = true;
    }
    if (thrift->failed || !seen)
        return footer_error(parquet, thrift, damaged, error);
    return BERT_OK;
}

bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error)
{
    thrift thrift = {
        .data = parquet->footer, .size = parquet->footer_size, .at = parquet->row_groups_at};
    *count = thrift_list(&thrift, &(thrift_field){.type = THRIFT_LIST}, THRIFT_STRUCT);
    TRY(memory_array((void **)chunks, *count, sizeof **chunks, "row groups", error));
    bert_status status = thrift.failed ? footer_error(parquet, &thrift, damaged, error) : BERT_OK;
    for (size_t i = 0; status == BERT_OK && i < *count; i++)
        status = read_row_group(parquet, &thrift, column, &(*chunks)[i], error);
    if (status != BERT_OK) {
        free(*chunks);
        *chunks = NULL;
    }
    return status;
}

/* ------------------------------------------------------------------------------------ file --- */

static bert_status read_footer(parquet *parquet, bert_error *error)
{
    struct stat information;
    if (fstat(parquet->descriptor, &information) != 0)
        return error_set_errno(error, errno, "%s: cannot open", parquet->name);
    parquet->size = (uint64_t)information.st_size;
    unsigned char head[4], tail[TAIL];
    if (parquet->size < sizeof head + TAIL)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: has %llu bytes, too short for a Parquet file", parquet->name,
                         (unsigned long long)parquet->size);
    TRY(parquet_read_at(parquet, 0, head, sizeof head, error));
    TRY(parquet_read_at(parquet, parquet->size - TAIL, tail, TAIL, error));
    bool begins = memcmp(head, magic, 4) == 0;
    if (!begins || memcmp(tail + 4, magic, 4) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: byte %llu: does not %s with PAR1: not a Parquet file, or truncated",
                         parquet->name, begins ? (unsigned long long)parquet->size - 4 : 0,
                         begins ? "end" : "begin");
    uint32_t size = (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 |
                    (uint32_t)tail[3] << 24;
    if (size > FOOTER_LIMIT || size > parquet->size - sizeof head - TAIL)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: byte %llu: a footer of %u bytes is larger than the file",
                         parquet->name, (unsigned long long)(parquet->size - TAIL), size);
    parquet->footer_size = size;
    parquet->footer_offset = parquet->size - TAIL - size;
    TRY(memory_array((void **)&parquet->footer, size, 1, "a Parquet footer", error));
    return parquet_read_at(parquet, parquet->footer_offset, parquet->footer, size, error);
}

bert_status parquet_open(parquet **out, int descriptor, const char *name, bert_error *error)
{
    *out = NULL;
    parquet *parquet;
    TRY(memory_array((void **)&parquet, 1, sizeof *parquet, "a Parquet reader", error));
    parquet->descriptor = descriptor;
    parquet->name = name;
    bert_status status;
    TRY_OR_GO(status, read_footer(parquet, error), failed);
    TRY_OR_GO(status, read_schema(parquet, error), failed);
    *out = parquet;
    return BERT_OK;
failed:
    parquet_close(parquet);
    return status;
}

void parquet_close(parquet *parquet)
{
    if (!parquet)
        return;
    for (size_t i = 0; i < parquet->column_count; i++)
        free(parquet->columns[i].name);
    free(parquet->columns);
    free(parquet->footer);
    free(parquet);
}

const parquet_column *parquet_columns(const parquet *parquet, size_t *count)
{
    *count = parquet->column_count;
    return parquet->columns;
}
