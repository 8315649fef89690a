#!/usr/bin/env python3
"""Writes tables of all types with all writers and compares what `bert cat` prints of each with what
pyarrow reads. tests/formats/thorough calls it.

    compare_tables.py BERT [--files N] [--seed N] [--writer NAME] [--keep FOLDER]
    compare_tables.py BERT FOLDER...       files of others, e.g. apache/parquet-testing

A file that differs is named and kept. Exits with 1 if one did.
"""

import argparse
import collections
import datetime
import decimal
import gzip
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import numpy
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

import table_values

WORDS = ["one", "two words", "", "zw\u00f6lf \u00e9t\u00e9", "\u65e5\u672c\u8a9e", "\U0001f600 smile", "exactly 12 b",
         "thirteen byte", "line\nbreak", "  padded ", "a longer text that comes again and again",
         "a prefix shared by the next: a", "a prefix shared by the next: b", "x" * 700, "y" * 70, "?", "0"]


class Maker:
    """Random columns of a given number of rows."""

    def __init__(self, random_, rows):
        self.random, self.rows = random_, rows
        self.nulls = random_.choice([0, 0, 0.1, 0.5, 1])
        self.few = random_.random() < 0.5

    def word(self):
        if self.few:
            return self.random.choice(WORDS[:6])
        return self.random.choice(WORDS) + (str(self.random.random()) if self.random.random() < 0.5 else "")

    def maybe(self, make):
        return None if self.random.random() < self.nulls else make()

    def column(self, make, rows=None):
        return [self.maybe(make) for _ in range(self.rows if rows is None else rows)]

    def words(self):
        return self.column(self.word)

    def list_of(self, make, size=None):
        return lambda: [self.maybe(make) for _ in range(self.random.randint(0, 4) if size is None else size)]

    def array(self, values, kind):
        return pa.array(values, kind)

    def text(self, kind, form):
        """A column of strings of `kind`, in `form`."""
        word = self.word
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
            word = lambda: self.word().encode()  # noqa: E731
        view = pa.types.is_string_view(kind) or pa.types.is_binary_view(kind)
        match form:
            case "plain":
                return pa.array(self.column(word), kind)
            case "dictionary":
                index = self.random.choice([pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(),
                                            pa.uint32(), pa.int64(), pa.uint64()])
                values = list(dict.fromkeys(word() for _ in range(20)))
                if self.random.random() < 0.3:
                    values.append(None)
                indices = self.column(lambda: self.random.randrange(len(values)))
                return pa.DictionaryArray.from_arrays(pa.array(indices, index), pa.array(values, kind))
            case "runs":
                ends = sorted({self.random.randint(1, max(1, self.rows)) for _ in range(5)} | {self.rows})
                if self.rows == 0:
                    return pa.array([], pa.run_end_encoded(pa.int32(), kind))
                width = self.random.choice([pa.int16(), pa.int32(), pa.int64()])
                values = pa.array(self.column(word, len(ends)), kind)
                return pa.RunEndEncodedArray.from_arrays(pa.array(ends, width), values)
            case "list":
                return pa.array(self.column(self.list_of(word)), pa.list_(kind))
            case "large_list":
                return pa.array(self.column(self.list_of(word)), pa.large_list(kind))
            case "fixed_list":
                return pa.array(self.column(self.list_of(word, 3)), pa.list_(kind, 3))
            case "list_view":
                return pa.array(self.column(self.list_of(word)), pa.list_view(kind))
            case "large_list_view":
                return pa.array(self.column(self.list_of(word)), pa.large_list_view(kind))
            case "lists":
                return pa.array(self.column(self.list_of(self.list_of(word))), pa.list_(pa.large_list(kind)))
            case "list_of_fixed":
                return pa.array(self.column(self.list_of(self.list_of(word, 2))), pa.list_(pa.list_(kind, 2)))
            case "struct":
                make = lambda: {"n": 1, "inner": self.maybe(word)}  # noqa: E731
                return pa.array(self.column(make), pa.struct([("n", pa.int16()), ("inner", kind)]))
            case "list_of_structs":
                make = self.list_of(lambda: {"inner": self.maybe(word), "n": 1})
                return pa.array(self.column(make), pa.list_(pa.struct([("inner", kind), ("n", pa.int16())])))
            case "struct_of_list":
                make = lambda: {"inner": self.maybe(self.list_of(word))}  # noqa: E731
                return pa.array(self.column(make), pa.struct([("inner", pa.list_(kind))]))
            case "map":
                make = lambda: [(str(i), self.maybe(word)) for i in range(self.random.randint(0, 3))]  # noqa: E731
                return pa.array(self.column(make), pa.map_(pa.string(), kind))
            case "list_of_dictionary":
                if view:
                    return self.text(kind, "list")
                flat = pa.array(self.column(word, 3 * self.rows), kind).dictionary_encode()
                offsets = pa.array([3 * i for i in range(self.rows + 1)], pa.int32())
                return pa.ListArray.from_arrays(offsets, flat)
        raise ValueError(form)

    def other(self):
        """A column that is not text, as it may stand before one."""
        r = self.random
        number = lambda: r.randint(0, 100)  # noqa: E731
        simple = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(),
                  pa.date32(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("s"),
                  pa.timestamp("ms", "UTC"), pa.timestamp("us", "Europe/Berlin"), pa.timestamp("ns"),
                  pa.duration("s"), pa.duration("ms"), pa.duration("us"), pa.duration("ns")]
        made = [lambda: pa.array(self.column(number), r.choice(simple)),
                lambda: pa.array(self.column(lambda: datetime.date(2020, 1, number() % 28 + 1)), pa.date64()),
                lambda: pa.array(self.column(r.random), r.choice([pa.float32(), pa.float64()])),
                lambda: pa.array(self.column(lambda: numpy.float16(number())), pa.float16()),
                lambda: pa.array(self.column(lambda: r.random() < 0.5), pa.bool_()),
                lambda: pa.array(self.column(lambda: decimal.Decimal(number()) / 100),
                                 r.choice([pa.decimal32(9, 2), pa.decimal64(12, 2), pa.decimal128(20, 2),
                                           pa.decimal256(50, 2)])),
                lambda: pa.array(self.column(lambda: b"12345"), pa.binary(5)),
                lambda: pa.nulls(self.rows),
                lambda: pa.array(self.column(self.list_of(number)), pa.list_(pa.int32())),
                lambda: pa.array(self.column(lambda: {"a": number(), "b": self.list_of(r.random)()}),
                                 pa.struct([("a", pa.int8()), ("b", pa.list_(pa.float64()))])),
                lambda: pa.array(self.column(number), pa.int64()).dictionary_encode(),
                lambda: pa.array(self.column(lambda: (1, 2, 3)), pa.month_day_nano_interval()),
                lambda: pa.UnionArray.from_sparse(
                    pa.array([i % 2 for i in range(self.rows)], pa.int8()),
                    [pa.array(range(self.rows), pa.int64()), pa.array(self.words(), pa.string())]),
                lambda: pa.UnionArray.from_dense(
                    pa.array([0] * self.rows, pa.int8()), pa.array(range(self.rows), pa.int32()),
                    [pa.array(range(self.rows), pa.int64())]),
                lambda: pa.array(self.words(), pa.string_view())]
        return r.choice(made)()


