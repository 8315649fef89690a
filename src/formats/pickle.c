#include "formats/pickle.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The opcodes of protocols 2 to 4 that torch.save writes. */
enum opcode {
    OP_MARK = '(',
    OP_STOP = '.',
    OP_POP = '0',
    OP_BINFLOAT = 'G',
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_BININT2 = 'M',
    OP_NONE = 'N',
    OP_BINPERSID = 'Q',
    OP_REDUCE = 'R',
    OP_BINUNICODE = 'X',
    OP_APPEND = 'a',
    OP_BUILD = 'b',
    OP_GLOBAL = 'c',
    OP_APPENDS = 'e',
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_SETITEM = 's',
    OP_TUPLE = 't',
    OP_SETITEMS = 'u',
    OP_EMPTY_DICT = '}',
    OP_EMPTY_LIST = ']',
    OP_EMPTY_TUPLE = ')',
    OP_PROTO = 0x80,
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_NEWTRUE = 0x88,
    OP_NEWFALSE = 0x89,
    OP_LONG1 = 0x8a,
    OP_SHORT_BINUNICODE = 0x8c,
    OP_STACK_GLOBAL = 0x93,
    OP_MEMOIZE = 0x94,
    OP_FRAME = 0x95,
};

enum { MAX_PROTOCOL = 5 };

typedef struct machine {
    pickle *pickle;
    const char *path;
    const unsigned char *data;
    size_t size, next;
    const char *const *allowed;

    uint32_t *stack;
    size_t depth, stack_capacity;
    size_t *marks; /* stack depths */
    size_t mark_count, mark_capacity;
    uint32_t *memo; /* [memo_count], index of a value, plus 1; 0: empty */
    size_t memo_count, memo_capacity;
} machine;

static bert_status damaged(const machine *machine, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: damaged pickle, at its byte %zu: %s",
                     machine->path, machine->next, what);
}

/* ---------------------------------------------------------------------------------- values --- */

static bert_status value_add(machine *machine, pickle_kind kind, uint32_t *index, bert_error *error)
{
    pickle *pickle = machine->pickle;
    TRY(memory_grow((void **)&pickle->values, &pickle->capacity, pickle->count + 1,
                    sizeof *pickle->values, "values of a pickle", error));
    if (pickle->count >= UINT32_MAX - 1)
        return damaged(machine, "too many values", error);
    *index = (uint32_t)pickle->count++;
    pickle->values[*index] = (pickle_value){.kind = kind};
    return BERT_OK;
}

static bert_status item_add(machine *machine, uint32_t value, uint32_t item, bert_error *error)
{
    pickle_value *to = &machine->pickle->values[value];
    TRY(memory_grow((void **)&to->items, &to->capacity, to->count + 1, sizeof *to->items,
                    "items of a pickle", error));
    to->items[to->count++] = item;
    return BERT_OK;
}

static bert_status push(machine *machine, uint32_t value, bert_error *error)
{
    TRY(memory_grow((void **)&machine->stack, &machine->stack_capacity, machine->depth + 1,
                    sizeof *machine->stack, "stack of a pickle", error));
    machine->stack[machine->depth++] = value;
    return BERT_OK;
}

/* Pushes a new value. `out` may be NULL; *out is valid until the next value is created. */
static bert_status push_new(machine *machine, pickle_kind kind, pickle_value **out,
                            bert_error *error)
{
    uint32_t index = 0;
    TRY(value_add(machine, kind, &index, error));
    if (out)
        *out = &machine->pickle->values[index];
    return push(machine, index, error);
}

/* Never pops below the last mark: the values above it belong to the opcode that consumes the mark.
 */
static bert_status pop(machine *machine, uint32_t *value, bert_error *error)
{
    size_t bottom = machine->mark_count ? machine->marks[machine->mark_count - 1] : 0;
    if (machine->depth <= bottom)
        return damaged(machine, "its stack is empty", error);
    *value = machine->stack[--machine->depth];
    return BERT_OK;
}

