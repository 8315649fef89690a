#!/usr/bin/env python3
"""Writes files of all kinds of columns to tests/formats/tables/, and values.txt, what is in them.

    $(scripts/python-environment tables) tests/formats/make-more-tables.py

Written with pyarrow 26.0.1, polars 2.1.0, duckdb 2.0.1, pandas 3.1.1, fastparquet 2026.9.0 and, for
forms that nobody writes any more, old_parquet.py. A line of values.txt has, separated by tabs: the
file, the column, its type for the reader, and its rows, separated by "|". A list is [a, b], without
its nulls; a null is NULL. Only the two encrypted files differ from run to run.
"""

import base64
import datetime
import decimal
import gzip
import pathlib
import struct
import tempfile

import duckdb
import fastparquet
import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pyarrow.parquet.encryption

import old_parquet as old

folder = pathlib.Path(__file__).parent / "tables"
lines = []


def shown(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, ".9g")
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return "[" + ", ".join(shown(v) for v in flat(value)) + "]"
    return str(value)


def flat(values):
    return [
        v
        for value in values
        if value is not None
        for v in (flat(value) if isinstance(value, list) else [value])
    ]


def expect(file, column, kind, rows):
    lines.append("\t".join([file, column, kind, "|".join(shown(row) for row in rows)]))


def write_ipc(name, table, stream=True, rows=2, **options):
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(str(folder / name), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)


ROWS = ["One line.", None, "", "A line of more than twelve bytes.", "Five"]
LISTS = [["a", None, "a word of more than twelve bytes"], [], None, ["b"], ["", "c"]]

# ------------------------------------------------------------------------------------------- Arrow

# Whatever stands before the text: the units and precisions of types are 16 bits. One file with all
# of them, and one for each of some, with names of several lengths.
day = datetime.date(2020, 2, 2)
FRONTS = {
    "float": pa.array([1.5] * 5, pa.float32()),
    "half": pa.array([numpy.float16(1.5)] * 5, pa.float16()),
    "double": pa.array([0.5] * 5, pa.float64()),
    "date32": pa.array([day] * 5, pa.date32()),
    "date64": pa.array([day] * 5, pa.date64()),
    "time32": pa.array([1] * 5, pa.time32("s")),
    "time64": pa.array([1] * 5, pa.time64("ns")),
    "timestamp": pa.array([1] * 5, pa.timestamp("us", "UTC")),
    "duration": pa.array([1] * 5, pa.duration("ns")),
    "interval": pa.array([(1, 2, 3)] * 5),
    "decimal": pa.array([decimal.Decimal("1.5")] * 5, pa.decimal128(9, 2)),
    "decimal256": pa.array([decimal.Decimal("1.5")] * 5, pa.decimal256(50, 2)),
    "bool": pa.array([True] * 5),
    "fixed": pa.array([b"123"] * 5, pa.binary(3)),
    "null": pa.nulls(5),
    "sparse": pa.UnionArray.from_sparse(
        pa.array([0, 1, 0, 1, 0], pa.int8()), [pa.array(range(5)), pa.array(["not text"] * 5)]
    ),
    "dense": pa.UnionArray.from_dense(
        pa.array([0] * 5, pa.int8()), pa.array(range(5), pa.int32()), [pa.array(range(5))]
    ),
    "view": pa.array(["a view of more than twelve bytes"] * 5, pa.string_view()),
    "fixed list": pa.array([[1, 2]] * 5, pa.list_(pa.int8(), 2)),
}
write_ipc("fronts.arrow", pa.table({**FRONTS, "text": pa.array(ROWS)}))
expect("fronts.arrow", "text", "utf8", ROWS)
expect("fronts.arrow", "view", "utf8 view", ["a view of more than twelve bytes"] * 5)
write_ipc(
    "fronts-v4.arrow",
    pa.table(
        {
            **FRONTS,
            "runs": pa.RunEndEncodedArray.from_arrays([2, 5], ["x", "y"]),
            "text": pa.array(ROWS),
        }
    ),
    metadata_version=pa.ipc.MetadataVersion.V4,
)
expect("fronts-v4.arrow", "text", "utf8", ROWS)
expect("fronts-v4.arrow", "runs", "run-end encoded<utf8>", ["x", "x", "y", "y", "y"])
for i, (name, array) in enumerate(
    [
        ("f", FRONTS["float"]),
        ("score", FRONTS["double"]),
        ("da", FRONTS["date64"]),
        ("a time", FRONTS["time64"]),
        ("when", FRONTS["timestamp"]),
        ("how long", FRONTS["duration"]),
        ("int", FRONTS["interval"]),
    ]
):
    write_ipc(
        f"front-{i}.arrow",
        pa.table({name: array.slice(0, 2), "text": pa.array(["One line.", "Two lines."])}),
    )
    expect(f"front-{i}.arrow", "text", "utf8", ["One line.", "Two lines."])