FORMS = ["plain", "plain", "plain", "dictionary", "runs", "list", "large_list", "fixed_list", "list_view",
         "large_list_view", "lists", "list_of_fixed", "struct", "list_of_structs", "struct_of_list", "map",
         "list_of_dictionary"]
KINDS = [pa.string(), pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(),
         pa.binary_view()]
NAMES = ["text", "t", "content", "a rather long name of a column", "\u00fcber", "Text", "sentence1", "body_text"]


def make_table(r, forms, kinds, others):
    maker = Maker(r, r.choice([0, 1, 2, 7, 40, 300]))
    texts = [maker.text(r.choice(kinds), r.choice(forms)) for _ in range(r.randint(1, 4))]
    columns = texts + [others(maker) for _ in range(r.randint(0, 5))]
    r.shuffle(columns)
    names = r.sample(NAMES, len(NAMES)) + [f"c{i}" for i in range(len(columns))]
    return pa.table(columns, names=names[:len(columns)])


def chunked(r, table):
    """The table in pieces of random sizes, some of them empty."""
    pieces, at = [], 0
    while at < table.num_rows:
        size = r.choice([0, 1, 3, 17, 200])
        pieces.append(table.slice(at, size))
        at += size
    return pa.concat_tables(pieces) if pieces else table


