#!/usr/bin/env python3
"""Writes tests/formats/tables/: small Parquet and Arrow files with the same rows, using pyarrow.

    $(scripts/python-environment tables) tests/formats/make-tables.py

The files are committed, so the tests need neither Python nor pyarrow. Every table has the columns
    id      int64
    text    string: the ROWS below
    tags    list<string>: the LISTS below
and rows.txt has the expected values of `text`, then those of `tags`.
"""

import itertools
import pathlib

import pyarrow
import pyarrow.parquet

WORDS = ["one", "two", "", None, "zw\u00f6lf", "a longer text that is there twice", None,
         "a longer text that is not there twice", "line\nbreak"]
ROWS = [WORDS[i % len(WORDS)] if i % 7 else f"row {i}" for i in range(40)]
LISTS = list(itertools.islice(itertools.cycle([["a"], [], None, ["b", None, "cc"], ["", "a"]]), 40))

folder = pathlib.Path(__file__).parent / "tables"


def make_table(text_type=pyarrow.string()):
    return pyarrow.table({
        "id": pyarrow.array(range(40), pyarrow.int64()),
        "text": pyarrow.array(ROWS, text_type),
        "tags": pyarrow.array(LISTS, pyarrow.list_(pyarrow.string())),
    })


def write_parquet(name, **options):
    # Three row groups, the first ones with several pages.
    pyarrow.parquet.write_table(make_table(), folder / f"{name}.parquet", row_group_size=16,
                                data_page_size=64, write_batch_size=4, store_schema=False, **options)


def write_arrow(name, table, stream, compression=None):
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    new = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
    with new(str(folder / f"{name}.arrow"), table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=16)


def encode(value):
    return "NULL" if value is None else value.replace("\n", "\\n")


folder.mkdir(exist_ok=True)
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    write_parquet(codec, compression=codec)
write_parquet("plain-v2", compression="snappy", use_dictionary=False, data_page_version="2.0")
write_parquet("dictionary-v2", compression="zstd", data_page_version="2.0")
write_parquet("checksum", compression="none", use_dictionary=False, write_page_checksum=True)
for encoding in ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]:
    write_parquet(encoding.lower(), compression="none", use_dictionary=False,
                  column_encoding={"text": encoding, "tags.list.element": encoding, "id": "PLAIN"})

write_arrow("stream", make_table(), stream=True)
write_arrow("file", make_table(), stream=False)
write_arrow("large", make_table(pyarrow.large_string()), stream=True)
write_arrow("lz4", make_table(), stream=True, compression="lz4")
write_arrow("zstd", make_table(), stream=False, compression="zstd")

# Nested columns, in record batches of 3 rows. test_arrow.c has the expected values.
nested = pyarrow.table({
    "ids": pyarrow.array([[1, -2], [], None, [2**31 - 1], [5, 6, 7]], pyarrow.list_(pyarrow.int32())),
    "types": pyarrow.array([[0, 1], [255], [], None, [3]], pyarrow.large_list(pyarrow.uint8())),
    "fixed": pyarrow.array([[1, 2], [3, 4], None, [5, 6], [-7, 8]], pyarrow.list_(pyarrow.int16(), 2)),
    "label": pyarrow.array([0, 1, -(2**63), 2**63 - 1, 4], pyarrow.int64()),
    "texts": pyarrow.array([["a", None], None, [], ["bc"], ["", "d"]], pyarrow.large_list(pyarrow.large_string())),
    "translation": pyarrow.array([{"en": "one", "de": "eins"}, None, {"en": None, "de": "drei"},
                                  {"en": "four", "de": "vier"}, {"en": "five", "de": None}],
                                 pyarrow.struct([("en", pyarrow.string()), ("de", pyarrow.string())])),
    "turns": pyarrow.array([[{"text": "hi"}, {"text": "ho"}], [None], None, [], [{"text": None}, {"text": "x"}]],
                           pyarrow.list_(pyarrow.struct([("text", pyarrow.string())]))),
    "deep": pyarrow.array([[["z"]]] * 5, pyarrow.list_(pyarrow.list_(pyarrow.string()))),
    "kind": pyarrow.array(["u", "v", "u", None, "v"]).dictionary_encode(),
    "after": pyarrow.array(["v", "w", "x", "y", "z"]),
})
for name, compression in [("nested", None), ("nested-zstd", "zstd")]:
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(str(folder / f"{name}.arrow"), nested.schema, options=options) as writer:
        writer.write_table(nested, max_chunksize=3)

lines = [encode(row) for row in ROWS]
lines += ["[" + ", ".join(encode(v) for v in row or [None]) + "]" for row in LISTS]
(folder / "rows.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