# All kinds of columns.
kinds = pa.table(
    {
        "utf8 view": pa.array(ROWS, pa.string_view()),
        "binary": pa.array(ROWS, pa.binary()),
        "large_binary": pa.array(ROWS, pa.large_binary()),
        "binary view": pa.array(ROWS, pa.binary_view()),
        "list view": pa.array(LISTS, pa.list_view(pa.string())),
        "large list view": pa.array(LISTS, pa.large_list_view(pa.string())),
        "views": pa.array(LISTS, pa.large_list(pa.string_view())),
        "fixed": pa.array(
            [["a", "b"], None, ["c", None], [None, None], ["d", ""]], pa.list_(pa.string(), 2)
        ),
        "deep": pa.array(
            [[["a", "b"], [], None, ["c"]], None, [], [[None]], [["d"]]],
            pa.list_(pa.list_(pa.string())),
        ),
        "turns": pa.array(
            [
                [{"role": "u", "text": "hi"}, None],
                [],
                None,
                [{"role": "v", "text": None}],
                [{"role": "w", "text": "ho"}],
            ],
            pa.list_(pa.struct([("role", pa.string()), ("text", pa.string())])),
        ),
        "map": pa.array(
            [[("k", "v"), ("l", None)], [], None, [("m", "w")], [("n", "")]],
            pa.map_(pa.string(), pa.string()),
        ),
        "s": pa.array(
            [{"a": ["x", "y"]}, None, {"a": None}, {"a": []}, {"a": ["z"]}],
            pa.struct([("a", pa.list_(pa.string()))]),
        ),
        "null": pa.nulls(5),
        "runs": pa.RunEndEncodedArray.from_arrays(
            pa.array([1, 3, 5], pa.int16()), pa.array(["r", None, "s"])
        ),
        "text": pa.array(ROWS),
    }
)
for name, options in [
    ("kinds.arrow", {}),
    ("kinds-file.arrow", {"stream": False}),
    ("kinds-zstd.arrow", {"stream": False, "compression": "zstd"}),
    ("kinds-lz4.arrow", {"compression": "lz4"}),
]:
    write_ipc(name, kinds, rows=3, **options)
    for column, kind, rows in [
        ("utf8 view", "utf8 view", ROWS),
        ("binary", "binary", ROWS),
        ("large_binary", "large_binary", ROWS),
        ("binary view", "binary view", ROWS),
        ("list view", "list view<utf8>", [r or [] for r in LISTS]),
        ("large list view", "list view<utf8>", [r or [] for r in LISTS]),
        ("views", "list<utf8 view>", [r or [] for r in LISTS]),
        ("fixed", "fixed-size list<utf8>", [["a", "b"], [], ["c"], [], ["d", ""]]),
        ("deep", "list<list<utf8>>", [["a", "b", "c"], [], [], [], ["d"]]),
        ("turns.text", "list<utf8>", [["hi"], [], [], [], ["ho"]]),
        ("map.key", "list<utf8>", [["k", "l"], [], [], ["m"], ["n"]]),
        ("map.value", "list<utf8>", [["v"], [], [], ["w"], [""]]),
        ("s.a", "list<utf8>", [["x", "y"], [], [], [], ["z"]]),
        ("null", "null", [None] * 5),
        ("runs", "run-end encoded<utf8>", ["r", None, None, "s", "s"]),
        ("text", "utf8", ROWS),
    ]:
        expect(name, column, kind, rows)