# ---------------------------------------------------------------------------------------- writers


def write_pyarrow_ipc(r, path):
    table = make_table(r, FORMS, KINDS, Maker.other)
    stream = r.random() < 0.5
    is_old = r.random() < 0.2  # pyarrow 26.0.1 cannot read compressed bodies of version 4 again
    options = pa.ipc.IpcWriteOptions(
        compression=None if is_old else r.choice([None, "lz4", "zstd"]), use_legacy_format=r.random() < 0.2,
        metadata_version=pa.ipc.MetadataVersion.V4 if is_old else pa.ipc.MetadataVersion.V5,
        emit_dictionary_deltas=r.random() < 0.5, unify_dictionaries=not stream)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(str(path), table.schema, options=options) as writer:
        for batch in chunked(r, table).to_batches():
            writer.write_batch(batch)
    return path, table


def write_dictionaries(r, path):
    """A dictionary that grows, or is replaced, from batch to batch."""
    kind = r.choice([pa.string(), pa.large_string(), pa.binary()])
    batches = []
    words = [f"value {i}" * r.randint(1, 5) for i in range(60)]
    grows, size = r.random() < 0.7, 0
    stream = not grows or r.random() < 0.5
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=grows, compression=r.choice([None, "lz4", "zstd"]))
    schema = pa.schema([("n", pa.float32()), ("text", pa.dictionary(pa.int32(), kind))])
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(str(path), schema, options=options) as writer:
        for _ in range(r.randint(1, 5)):
            size = min(size + r.randint(1, 9), len(words)) if grows else r.randint(1, 20)
            values = words[:size] if grows else r.sample(words, size)
            values = [v.encode() for v in values] if kind == pa.binary() else values
            indices = [r.choice([None, r.randrange(size)]) for _ in range(r.randint(0, 12))]
            text = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values, kind))
            batches.append(pa.record_batch([pa.array([1.5] * len(indices), pa.float32()), text], schema=schema))
            writer.write_batch(batches[-1])
    return path, pa.Table.from_batches(batches, schema)


PARQUET_FORMS = ["plain", "plain", "plain", "dictionary", "list", "large_list", "fixed_list", "lists", "struct",
                 "list_of_structs", "struct_of_list", "map"]


def parquet_other(maker):
    while True:
        array = maker.other()
        if not (pa.types.is_union(array.type) or pa.types.is_interval(array.type)
                or array.type == pa.month_day_nano_interval() or pa.types.is_duration(array.type)):
            return array


def leaf_paths(path_or_table):
    sink = pa.BufferOutputStream()
    pq.write_table(path_or_table.slice(0, 0), sink)
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [(schema.column(i).path, schema.column(i).physical_type) for i in range(len(schema))]


