"""What `bert cat` is expected to print of a table that pyarrow has read."""

import pyarrow as pa


def storage(kind):
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def is_text(kind):
    types = pa.types
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def is_bytes(kind):
    types = pa.types
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_null(kind)
    )


def is_list(kind):
    types = pa.types
    return (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def leaves(schema):
    """Yields (name, type of the values, column, steps) of each leaf; a step is a struct's member,
    or None: into the elements of a list."""

    def walk(name, kind, column, steps):
        kind = storage(kind)
        if pa.types.is_struct(kind):
            for i, field in enumerate(kind):
                yield from walk(f"{name}.{field.name}", field.type, column, steps + [i])
        elif pa.types.is_map(kind):
            for i, (member, type_) in enumerate(
                [(kind.key_field.name, kind.key_type), (kind.item_field.name, kind.item_type)]
            ):
                yield from walk(f"{name}.{['key', 'value'][i]}", type_, column, steps + [None, i])
        elif is_list(kind):
            yield from walk(name, kind.value_type, column, steps + [None])
        elif pa.types.is_run_end_encoded(kind):
            yield from walk(name, kind.value_type, column, steps)
        elif pa.types.is_dictionary(kind):
            yield from walk(name, kind.value_type, column, steps)
        else:
            yield name, kind, column, steps

    for i, field in enumerate(schema):
        yield from walk(field.name, field.type, i, [])


def decoded(array):
    """The values of an array of any type as Python's."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return decoded(array.storage)
    if pa.types.is_run_end_encoded(kind):
        values, rows = decoded(array.values), []
        for end, value in zip(array.run_ends.to_pylist(), values):
            rows += [value] * (min(end, array.offset + len(array)) - len(rows))
        return rows[array.offset :]
    return array.to_pylist()


def values_of(value, steps):
    """The values of one row, nulls left out."""
    if value is None:
        return []
    if not steps:
        return [value]
    if steps[0] is None:
        return [v for element in value for v in values_of(element, steps[1:])]
    if isinstance(value, tuple):  # an entry of a map
        return values_of(value[steps[0]], steps[1:])
    return values_of(list(value.values())[steps[0]], steps[1:])


def trimmed(line):
    return line.strip(" \t\r\v\f")


def cell_lines(values, in_list):
    lines = []
    for value in values:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if in_list:
            text = text.replace("\n", " ")
        lines += [trimmed(line) for line in text.split("\n")]
    return [line for line in lines if line]


def rows_of(table, column):
    return [row for chunk in table.column(column).chunks for row in decoded(chunk)]


def expected_text(table, columns):
    """What `bert cat --text-field` prints for these leaves."""
    cells = []
    for _, _, column, steps in columns:
        cells.append(
            [cell_lines(values_of(row, steps), None in steps) for row in rows_of(table, column)]
        )
    documents = ["\n".join(line for cell in row for line in cell) for row in zip(*cells)]
    return "\n".join(d + "\n" for d in documents if d)
