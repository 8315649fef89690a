#include "corpus/json_fields.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Names of members beyond these are not listed. */
enum { MEMBERS_LISTED_BYTES = 500 };

/* A field and what is left of its path below the value that is read. */
typedef struct branch {
    json_field *field;
    const char *path; /* a suffix of field->path; empty: the value is meant */
    size_t length;
    json_match match;
} branch;

typedef struct walk {
    json_reader *reader;
    json_fields *fields;
    bool in_list;
    bool lists_members; /* false from the second element of a list on */
} walk;

void json_fields_free(json_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        text_free(&fields->list[i].text);
        free(fields->list[i].values);
    }
    text_free(&fields->members);
    *fields = (struct json_fields){0};
}

static void note_match(branch *branch, json_match match)
{
    if (match > branch->match)
        branch->match = match;
}

static void note_wrong(const walk *walk, branch *branch, json_kind kind, uint64_t line)
{
    json_field *field = branch->field;
    branch->match = JSON_WRONG;
    field->wrong = kind;
    field->wrong_in_list = walk->in_list;
    field->line = line;
    field->rest = branch->length;
}

/* For values that have no members: wrong where the path goes on. */
static void note_wrong_inner(const walk *walk, branch *branches, size_t count, json_kind kind,
                             uint64_t line)
{
    for (size_t i = 0; i < count; i++)
        if (branches[i].length > 0)
            note_wrong(walk, &branches[i], kind, line);
}

static bert_status end_value(const walk *walk, json_field *field, bert_error *error)
{
    TRY(memory_grow((void **)&field->values, &field->capacity, field->count + 1,
                    sizeof *field->values, "texts of a JSON value", error));
    field->values[field->count++] =
        (json_value){.end = field->text.length, .in_list = walk->in_list};
    return BERT_OK;
}

static const branch *find_taker(const branch *branches, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (branches[i].length == 0)
            return &branches[i];
    return NULL;
}

/* Decodes a string once, also if several fields take it. */
static bert_status take_string(walk *walk, branch *branches, size_t count, bert_error *error)
{
    const branch *taker = find_taker(branches, count);
    note_wrong_inner(walk, branches, count, JSON_KIND_STRING, walk->reader->line);
    if (!taker)
        return json_reader_skip(walk->reader, error);
    text *first = &taker->field->text;
    size_t begin = first->length;
    if (walk->fields->offset == 0)
        walk->fields->offset = json_reader_offset(walk->reader) + 1;
    TRY(json_reader_string(walk->reader, first, JSON_TEXT_LIMIT, error));
    for (size_t i = 0; i < count; i++) {
        if (branches[i].length > 0)
            continue;
        if (&branches[i].field->text != first)
            TRY(text_append(&branches[i].field->text, first->data + begin, first->length - begin,
                            error));
        TRY(end_value(walk, branches[i].field, error));
        note_match(&branches[i], JSON_FOUND);
    }
    return BERT_OK;
}

static bert_status take_scalar(walk *walk, branch *branches, size_t count, json_kind kind,
                               bert_error *error)
{
    uint64_t line = walk->reader->line;
    text digits = {0};
    bert_status status = json_reader_scalar(walk->reader, &digits, error);
    note_wrong_inner(walk, branches, count, kind, line);
    for (size_t i = 0; status == BERT_OK && i < count; i++) {
        if (branches[i].length > 0)
            continue;
        if (walk->in_list || !branches[i].field->takes_numbers) {
            note_wrong(walk, &branches[i], kind, line);
            continue;
        }
        status = text_append(&branches[i].field->text, digits.data, digits.length, error);
        if (status == BERT_OK)
            status = end_value(walk, branches[i].field, error);
        note_match(&branches[i], JSON_FOUND);
    }
    text_free(&digits);
    return status;
}

static bert_status take_value(walk *walk, branch *branches, size_t count, bert_error *error);