def write_pyarrow_parquet(r, path):
    table = make_table(r, PARQUET_FORMS, KINDS, parquet_other)
    table = chunked(r, table)
    options = {}
    if r.random() < 0.6:
        options["use_dictionary"] = False
        encodings = {}
        for name, kind in leaf_paths(table):
            choices = {"BYTE_ARRAY": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
                       "INT32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
                       "DOUBLE": ["PLAIN", "BYTE_STREAM_SPLIT"], "BOOLEAN": ["PLAIN", "RLE"]}.get(kind)
            if choices:
                encodings[name] = r.choice(choices)
        options["column_encoding"] = encodings
    elif r.random() < 0.5:
        options["dictionary_pagesize_limit"] = r.choice([1, 50, 500])
    pq.write_table(
        table, path, compression=r.choice(["none", "snappy", "gzip", "brotli", "zstd", "lz4"]),
        version=r.choice(["1.0", "2.4", "2.6"]), data_page_version=r.choice(["1.0", "2.0"]),
        data_page_size=r.choice([1, 64, 1000, None]), write_batch_size=r.choice([1, 4, 64, None]),
        row_group_size=r.choice([1, 5, 16, None]), write_page_checksum=r.random() < 0.3,
        write_page_index=r.random() < 0.3, use_compliant_nested_type=r.random() < 0.7,
        store_schema=r.random() < 0.5, allow_truncated_timestamps=True,
        write_statistics=r.random() < 0.7, **options)
    return path, table


def frame(r):
    """Columns as lists, for the writers that have types of their own."""
    maker = Maker(r, r.choice([1, 2, 7, 40, 300]))
    return maker, {"n": maker.column(lambda: r.randint(0, 9)), "text": maker.words(),
                   "items": maker.column(maker.list_of(maker.word)), "f": maker.column(r.random)}


def polars_frame(r):
    import polars as pl
    maker, columns = frame(r)
    frame_ = pl.DataFrame({
        "f": pl.Series(columns["f"], dtype=r.choice([pl.Float32, pl.Float64])),
        "text": pl.Series(columns["text"], dtype=pl.String),
        "kind": pl.Series(maker.words(), dtype=pl.String).cast(pl.Categorical),
        "n": pl.Series(columns["n"], dtype=r.choice([pl.Int8, pl.UInt64, pl.Int32])),
        "raw": pl.Series(maker.column(lambda: maker.word().encode()), dtype=pl.Binary),
        "items": pl.Series(columns["items"], dtype=pl.List(pl.String)),
        "deep": pl.Series(maker.column(maker.list_of(maker.list_of(maker.word))), dtype=pl.List(pl.List(pl.String))),
        "fixed": pl.Series(maker.column(maker.list_of(maker.word, 2)), dtype=pl.Array(pl.String, 2)),
        "s": pl.Series(maker.column(lambda: {"a": maker.word(), "b": 1}),
                       dtype=pl.Struct({"a": pl.String, "b": pl.Int64})),
        "d": pl.Series(maker.column(lambda: datetime.datetime(2020, 1, 1)), dtype=pl.Datetime("us")),
        "t": pl.Series(maker.column(lambda: datetime.time(1, 2)), dtype=pl.Time),
    })
    names = frame_.columns
    r.shuffle(names)
    frame_ = frame_.select(names)
    if r.random() < 0.3:
        frame_ = pl.concat([frame_, frame_], rechunk=False)
    return frame_


def write_polars(r, path):
    import polars as pl
    table = polars_frame(r)
    how = r.choice(["parquet", "parquet", "ipc", "ipc", "stream"])
    if how == "parquet":
        table.write_parquet(path, compression=r.choice(["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"]),
                            statistics=r.random() < 0.5, row_group_size=r.choice([None, 1, 9]),
                            data_page_size=r.choice([None, 64]))
    else:
        (table.write_ipc if how == "ipc" else table.write_ipc_stream)(
            path, compression=r.choice(["uncompressed", "lz4", "zstd"]),
            compat_level=r.choice([pl.CompatLevel.newest(), pl.CompatLevel.oldest()]))
    return path, None