# Dictionaries: of any index, growing, replaced, in files, in lists, with nulls among their values.
dictionaries = pa.table(
    {
        "small": pa.DictionaryArray.from_arrays(
            pa.array([1, 0, None, 1, 2], pa.uint8()), ["a", "b", None]
        ),
        "large": pa.DictionaryArray.from_arrays(
            pa.array([0, 0, 1, None, 1], pa.int64()), pa.array(["c", "d"], pa.large_string())
        ),
        "view": pa.DictionaryArray.from_arrays(
            pa.array([1, 0, 1, 0, 1], pa.int16()),
            pa.array(["e", "a value of more than twelve bytes"], pa.string_view()),
        ),
        "list": pa.ListArray.from_arrays(
            pa.array([0, 2, 2, 3, 4, 5], pa.int32()),
            pa.array(["x", "y", None, "x", "z"]).dictionary_encode(),
        ),
        "number": pa.DictionaryArray.from_arrays(
            pa.array([1, 0, 1, None, 0], pa.int8()), pa.array([-7, 8], pa.int16())
        ),
        "bytes": pa.DictionaryArray.from_arrays(
            pa.array([0, 1, 0, 1, 0], pa.int8()), pa.array([b"p", b"q"])
        ),
        "lists": pa.DictionaryArray.from_arrays(
            pa.array([0, 1, 0, 1, 0], pa.int8()), pa.array([["no"], ["text"]])
        ),
    }
)
for name, stream in [("dictionaries.arrow", True), ("dictionaries-file.arrow", False)]:
    write_ipc(name, dictionaries, stream)
    expect(name, "small", "dictionary<utf8>", ["b", "a", None, "b", None])
    expect(name, "large", "dictionary<large_utf8>", ["c", "c", "d", None, "d"])
    expect(
        name,
        "view",
        "dictionary<utf8 view>",
        ["a value of more than twelve bytes", "e"] * 2 + ["a value of more than twelve bytes"],
    )
    expect(name, "list", "list<dictionary<utf8>>", [["x", "y"], [], [], ["x"], ["z"]])
    expect(name, "number", "dictionary<int16>", [8, -7, 8, None, -7])
    expect(name, "bytes", "dictionary<binary>", ["p", "q", "p", "q", "p"])
batches = [(["a"], [0, 0]), (["a", "b"], [1, 0, None]), (["a", "b", "c"], [2, 1])]
replaced = [(["a", "b"], [0, 1]), (["c"], [0, 0]), (["d", "e"], [1, None])]
for name, stream, content, deltas in [
    ("deltas.arrow", True, batches, True),
    ("deltas-file.arrow", False, batches, True),
    ("replaced.arrow", True, replaced, False),
]:
    schema = pa.schema([("text", pa.dictionary(pa.int32(), pa.string()))])
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(
        str(folder / name), schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
    ) as writer:
        for values, indices in content:
            array = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))
            writer.write_batch(pa.record_batch([array], schema=schema))
    expect(
        name,
        "text",
        "dictionary<utf8>",
        [None if i is None else v[i] for v, ii in content for i in ii],
    )
pandas.DataFrame({"text": pandas.Categorical(["One", "Two", "One", None])}).to_feather(
    folder / "pandas-categories.arrow"
)
# pandas 3 has large strings
expect("pandas-categories.arrow", "text", "dictionary<large_utf8>", ["One", "Two", "One", None])

# Numbers, which label columns are.
NUMBERS = {
    "int8": ([-1, 2, None], pa.int8(), "int8"),
    "uint16": ([1, 65535, None], pa.uint16(), "uint16"),
    "uint64": ([1, 2**64 - 1, None], pa.uint64(), "uint64"),
    "int64": ([-(2**63), 7, None], pa.int64(), "int64"),
    "float16": ([numpy.float16(0.5), numpy.float16(-2), None], pa.float16(), "float16"),
    "float32": ([3.8, -0.25, None], pa.float32(), "float32"),
    "float64": ([3.8, 1e300, None], pa.float64(), "float64"),
    "bool": ([True, False, None], pa.bool_(), "bool"),
}
numbers = pa.table({name: pa.array(values, kind) for name, (values, kind, _) in NUMBERS.items()})
write_ipc("numbers.arrow", numbers)
for name, (values, _, kind) in NUMBERS.items():
    expect(
        "numbers.arrow",
        name,
        kind,
        [float(v) if isinstance(v, numpy.float16) else v for v in values],
    )