static bert_status take_list(walk *walk, branch *branches, size_t count, bert_error *error)
{
    bool in_list = walk->in_list, lists_members = walk->lists_members, found, is_empty = true;
    uint64_t line = walk->reader->line;
    TRY(json_reader_enter(walk->reader, error));
    walk->in_list = true;
    for (;;) {
        TRY(json_reader_element(walk->reader, &found, error));
        if (!found)
            break;
        is_empty = false;
        TRY(take_value(walk, branches, count, error));
        walk->lists_members = false;
    }
    walk->in_list = in_list;
    walk->lists_members = lists_members;
    for (size_t i = 0; i < count; i++)
        if (branches[i].field->is_key)
            note_wrong(walk, &branches[i], JSON_KIND_ARRAY, line);
        else if (is_empty || branches[i].length == 0)
            note_match(&branches[i], JSON_FOUND);
    return BERT_OK;
}

/* The length of a field's texts, to remove a part of them. */
typedef struct mark {
    size_t length, count;
} mark;

static mark mark_end(const json_field *field)
{
    return (mark){field->text.length, field->count};
}

/* Removes the values from `begin` to `end`. */
static void erase(json_field *field, mark begin, mark end)
{
    size_t length = end.length - begin.length, count = end.count - begin.count;
    if (count == 0)
        return;
    memmove(field->text.data + begin.length, field->text.data + end.length,
            field->text.length - end.length);
    field->text.length -= length;
    field->text.data[field->text.length] = '\0';
    for (size_t i = end.count; i < field->count; i++) {
        field->values[i - count] = field->values[i];
        field->values[i - count].end -= length;
    }
    field->count -= count;
}

/* What an object gave a field so far. */
typedef struct choice {
    mark begin;         /* before the object */
    size_t name_length; /* of the member that matched; 0: none */
    json_match match;
} choice;

/* The branches that go on below the member `name`; origins[] are their indices in `branches`. */
static size_t follow(const branch *branches, const choice *choices, size_t count, const char *name,
                     size_t length, branch *below, size_t *origins)
{
    size_t followed = 0;
    for (size_t i = 0; i < count; i++) {
        const branch *branch = &branches[i];
        if (branch->length < length || length < choices[i].name_length ||
            memcmp(branch->path, name, length) != 0)
            continue;
        size_t taken = length + (branch->length > length);
        if (branch->length == 0 || (branch->length > length && branch->path[length] != '.'))
            continue;
        origins[followed] = i;
        below[followed++] = (struct branch){
            .field = branch->field, .path = branch->path + taken, .length = branch->length - taken};
    }
    return followed;
}

/* Of several members that match, the one with the longest name, then the last. */
static void choose(choice *choice, const branch *below, mark before, size_t name_length)
{
    json_field *field = below->field;
    if (below->match == JSON_MISSING && name_length != choice->name_length)
        return;
    erase(field, choice->begin, before);
    choice->match = below->match;
    choice->name_length = below->match == JSON_MISSING ? 0 : name_length;
}

bert_status json_fields_list_member(json_fields *fields, const char *path, size_t path_length,
                                    const char *name, size_t length, bert_error *error)
{
    text *members = &fields->members;
    if (members->length > MEMBERS_LISTED_BYTES)
        return BERT_OK;
    if (members->length > 0)
        TRY(text_append(members, ", ", 2, error));
    TRY(text_append(members, path, path_length, error));
    size_t begin = members->length;
    TRY(text_append(members, name, length < MEMBERS_LISTED_BYTES ? length : MEMBERS_LISTED_BYTES,
                    error));
    for (size_t i = begin; i < members->length; i++)
        if ((unsigned char)members->data[i] < 0x20 || members->data[i] == 0x7F)
            members->data[i] = '?'; /* a message is one line */
    return members->length > MEMBERS_LISTED_BYTES ? text_append(members, ", ...", 5, error)
                                                  : BERT_OK;
}