def write_duckdb(r, path):
    import duckdb
    maker, columns = frame(r)
    table = pa.table({
        "n": pa.array(columns["n"], pa.int16()), "f": pa.array(columns["f"], pa.float64()),
        "text": pa.array(columns["text"]), "items": pa.array(columns["items"], pa.list_(pa.string())),
        "raw": pa.array(maker.column(lambda: maker.word().encode()), pa.binary()),
        "s": pa.array(maker.column(lambda: {"a": maker.word(), "b": [maker.word()]}),
                      pa.struct([("a", pa.string()), ("b", pa.list_(pa.string()))])),
        "deep": pa.array(maker.column(maker.list_of(maker.list_of(maker.word))), pa.list_(pa.list_(pa.string()))),
        "m": pa.array(maker.column(lambda: [("k", maker.word())]), pa.map_(pa.string(), pa.string()))})
    names = table.column_names
    r.shuffle(names)
    selected = ", ".join(f'"{n}"' for n in names)
    options = [f"CODEC {r.choice(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])}",
               f"PARQUET_VERSION {r.choice(['V1', 'V2'])}"]
    if r.random() < 0.3:
        options.append("DICTIONARY_SIZE_LIMIT 1")
    connection = duckdb.connect()
    connection.register("t", table)
    if r.random() < 0.3:
        selected += ", CAST(n AS VARCHAR)::ENUM('0','1','2','3','4','5','6','7','8','9') AS e"
    connection.execute(f"COPY (SELECT {selected} FROM t) TO '{path}' (FORMAT PARQUET, {', '.join(options)})")
    connection.close()
    return path, None


def write_pandas(r, path):
    import pandas
    maker, columns = frame(r)
    table = pandas.DataFrame({"f": columns["f"], "text": columns["text"],
                              "kind": pandas.Categorical(columns["text"]),
                              "when": [pandas.Timestamp("2020-01-01")] * maker.rows})
    if r.random() < 0.5:
        table["text"] = table["text"].astype(r.choice(["string", "object"]))
    how = r.choice(["feather", "pyarrow", "fastparquet"])
    if how == "feather":
        table.to_feather(path, compression=r.choice(["lz4", "zstd", "uncompressed"]))
    elif how == "pyarrow":
        table.to_parquet(path, engine="pyarrow", compression=r.choice(["snappy", "gzip", "zstd", None]))
    else:
        import fastparquet
        table["text"] = table["text"].astype("object").where(table["text"].notna(), None)
        fastparquet.write(str(path), table, compression=r.choice(["SNAPPY", "GZIP", "ZSTD", "LZ4", None]),
                          row_group_offsets=r.choice([3, 1000]),
                          object_encoding="infer" if table["text"].notna().any() else "utf8")
    return path, None


def write_datasets(r, path):
    import datasets
    maker, columns = frame(r)
    features = {"score": datasets.Value("float64"), "text": datasets.Value(r.choice(["string", "large_string"])),
                "items": datasets.List(datasets.Value("string")),
                "turns": datasets.List({"role": datasets.Value("string"), "content": datasets.Value("string")}),
                "translation": {"de": datasets.Value("string"), "en": datasets.Value("string")}}
    rows = {"score": columns["f"], "text": columns["text"], "items": columns["items"],
            "turns": maker.column(maker.list_of(lambda: {"role": "user", "content": maker.word()})),
            "translation": [{"de": maker.maybe(maker.word), "en": maker.maybe(maker.word)} for _ in range(maker.rows)]}
    names = list(features)
    r.shuffle(names)
    data = datasets.Dataset.from_dict({n: rows[n] for n in names}, datasets.Features({n: features[n] for n in names}))
    if r.random() < 0.5:
        data.to_parquet(str(path), batch_size=r.choice([3, 1000]))
        return path, None
    folder = path.with_suffix(".saved")
    data.save_to_disk(folder, num_shards=1)
    return next(folder.glob("*.arrow")), None


WRITERS = {"pyarrow-ipc": (write_pyarrow_ipc, 8), "dictionaries": (write_dictionaries, 2),
           "pyarrow-parquet": (write_pyarrow_parquet, 8), "polars": (write_polars, 4), "duckdb": (write_duckdb, 3),
           "pandas": (write_pandas, 3), "datasets": (write_datasets, 1)}


# ------------------------------------------------------------------------------------- comparison