# Other writers and other times.
frame = polars.DataFrame(
    {
        "n": polars.Series([1.5, 2.5, 3.5, 4.5, 5.5], dtype=polars.Float32),
        "text": ROWS,
        "items": [r or [] for r in LISTS],
    }
)
frame.write_ipc(folder / "polars.arrow")
frame.write_ipc(
    folder / "polars-oldest.arrow", compression="zstd", compat_level=polars.CompatLevel.oldest()
)
for name, kind in [("polars.arrow", "utf8 view"), ("polars-oldest.arrow", "large_utf8")]:
    expect(name, "text", kind, ROWS)
    expect(name, "items", f"list<{kind}>", [r or [] for r in LISTS])
plain = pa.table({"id": pa.array(range(5)), "text": pa.array(ROWS)})
write_ipc(
    "before-0.15.arrow", plain, use_legacy_format=True, metadata_version=pa.ipc.MetadataVersion.V4
)
write_ipc(
    "before-0.15-file.arrow",
    plain,
    stream=False,
    use_legacy_format=True,
    metadata_version=pa.ipc.MetadataVersion.V4,
)
for name in ["before-0.15.arrow", "before-0.15-file.arrow"]:
    expect(name, "text", "utf8", ROWS)


def number_at(data, at, size=4):
    return int.from_bytes(data[at : at + size], "little", signed=size == 4)


def table_at(data, start, table, field):
    """The position of a field's offset in a FlatBuffer's vtable, and the table it points to."""
    slot = table - number_at(data, table) + 4 + 2 * field
    position = table + number_at(data, slot, 2)
    return slot, position + number_at(data, position)


def messages(data):
    at = 0
    while at < len(data) and number_at(data, at + 4):
        start, size = at + 8, number_at(data, at + 4)
        root = start + number_at(data, start)
        yield start, root
        slot = root - number_at(data, root) + 4 + 2 * 3
        offset = number_at(data, slot, 2)
        at = start + size + (number_at(data, root + offset, 8) if offset else 0)


# Arrow 0.17 named the codec in the metadata of the message.
sink = pa.BufferOutputStream()
with pa.ipc.new_stream(
    sink, plain.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
) as writer:
    for batch in plain.to_batches(max_chunksize=2):
        writer.write_batch(batch, custom_metadata={"ARROW:experimental_compression": "LZ4"})
data = bytearray(sink.getvalue())
for start, root in list(messages(data))[1:]:
    _, header = table_at(data, start, root, 2)
    slot, _ = table_at(data, start, header, 3)
    data[slot : slot + 2] = b"\0\0"  # no BodyCompression
(folder / "compressed-0.17.arrow").write_bytes(data)
expect("compressed-0.17.arrow", "text", "utf8", ROWS)

# ----------------------------------------------------------------------------------------- Parquet

one, two = pa.table({"text": ["One line.", "Two lines."]}), pa.table(
    {"text": pa.array([], pa.string())}
)
with pq.ParquetWriter(folder / "zero-row-group.parquet", one.schema, store_schema=False) as writer:
    for table in [one, two, one]:
        writer.write_table(table)
expect("zero-row-group.parquet", "text", "string", ["One line.", "Two lines."] * 2)
first = pa.table({"text": pa.array([], pa.string())})
with pq.ParquetWriter(
    folder / "zero-row-groups.parquet", one.schema, store_schema=False, compression="none"
) as writer:
    for table in [two, two, one, two]:
        writer.write_table(table)
expect("zero-row-groups.parquet", "text", "string", ["One line.", "Two lines."])