/* Lists a member as long as one that is looked for was not found. */
static bert_status list_member(walk *walk, const branch *branches, const choice *choices,
                               size_t count, const char *name, size_t length, bert_error *error)
{
    bool is_missing = false;
    for (size_t i = 0; i < count; i++)
        is_missing |= choices[i].match == JSON_MISSING && branches[i].length > 0;
    const char *path = branches->field->path;
    return is_missing ? json_fields_list_member(walk->fields, path, (size_t)(branches->path - path),
                                                name, length, error)
                      : BERT_OK;
}

static bert_status take_members(walk *walk, branch *branches, choice *choices, size_t count,
                                bert_error *error)
{
    for (;;) {
        bool found;
        const char *name;
        size_t length, origins[COLUMNS_MAX + 1];
        branch below[COLUMNS_MAX + 1];
        TRY(json_reader_member(walk->reader, &found, &name, &length, error));
        if (!found)
            return BERT_OK;
        size_t followed = follow(branches, choices, count, name, length, below, origins);
        if (walk->lists_members)
            TRY(list_member(walk, branches, choices, count, name, length, error));
        if (followed == 0) {
            TRY(json_reader_skip(walk->reader, error));
            continue;
        }
        mark before[COLUMNS_MAX + 1];
        for (size_t i = 0; i < followed; i++)
            before[i] = mark_end(below[i].field);
        TRY(take_value(walk, below, followed, error));
        for (size_t i = 0; i < followed; i++)
            choose(&choices[origins[i]], &below[i], before[i], length);
    }
}

static bert_status take_object(walk *walk, branch *branches, size_t count, bert_error *error)
{
    choice choices[COLUMNS_MAX + 1];
    uint64_t line = walk->reader->line;
    for (size_t i = 0; i < count; i++)
        choices[i] = (choice){.begin = mark_end(branches[i].field)};
    TRY(json_reader_enter(walk->reader, error));
    TRY(take_members(walk, branches, choices, count, error));
    for (size_t i = 0; i < count; i++)
        if (branches[i].length == 0)
            note_wrong(walk, &branches[i], JSON_KIND_OBJECT, line);
        else
            note_match(&branches[i], choices[i].match);
    return BERT_OK;
}

static bert_status take_value(walk *walk, branch *branches, size_t count, bert_error *error)
{
    json_kind kind;
    TRY(json_reader_peek(walk->reader, &kind, error));
    switch (kind) {
    case JSON_KIND_OBJECT:
        return take_object(walk, branches, count, error);
    case JSON_KIND_ARRAY:
        return take_list(walk, branches, count, error);
    case JSON_KIND_STRING:
        return take_string(walk, branches, count, error);
    case JSON_KIND_NULL: /* no text, at whatever level it stands */
        for (size_t i = 0; i < count; i++)
            note_match(&branches[i], JSON_FOUND);
        return json_reader_skip(walk->reader, error);
    case JSON_KIND_END:
        return BERT_OK;
    default:
        return take_scalar(walk, branches, count, kind, error);
    }
}

bert_status json_fields_read(json_fields *fields, json_reader *reader, bert_error *error)
{
    walk walk = {.reader = reader, .fields = fields, .lists_members = true};
    branch branches[COLUMNS_MAX + 1];
    text_clear(&fields->members);
    fields->offset = 0;
    for (size_t i = 0; i < fields->count; i++) {
        json_field *field = &fields->list[i];
        text_clear(&field->text);
        TRY(text_append(&field->text, "", 0, error)); /* so that `data` is not NULL */
        field->count = 0;
        branches[i] = (branch){.field = field, .path = field->path, .length = field->length};
    }
    TRY(take_value(&walk, branches, fields->count, error));
    for (size_t i = 0; i < fields->count; i++)
        fields->list[i].match = branches[i].match;
    return BERT_OK;
}