static bert_status top(machine *machine, uint32_t *value, bert_error *error)
{
    TRY(pop(machine, value, error));
    machine->depth++;
    return BERT_OK;
}

static bert_status pop_mark(machine *machine, size_t *first, bert_error *error)
{
    if (machine->mark_count == 0)
        return damaged(machine, "a mark is missing", error);
    *first = machine->marks[--machine->mark_count];
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- bytes --- */

static bert_status take(machine *machine, size_t count, const unsigned char **bytes,
                        bert_error *error)
{
    if (count > machine->size - machine->next)
        return damaged(machine, "it is truncated", error);
    *bytes = machine->data + machine->next;
    machine->next += count;
    return BERT_OK;
}

static bert_status take_number(machine *machine, size_t count, uint64_t *number, bert_error *error)
{
    const unsigned char *bytes = NULL;
    TRY(take(machine, count, &bytes, error));
    *number = 0;
    for (size_t i = count; i-- > 0;)
        *number = *number << 8 | bytes[i];
    return BERT_OK;
}

static bert_status push_integer(machine *machine, size_t count, bool is_signed, bert_error *error)
{
    uint64_t number = 0;
    pickle_value *value = NULL;
    TRY(take_number(machine, count, &number, error));
    TRY(push_new(machine, PICKLE_INTEGER, &value, error));
    value->integer = is_signed ? (int64_t)(int32_t)(uint32_t)number : (int64_t)number;
    return BERT_OK;
}

/* Two's complement of any length, least significant byte first. */
static bert_status push_long(machine *machine, bert_error *error)
{
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    pickle_value *value = NULL;
    TRY(take_number(machine, 1, &length, error));
    TRY(take(machine, (size_t)length, &bytes, error));
    TRY(push_new(machine, PICKLE_INTEGER, &value, error));
    value->large = length > 8;
    uint64_t number = length && bytes[length - 1] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = value->large ? 8 : (size_t)length; i-- > 0;)
        number = number << 8 | bytes[i];
    value->integer = (int64_t)number;
    /* The bytes themselves, for callers that look for a larger number. */
    value->text = (const char *)bytes;
    value->length = (size_t)length;
    return BERT_OK;
}