nested = kinds.select(["binary", "deep", "turns", "map", "s", "fixed", "null"])
for name, options in [
    ("nested.parquet", {}),
    (
        "nested-v2.parquet",
        {
            "data_page_version": "2.0",
            "use_dictionary": False,
            "compression": "zstd",
            "use_compliant_nested_type": False,
        },
    ),
]:
    pq.write_table(
        nested,
        folder / name,
        row_group_size=3,
        store_schema=False,
        write_statistics=False,
        **options,
    )
    for column, kind, rows in [
        ("binary", "binary", ROWS),
        ("deep", "list<string>", [["a", "b", "c"], [], [], [], ["d"]]),
        ("turns.text", "list<string>", [["hi"], [], [], [], ["ho"]]),
        ("map.key", "list<string>", [["k", "l"], [], [], ["m"], ["n"]]),
        ("map.value", "list<string>", [["v"], [], [], ["w"], [""]]),
        ("s.a", "list<string>", [["x", "y"], [], [], [], ["z"]]),
        ("fixed", "list<string>", [["a", "b"], [], ["c"], [], ["d", ""]]),
        ("null", "null", [None] * 5),
    ]:
        expect(name, column, kind, rows)

# Numbers in all encodings.
columns = {n: c for n, c in zip(numbers.column_names, numbers.columns) if n != "float16"}
parquet_kinds = {
    "int8": "int32",
    "uint16": "uint32",
    "uint64": "uint64",
    "int64": "int64",
    "float32": "float",
    "float64": "double",
    "bool": "boolean",
}
split = {n: "BYTE_STREAM_SPLIT" for n in columns if n != "bool"} | {"bool": "RLE"}
delta = {n: "DELTA_BINARY_PACKED" for n in ["int8", "uint16", "uint64", "int64"]}
for name, options in [
    ("numbers.parquet", {}),
    ("numbers-plain.parquet", {"use_dictionary": False}),
    ("numbers-split.parquet", {"use_dictionary": False, "column_encoding": split}),
    (
        "numbers-delta.parquet",
        {"use_dictionary": False, "column_encoding": delta, "data_page_version": "2.0"},
    ),
]:
    pq.write_table(
        pa.table(columns),
        folder / name,
        store_schema=False,
        write_statistics=False,
        compression="none",
        **options,
    )
    for column, kind in parquet_kinds.items():
        expect(name, column, kind, NUMBERS[column][0])