def read_table(path):
    data = path.read_bytes()
    if data[:4] == b"PAR1":
        return pq.ParquetFile(pa.BufferReader(data), arrow_extensions_enabled=False).read()
    if data[:6] == b"ARROW1":
        return pa.ipc.open_file(pa.BufferReader(data)).read_all()
    return pa.ipc.open_stream(pa.BufferReader(data)).read_all()


def cat(bert, path, fields):
    done = subprocess.run([bert, "cat", "--text-field", fields, str(path)], capture_output=True, timeout=300)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace").strip()


def first_difference(found, expected):
    at = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), min(len(found), len(expected)))
    return f"at {at}: found {found[at:at + 60]!r}, expected {expected[at:at + 60]!r}"


def compare(bert, path, table, columns):
    """None, or what differs. All columns are read at once."""
    code, found, message = cat(bert, path, ",".join(name for name, *_ in columns))
    expected = table_values.expected_text(table, columns)
    if code == 0 and found == expected or not expected and "contains no documents" in message:
        return None
    return message if code else first_difference(found, expected)


def text_columns(table):
    seen, columns = set(), []
    for leaf in table_values.leaves(table.schema):
        name, kind = leaf[:2]
        if name not in seen and (table_values.is_text(kind) or table_values.is_bytes(kind)):
            columns.append(leaf)
        seen.add(name)
    return columns


def generate(arguments):
    names = [name for name, (_, weight) in WRITERS.items() for _ in range(weight)]
    if arguments.writer:
        names = [arguments.writer]
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    counts, different = collections.Counter(), 0
    for i in range(arguments.files):
        writer = names[i % len(names)]
        path = folder / f"{i:05}-{writer}"
        try:
            path, written = WRITERS[writer][0](random.Random(arguments.seed * 1000003 + i), path)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            counts["combinations that pyarrow cannot write"] += 1
            path.unlink(missing_ok=True)
            continue
        # What pyarrow wrote counts, and not what it reads again: 26.0.1 loses rows of lists in
        # Parquet pages of one byte.
        table = read_table(path) if written is None else written
        columns = text_columns(table)[:15]
        problem = compare(arguments.bert, path, table, columns)
        counts[writer] += 1
        if problem:
            different += 1
            print(f"{path}: {', '.join(f'{name} ({kind})' for name, kind, *_ in columns)}: {problem}")
            continue
        if written is not None and compare_again(path, written, columns):
            counts["files that pyarrow reads differently from what it wrote"] += 1
        path.unlink()
        if path.parent != folder:
            shutil.rmtree(path.parent)
    print(f"{arguments.files} files: {', '.join(f'{n} {what}' for what, n in counts.items())}; {different} differ")
    if not different and not arguments.keep:
        folder.rmdir()
    return different > 0


def compare_again(path, written, columns):
    """Whether pyarrow reads other text than it wrote."""
    try:
        table = read_table(path)
        return table_values.expected_text(table, columns) != table_values.expected_text(written, columns)
    except (pa.ArrowException, OSError, SystemError):
        return True


def conformance(arguments):
    counts = collections.Counter()
    files = (p for root in arguments.folders for p in sorted(pathlib.Path(root).rglob("*")) if p.is_file())
    for path in files:
        try:
            table = read_table(path)
        except Exception as problem:  # damaged on purpose, or no table
            code, _, message = cat(arguments.bert, path, "text")
            counts["pyarrow refuses, bert " + ("refuses" if code == 1 else f"ends with {code}")] += 1
            continue
        for column in text_columns(table):
            try:
                problem = compare(arguments.bert, path, table, [column])
            except ValueError as reason:  # pyarrow cannot make Python values of it
                counts["pyarrow has no values"] += 1
                continue
            counts["same" if not problem else "refused" if problem.startswith("bert: ") else "DIFFERENT"] += 1
            if problem:
                print(f"{path}: {column[0]}: {problem}")
    print(", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return counts["DIFFERENT"] > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bert")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writer", choices=WRITERS)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    sys.exit(conformance(arguments) if arguments.folders else generate(arguments))


main()