static bert_status push_text(machine *machine, size_t length_bytes, bert_error *error)
{
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    pickle_value *value = NULL;
    TRY(take_number(machine, length_bytes, &length, error));
    TRY(take(machine, (size_t)length, &bytes, error));
    TRY(push_new(machine, PICKLE_STRING, &value, error));
    value->text = (const char *)bytes;
    value->length = (size_t)length;
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- names --- */

static bert_status push_name(machine *machine, const char *module, size_t module_length,
                             const char *name, size_t name_length, bert_error *error)
{
    pickle *pickle = machine->pickle;
    char *text = NULL;
    TRY(memory_array((void **)&text, module_length + name_length + 2, 1, "a name", error));
    memcpy(text, module, module_length);
    text[module_length] = ' ';
    memcpy(text + module_length + 1, name, name_length);
    bool known = false;
    for (const char *const *allowed = machine->allowed; *allowed && !known; allowed++)
        known = strcmp(*allowed, text) == 0 && strlen(text) == module_length + name_length + 1;
    bert_status status = BERT_OK;
    if (!known) {
        text[module_length] = '.';
        status = error_set(error, BERT_ERROR_UNSUPPORTED,
                           "%s: its pickle refers to %s, which weights do not need; rejected, no "
                           "code was executed",
                           machine->path, text);
    }
    if (status == BERT_OK)
        status = memory_grow((void **)&pickle->owned, &pickle->owned_capacity,
                             pickle->owned_count + 1, sizeof *pickle->owned, "names", error);
    if (status != BERT_OK) {
        free(text);
        return status;
    }
    pickle->owned[pickle->owned_count++] = text;
    pickle_value *value = NULL;
    TRY(push_new(machine, PICKLE_NAME, &value, error));
    value->text = text;
    value->length = module_length + name_length + 1;
    return BERT_OK;
}

static bert_status take_line(machine *machine, const char **line, size_t *length, bert_error *error)
{
    const unsigned char *start = machine->data + machine->next;
    const unsigned char *end = memchr(start, '\n', machine->size - machine->next);
    if (!end)
        return damaged(machine, "an unterminated name", error);
    *line = (const char *)start;
    *length = (size_t)(end - start);
    machine->next += *length + 1;
    return BERT_OK;
}

static bert_status global(machine *machine, bert_error *error)
{
    const char *module = NULL, *name = NULL;
    size_t module_length = 0, name_length = 0;
    TRY(take_line(machine, &module, &module_length, error));
    TRY(take_line(machine, &name, &name_length, error));
    return push_name(machine, module, module_length, name, name_length, error);
}

static bert_status stack_global(machine *machine, bert_error *error)
{
    uint32_t name = 0, module = 0;
    TRY(pop(machine, &name, error));
    TRY(pop(machine, &module, error));
    const pickle_value *values = machine->pickle->values;
    if (values[name].kind != PICKLE_STRING || values[module].kind != PICKLE_STRING)
        return damaged(machine, "a name that is not a string", error);
    return push_name(machine, values[module].text, values[module].length, values[name].text,
                     values[name].length, error);
}

/* ------------------------------------------------------------------------------ containers --- */

/* Replaces the values from `first` up by one new value that has them as items. */
static bert_status gather(machine *machine, pickle_kind kind, size_t first, bert_error *error)
{
    uint32_t index = 0;
    TRY(value_add(machine, kind, &index, error));
    for (size_t i = first; i < machine->depth; i++)
        TRY(item_add(machine, index, machine->stack[i], error));
    machine->depth = first;
    return push(machine, index, error);
}

static bert_status gather_last(machine *machine, pickle_kind kind, size_t count, bert_error *error)
{
    size_t bottom = machine->mark_count ? machine->marks[machine->mark_count - 1] : 0;
    if (machine->depth - bottom < count)
        return damaged(machine, "its stack is empty", error);
    return gather(machine, kind, machine->depth - count, error);
}

/* Moves the values from `first` up into the container below them. */
static bert_status extend(machine *machine, pickle_kind kind, size_t first, bert_error *error)
{
    size_t count = machine->depth - first;
    machine->depth = first;
    uint32_t container = 0;
    TRY(top(machine, &container, error));
    if (machine->pickle->values[container].kind != kind)
        return damaged(machine, "items for a value that is not a container", error);
    if (kind == PICKLE_DICT && count % 2 != 0)
        return damaged(machine, "a key without a value", error);
    for (size_t i = 0; i < count; i++)
        TRY(item_add(machine, container, machine->stack[first + i], error));
    return BERT_OK;
}

static bert_status extend_last(machine *machine, pickle_kind kind, size_t count, bert_error *error)
{
    size_t bottom = machine->mark_count ? machine->marks[machine->mark_count - 1] : 0;
    if (machine->depth - bottom < count + 1)
        return damaged(machine, "its stack is empty", error);
    return extend(machine, kind, machine->depth - count, error);
}

static bert_status extend_from_mark(machine *machine, pickle_kind kind, bert_error *error)
{
    size_t first = 0;
    TRY(pop_mark(machine, &first, error));
    return extend(machine, kind, first, error);
}

/* A call is recorded, not executed. Only the call of OrderedDict without arguments becomes a dict,
 * so that items can be added to it. */
static bert_status reduce(machine *machine, bert_error *error)
{
    uint32_t arguments = 0, callable = 0;
    TRY(pop(machine, &arguments, error));
    TRY(pop(machine, &callable, error));
    const pickle_value *values = machine->pickle->values;
    if (values[callable].kind != PICKLE_NAME || values[arguments].kind != PICKLE_TUPLE)
        return damaged(machine, "a call of a value that is not callable", error);
    if (values[arguments].count == 0 &&
        pickle_is_text(&values[callable], PICKLE_NAME, "collections OrderedDict"))
        return push_new(machine, PICKLE_DICT, NULL, error);
    TRY(push(machine, callable, error));
    TRY(push(machine, arguments, error));
    return gather_last(machine, PICKLE_CALL, 2, error);
}

/* Sets attributes of an object. Those of a state dict (_metadata) are not needed and dropped. */
static bert_status build(machine *machine, bert_error *error)
{
    uint32_t state = 0, object = 0;
    TRY(pop(machine, &state, error));
    TRY(top(machine, &object, error));
    if (machine->pickle->values[object].kind != PICKLE_DICT)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: its pickle sets attributes of an object that is not a dict; rejected",
                         machine->path);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ memo --- */

static bert_status memo_put(machine *machine, uint64_t index, bert_error *error)
{
    uint32_t value = 0;
    TRY(top(machine, &value, error));
    if (index >=
        machine->next) /* picklers number entries from 0, and each entry takes at least a byte */
        return damaged(machine, "a memo index that is too large", error);
    size_t needed = (size_t)index + 1;
    TRY(memory_grow((void **)&machine->memo, &machine->memo_capacity, needed, sizeof *machine->memo,
                    "memo of a pickle", error));
    while (machine->memo_count < needed)
        machine->memo[machine->memo_count++] = 0;
    machine->memo[index] = value + 1;
    return BERT_OK;
}

static bert_status memo_get(machine *machine, uint64_t index, bert_error *error)
{
    if (index >= machine->memo_count || machine->memo[index] == 0)
        return damaged(machine, "a memo index that was never stored", error);
    return push(machine, machine->memo[index] - 1, error);
}

static bert_status memo_by_number(machine *machine, size_t bytes,
                                  bert_status action(struct machine *, uint64_t, bert_error *),
                                  bert_error *error)
{
    uint64_t index = 0;
    TRY(take_number(machine, bytes, &index, error));
    return action(machine, index, error);
}

/* --------------------------------------------------------------------------------- machine --- */

static bert_status skip(machine *machine, size_t bytes, bert_error *error)
{
    const unsigned char *skipped = NULL;
    return take(machine, bytes, &skipped, error);
}

static bert_status protocol(machine *machine, bert_error *error)
{
    uint64_t number = 0;
    TRY(take_number(machine, 1, &number, error));
    return number <= MAX_PROTOCOL ? BERT_OK : damaged(machine, "an unknown protocol", error);
}

static bert_status push_mark(machine *machine, bert_error *error)
{
    TRY(memory_grow((void **)&machine->marks, &machine->mark_capacity, machine->mark_count + 1,
                    sizeof *machine->marks, "marks of a pickle", error));
    machine->marks[machine->mark_count++] = machine->depth;
    return BERT_OK;
}

static bert_status push_boolean(machine *machine, bool boolean, bert_error *error)
{
    pickle_value *value = NULL;
    TRY(push_new(machine, PICKLE_BOOLEAN, &value, error));
    value->integer = boolean;
    return BERT_OK;
}

static bert_status push_float(machine *machine, bert_error *error)
{
    TRY(skip(machine, 8, error));
    return push_new(machine, PICKLE_FLOAT, NULL, error);
}

static bert_status discard(machine *machine, bert_error *error)
{
    uint32_t value = 0;
    return pop(machine, &value, error);
}

static bert_status push_tuple(machine *machine, bert_error *error)
{
    size_t first = 0;
    TRY(pop_mark(machine, &first, error));
    return gather(machine, PICKLE_TUPLE, first, error);
}

static bert_status execute(machine *machine, unsigned char opcode, bert_error *error)
{
    switch (opcode) {
    case OP_PROTO:
        return protocol(machine, error);
    case OP_FRAME:
        return skip(machine, 8, error);
    case OP_MARK:
        return push_mark(machine, error);
    case OP_POP:
        return discard(machine, error);
    case OP_NONE:
        return push_new(machine, PICKLE_NONE, NULL, error);
    case OP_NEWTRUE:
    case OP_NEWFALSE:
        return push_boolean(machine, opcode == OP_NEWTRUE, error);
    case OP_BININT:
        return push_integer(machine, 4, true, error);
    case OP_BININT1:
        return push_integer(machine, 1, false, error);
    case OP_BININT2:
        return push_integer(machine, 2, false, error);
    case OP_LONG1:
        return push_long(machine, error);
    case OP_BINFLOAT:
        return push_float(machine, error);
    case OP_BINUNICODE:
        return push_text(machine, 4, error);
    case OP_SHORT_BINUNICODE:
        return push_text(machine, 1, error);
    case OP_GLOBAL:
        return global(machine, error);
    case OP_STACK_GLOBAL:
        return stack_global(machine, error);
    case OP_EMPTY_TUPLE:
        return push_new(machine, PICKLE_TUPLE, NULL, error);
    case OP_EMPTY_LIST:
        return push_new(machine, PICKLE_LIST, NULL, error);
    case OP_EMPTY_DICT:
        return push_new(machine, PICKLE_DICT, NULL, error);
    case OP_TUPLE:
        return push_tuple(machine, error);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        return gather_last(machine, PICKLE_TUPLE, (size_t)(opcode - OP_TUPLE1 + 1), error);
    case OP_APPEND:
        return extend_last(machine, PICKLE_LIST, 1, error);
    case OP_APPENDS:
        return extend_from_mark(machine, PICKLE_LIST, error);
    case OP_SETITEM:
        return extend_last(machine, PICKLE_DICT, 2, error);
    case OP_SETITEMS:
        return extend_from_mark(machine, PICKLE_DICT, error);
    case OP_REDUCE:
        return reduce(machine, error);
    case OP_BUILD:
        return build(machine, error);
    case OP_BINPERSID:
        return gather_last(machine, PICKLE_PERSISTENT, 1, error);
    case OP_BINPUT:
        return memo_by_number(machine, 1, memo_put, error);
    case OP_LONG_BINPUT:
        return memo_by_number(machine, 4, memo_put, error);
    case OP_MEMOIZE:
        return memo_put(machine, machine->memo_count, error);
    case OP_BINGET:
        return memo_by_number(machine, 1, memo_get, error);
    case OP_LONG_BINGET:
        return memo_by_number(machine, 4, memo_get, error);
    default:
        return error_set(
            error, BERT_ERROR_UNSUPPORTED,
            "%s: its pickle has opcode 0x%02x at byte %zu, which weights do not need; rejected",
            machine->path, opcode, machine->next - 1);
    }
}

static bert_status run(machine *machine, bert_error *error)
{
    for (;;) {
        const unsigned char *opcode = NULL;
        TRY(take(machine, 1, &opcode, error));
        if (*opcode == OP_STOP)
            return pop(machine, &machine->pickle->root, error);
        TRY(execute(machine, *opcode, error));
    }
}

bert_status pickle_read(pickle *pickle, const char *path, const unsigned char *data, size_t size,
                        const char *const *allowed, size_t *used, bert_error *error)
{
    *pickle = (struct pickle){0};
    machine machine = {
        .pickle = pickle, .path = path, .data = data, .size = size, .allowed = allowed};
    bert_status status = run(&machine, error);
    *used = machine.next;
    free(machine.stack);
    free(machine.marks);
    free(machine.memo);
    if (status != BERT_OK)
        pickle_free(pickle);
    return status;
}

void pickle_free(pickle *pickle)
{
    for (size_t i = 0; i < pickle->count; i++)
        free(pickle->values[i].items);
    for (size_t i = 0; i < pickle->owned_count; i++)
        free(pickle->owned[i]);
    free(pickle->values);
    free(pickle->owned);
    *pickle = (struct pickle){0};
}

const pickle_value *pickle_item(const pickle *pickle, const pickle_value *value, size_t index)
{
    return index < value->count ? &pickle->values[value->items[index]] : NULL;
}

bool pickle_is_text(const pickle_value *value, pickle_kind kind, const char *text)
{
    return value && value->kind == kind && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}