dates = pa.table(
    {
        "when": pa.array([datetime.datetime(2020, 1, 1)] * 300, pa.timestamp("us")),
        "n": list(range(300)),
        "text": [f"row {i}" for i in range(300)],
    }
)
pq.write_table(
    dates,
    folder / "delta-blocks.parquet",
    use_dictionary=False,
    store_schema=False,
    compression="zstd",
    write_statistics=False,
    column_encoding={"when": "PLAIN", "n": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY"},
)
expect("delta-blocks.parquet", "n", "int64", range(300))
expect("delta-blocks.parquet", "text", "string", [f"row {i}" for i in range(300)])

# Other writers.
frame.write_parquet(folder / "polars.parquet")
expect("polars.parquet", "text", "string", ROWS)
expect("polars.parquet", "items", "list<string>", [r or [] for r in LISTS])
for version in ["V1", "V2"]:
    name = f"duckdb-{version.lower()}.parquet"
    duckdb.sql(f"""COPY (SELECT * FROM (VALUES
        (1, 'One line.', 'a'::ENUM('a', 'b'), ['x', NULL, 'y'], NULL, '{{"k": 1}}'::JSON),
        (2, NULL, 'b', [], NULL, NULL), (3, '', 'a', NULL, NULL, '"s"'))
        AS t(n, text, kind, items, nothing, json))
        TO '{folder / name}' (FORMAT PARQUET, CODEC 'snappy', PARQUET_VERSION {version})""")
    expect(name, "text", "string", ["One line.", None, ""])
    expect(name, "items", "list<string>", [["x", "y"], [], []])
    expect(name, "json", "json", ['{"k": 1}', None, '"s"'])
    expect(name, "n", "int32", [1, 2, 3])
with tempfile.TemporaryDirectory() as scratch:
    fastparquet.write(
        f"{scratch}/f",
        pandas.DataFrame(
            {"text": ["One", None, "Two"], "n": [1.5, 2.5, 3.5]},
        ).astype({"text": "object"}),
        object_encoding="utf8",
    )
    (folder / "fastparquet.parquet").write_bytes(pathlib.Path(scratch, "f").read_bytes())
expect("fastparquet.parquet", "text", "string", ["One", None, "Two"])
expect("fastparquet.parquet", "n", "double", [1.5, 2.5, 3.5])

# Forms that are no longer written.
text = old.element("text", repetition=old.OPTIONAL)
WORDS = [b"one", b"two", b"three"]
LEVELS = [1, 0, 1, 1]
EXPECTED = ["one", None, "two", "three"]


def write_old(name, schema, path, levels, repetitions, width, values, kind, rows, **options):
    page_options = {k: options.pop(k) for k in ["encoding", "compress"] if k in options}
    encode = options.pop("encode", old.plain)
    body = (
        (old.runs(repetitions, 1) if repetitions else b"")
        + old.runs(levels, width)
        + encode(values)
    )
    column = options.pop("column", path[0])
    data = old.file(
        schema,
        path,
        [old.page(len(levels), body, **page_options)],
        len(levels),
        len(rows),
        **options,
    )
    (folder / name).write_bytes(data)
    if kind:
        expect(name, column, kind, rows)


def lz4_hadoop(data):
    block = pa.Codec("lz4_raw").compress(data, asbytes=True)
    return struct.pack(">II", len(data), len(block)) + block


string = old.element("text", repetition=old.OPTIONAL, converted=old.UTF8)
write_old(
    "lz4-hadoop.parquet",
    [string],
    ["text"],
    LEVELS,
    None,
    1,
    WORDS,
    "string",
    EXPECTED,
    codec=5,
    compress=lz4_hadoop,
)
write_old(
    "lz4-not-hadoop.parquet",
    [string],
    ["text"],
    LEVELS,
    None,
    1,
    WORDS,
    "string",
    EXPECTED,
    codec=5,
    compress=lambda data: pa.Codec("lz4_raw").compress(data, asbytes=True),
)
write_old(
    "gzip-members.parquet",
    [string],
    ["text"],
    LEVELS,
    None,
    1,
    WORDS,
    "string",
    EXPECTED,
    codec=2,
    compress=lambda data: gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:], mtime=0),
)
write_old("lzo.parquet", [string], ["text"], LEVELS, None, 1, WORDS, None, EXPECTED, codec=3)
write_old(
    "short-chunk.parquet", [string], ["text"], LEVELS, None, 1, WORDS, "string", EXPECTED, size=20
)
packed = old.packed(LEVELS, 1) + old.plain(WORDS)
(folder / "bit-packed-levels.parquet").write_bytes(
    old.file([string], ["text"], [old.page(4, packed, levels=old.BIT_PACKED)], 4, 4)
)
expect("bit-packed-levels.parquet", "text", "string", EXPECTED)
snappy = lambda data: pa.Codec("snappy").compress(data, asbytes=True)  # noqa: E731
(folder / "called-uncompressed.parquet").write_bytes(
    old.file(
        [string],
        ["text"],
        [old.page_v2(4, 1, 4, old.runs(LEVELS, 1)[4:], old.plain(WORDS), snappy, False)],
        4,
        4,
        codec=1,
        created=b"parquet-cpp version 1.5.1-SNAPSHOT",
    )
)
expect("called-uncompressed.parquet", "text", "string", EXPECTED)
(folder / "nulls-v2.parquet").write_bytes(
    old.file(
        [string],
        ["text"],
        [
            old.page_v2(2, 2, 2, old.runs([0, 0], 1)[4:], b"", lambda data: data),
            old.page_v2(4, 1, 4, old.runs(LEVELS, 1)[4:], old.plain(WORDS), snappy),
        ],
        6,
        6,
        codec=1,
    )
)
expect("nulls-v2.parquet", "text", "string", [None, None] + EXPECTED)
# Lists of two levels, a repeated column without a list, and lists whose group is their element.
two_levels = [
    old.element("text", 1, converted=old.LIST),
    old.element("array", repetition=old.REPEATED, converted=old.UTF8),
]
LIST_LEVELS, REPETITIONS, LIST_ROWS = [1, 1, 0, 1], [0, 1, 0, 0], [["one", "two"], [], ["three"]]
write_old(
    "two-levels.parquet",
    two_levels,
    ["text", "array"],
    LIST_LEVELS,
    REPETITIONS,
    1,
    WORDS,
    "list<string>",
    LIST_ROWS,
)
write_old(
    "repeated.parquet",
    [old.element("text", repetition=old.REPEATED, converted=old.UTF8)],
    ["text"],
    LIST_LEVELS,
    REPETITIONS,
    1,
    WORDS,
    "list<string>",
    LIST_ROWS,
)
for name, group in [("tuple.parquet", "text_tuple"), ("array.parquet", "array")]:
    tuples = [
        old.element("text", 1, converted=old.LIST),
        old.element(group, 1, old.REPEATED),
        old.element("inner", converted=old.UTF8),
    ]
    write_old(
        name,
        tuples,
        ["text", group, "inner"],
        LIST_LEVELS,
        REPETITIONS,
        1,
        WORDS,
        "list<string>",
        LIST_ROWS,
        column="text.inner",
    )
lists = [
    old.element("text", 1, converted=old.LIST),
    old.element("array", 1, old.REPEATED, old.LIST),
    old.element("array", repetition=old.REPEATED, converted=old.UTF8),
]
body = (
    struct.pack("<I", 8)
    + b"".join(old.varint(2) + bytes([level]) for level in [0, 2, 1, 0])
    + old.runs([2, 2, 1, 2], 2)
    + old.plain(WORDS)
)
(folder / "lists-of-two-levels.parquet").write_bytes(
    old.file(lists, ["text", "array", "array"], [old.page(4, body)], 4, 2)
)
expect("lists-of-two-levels.parquet", "text", "list<string>", [["one", "two"], ["three"]])
entries = [
    old.element("m", 1, converted=old.MAP_KEY_VALUE),
    old.element("map", 1, old.REPEATED),
    old.element("some_key", converted=old.UTF8),
]
write_old(
    "strange-map.parquet",
    entries,
    ["m", "map", "some_key"],
    LIST_LEVELS,
    REPETITIONS,
    1,
    WORDS,
    "list<string>",
    LIST_ROWS,
    column="m",
)
# Impala, Hive and old Spark: bytes without annotation.
write_old("bytes.parquet", [text], ["text"], LEVELS, None, 1, WORDS, "binary", EXPECTED)
# A first prefix of a page that refers to the page before (PARQUET-246).
one_delta = (
    lambda number: old.varint(128) + old.varint(4) + old.varint(1) + old.varint(number << 1)
)  # noqa: E731
pages = [
    old.page(
        1,
        old.runs([1], 1) + one_delta(prefix) + one_delta(len(suffix)) + suffix,
        old.DELTA_BYTE_ARRAY,
    )
    for prefix, suffix in [(0, b"prefix a"), (7, b"b")]
]
(folder / "prefix-of-page-before.parquet").write_bytes(old.file([string], ["text"], pages, 2, 2))
expect("prefix-of-page-before.parquet", "text", "string", ["prefix a", "prefix b"])


class Kms(pyarrow.parquet.encryption.KmsClient):
    def wrap_key(self, key, name):
        return base64.b64encode(key)

    def unwrap_key(self, key, name):
        return base64.b64decode(key)


secret = pa.table({"open": ["One line.", "Two lines."], "text": ["Not for all.", "Nor this."]})
for name, options in [
    ("encrypted.parquet", {}),
    ("encrypted-column.parquet", {"plaintext_footer": True}),
]:
    factory = pyarrow.parquet.encryption.CryptoFactory(lambda configuration: Kms())
    properties = factory.file_encryption_properties(
        pyarrow.parquet.encryption.KmsConnectionConfig(),
        pyarrow.parquet.encryption.EncryptionConfiguration(
            footer_key="f", column_keys={"c": ["text"]}, **options
        ),
    )
    with pq.ParquetWriter(
        folder / name, secret.schema, encryption_properties=properties, store_schema=False
    ) as writer:
        writer.write_table(secret)
expect("encrypted-column.parquet", "open", "string", ["One line.", "Two lines."])

(folder / "values.txt").write_text(
    "".join(line.replace("\n", "\\n") + "\n" for line in lines), encoding="utf-8"
)
