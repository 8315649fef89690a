"""The writers of Parquet and Arrow, each with random tables and settings. A writer returns the path
of its file, and the table in it where that is known without reading the file."""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from random_columns import FORMS, KINDS, Maker, chunked, make_table


def write_pyarrow_ipc(r, path):
    table = make_table(r, FORMS, KINDS, Maker.other)
    stream = r.random() < 0.5
    is_old = r.random() < 0.2  # pyarrow 26.0.1 cannot read compressed bodies of version 4 again
    options = pa.ipc.IpcWriteOptions(
        compression=None if is_old else r.choice([None, "lz4", "zstd"]),
        use_legacy_format=r.random() < 0.2,
        metadata_version=pa.ipc.MetadataVersion.V4 if is_old else pa.ipc.MetadataVersion.V5,
        emit_dictionary_deltas=r.random() < 0.5,
        unify_dictionaries=not stream,
    )
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
    options = pa.ipc.IpcWriteOptions(
        emit_dictionary_deltas=grows, compression=r.choice([None, "lz4", "zstd"])
    )
    schema = pa.schema([("n", pa.float32()), ("text", pa.dictionary(pa.int32(), kind))])
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(
        str(path), schema, options=options
    ) as writer:
        for _ in range(r.randint(1, 5)):
            size = min(size + r.randint(1, 9), len(words)) if grows else r.randint(1, 20)
            values = words[:size] if grows else r.sample(words, size)
            values = [v.encode() for v in values] if kind == pa.binary() else values
            indices = [r.choice([None, r.randrange(size)]) for _ in range(r.randint(0, 12))]
            text = pa.DictionaryArray.from_arrays(
                pa.array(indices, pa.int32()), pa.array(values, kind)
            )
            batches.append(
                pa.record_batch([pa.array([1.5] * len(indices), pa.float32()), text], schema=schema)
            )
            writer.write_batch(batches[-1])
    return path, pa.Table.from_batches(batches, schema)


PARQUET_FORMS = [
    "plain",
    "plain",
    "plain",
    "dictionary",
    "list",
    "large_list",
    "fixed_list",
    "lists",
    "struct",
    "list_of_structs",
    "struct_of_list",
    "map",
]


def parquet_other(maker):
    while True:
        array = maker.other()
        if not (
            pa.types.is_union(array.type)
            or pa.types.is_interval(array.type)
            or array.type == pa.month_day_nano_interval()
            or pa.types.is_duration(array.type)
        ):
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
            choices = {
                "BYTE_ARRAY": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
                "INT32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
                "DOUBLE": ["PLAIN", "BYTE_STREAM_SPLIT"],
                "BOOLEAN": ["PLAIN", "RLE"],
            }.get(kind)
            if choices:
                encodings[name] = r.choice(choices)
        options["column_encoding"] = encodings
    elif r.random() < 0.5:
        options["dictionary_pagesize_limit"] = r.choice([1, 50, 500])
    pq.write_table(
        table,
        path,
        compression=r.choice(["none", "snappy", "gzip", "brotli", "zstd", "lz4"]),
        version=r.choice(["1.0", "2.4", "2.6"]),
        data_page_version=r.choice(["1.0", "2.0"]),
        data_page_size=r.choice([1, 64, 1000, None]),
        write_batch_size=r.choice([1, 4, 64, None]),
        row_group_size=r.choice([1, 5, 16, None]),
        write_page_checksum=r.random() < 0.3,
        write_page_index=r.random() < 0.3,
        use_compliant_nested_type=r.random() < 0.7,
        store_schema=r.random() < 0.5,
        allow_truncated_timestamps=True,
        write_statistics=r.random() < 0.7,
        **options,
    )
    return path, table


def frame(r):
    """Columns as lists, for the writers that have types of their own."""
    maker = Maker(r, r.choice([1, 2, 7, 40, 300]))
    return maker, {
        "n": maker.column(lambda: r.randint(0, 9)),
        "text": maker.words(),
        "items": maker.column(maker.list_of(maker.word)),
        "f": maker.column(r.random),
    }


def polars_frame(r):
    import polars as pl

    maker, columns = frame(r)
    frame_ = pl.DataFrame(
        {
            "f": pl.Series(columns["f"], dtype=r.choice([pl.Float32, pl.Float64])),
            "text": pl.Series(columns["text"], dtype=pl.String),
            "kind": pl.Series(maker.words(), dtype=pl.String).cast(pl.Categorical),
            "n": pl.Series(columns["n"], dtype=r.choice([pl.Int8, pl.UInt64, pl.Int32])),
            "raw": pl.Series(maker.column(lambda: maker.word().encode()), dtype=pl.Binary),
            "items": pl.Series(columns["items"], dtype=pl.List(pl.String)),
            "deep": pl.Series(
                maker.column(maker.list_of(maker.list_of(maker.word))),
                dtype=pl.List(pl.List(pl.String)),
            ),
            "fixed": pl.Series(
                maker.column(maker.list_of(maker.word, 2)), dtype=pl.Array(pl.String, 2)
            ),
            "s": pl.Series(
                maker.column(lambda: {"a": maker.word(), "b": 1}),
                dtype=pl.Struct({"a": pl.String, "b": pl.Int64}),
            ),
            "d": pl.Series(
                maker.column(lambda: datetime.datetime(2020, 1, 1)), dtype=pl.Datetime("us")
            ),
            "t": pl.Series(maker.column(lambda: datetime.time(1, 2)), dtype=pl.Time),
        }
    )
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
        table.write_parquet(
            path,
            compression=r.choice(["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"]),
            statistics=r.random() < 0.5,
            row_group_size=r.choice([None, 1, 9]),
            data_page_size=r.choice([None, 64]),
        )
    else:
        (table.write_ipc if how == "ipc" else table.write_ipc_stream)(
            path,
            compression=r.choice(["uncompressed", "lz4", "zstd"]),
            compat_level=r.choice([pl.CompatLevel.newest(), pl.CompatLevel.oldest()]),
        )
    return path, None


def write_duckdb(r, path):
    import duckdb

    maker, columns = frame(r)
    table = pa.table(
        {
            "n": pa.array(columns["n"], pa.int16()),
            "f": pa.array(columns["f"], pa.float64()),
            "text": pa.array(columns["text"]),
            "items": pa.array(columns["items"], pa.list_(pa.string())),
            "raw": pa.array(maker.column(lambda: maker.word().encode()), pa.binary()),
            "s": pa.array(
                maker.column(lambda: {"a": maker.word(), "b": [maker.word()]}),
                pa.struct([("a", pa.string()), ("b", pa.list_(pa.string()))]),
            ),
            "deep": pa.array(
                maker.column(maker.list_of(maker.list_of(maker.word))),
                pa.list_(pa.list_(pa.string())),
            ),
            "m": pa.array(
                maker.column(lambda: [("k", maker.word())]), pa.map_(pa.string(), pa.string())
            ),
        }
    )
    names = table.column_names
    r.shuffle(names)
    selected = ", ".join(f'"{n}"' for n in names)
    options = [
        f"CODEC {r.choice(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])}",
        f"PARQUET_VERSION {r.choice(['V1', 'V2'])}",
    ]
    if r.random() < 0.3:
        options.append("DICTIONARY_SIZE_LIMIT 1")
    connection = duckdb.connect()
    connection.register("t", table)
    if r.random() < 0.3:
        selected += ", CAST(n AS VARCHAR)::ENUM('0','1','2','3','4','5','6','7','8','9') AS e"
    connection.execute(
        f"COPY (SELECT {selected} FROM t) TO '{path}' (FORMAT PARQUET, {', '.join(options)})"
    )
    connection.close()
    return path, None


def write_pandas(r, path):
    import pandas

    maker, columns = frame(r)
    table = pandas.DataFrame(
        {
            "f": columns["f"],
            "text": columns["text"],
            "kind": pandas.Categorical(columns["text"]),
            "when": [pandas.Timestamp("2020-01-01")] * maker.rows,
        }
    )
    if r.random() < 0.5:
        table["text"] = table["text"].astype(r.choice(["string", "object"]))
    how = r.choice(["feather", "pyarrow", "fastparquet"])
    if how == "feather":
        table.to_feather(path, compression=r.choice(["lz4", "zstd", "uncompressed"]))
    elif how == "pyarrow":
        table.to_parquet(
            path, engine="pyarrow", compression=r.choice(["snappy", "gzip", "zstd", None])
        )
    else:
        import fastparquet

        table["text"] = table["text"].astype("object").where(table["text"].notna(), None)
        fastparquet.write(
            str(path),
            table,
            compression=r.choice(["SNAPPY", "GZIP", "ZSTD", "LZ4", None]),
            row_group_offsets=r.choice([3, 1000]),
            object_encoding="infer" if table["text"].notna().any() else "utf8",
        )
    return path, None


def write_datasets(r, path):
    import datasets

    maker, columns = frame(r)
    features = {
        "score": datasets.Value("float64"),
        "text": datasets.Value(r.choice(["string", "large_string"])),
        "items": datasets.List(datasets.Value("string")),
        "turns": datasets.List(
            {"role": datasets.Value("string"), "content": datasets.Value("string")}
        ),
        "translation": {"de": datasets.Value("string"), "en": datasets.Value("string")},
    }
    rows = {
        "score": columns["f"],
        "text": columns["text"],
        "items": columns["items"],
        "turns": maker.column(maker.list_of(lambda: {"role": "user", "content": maker.word()})),
        "translation": [
            {"de": maker.maybe(maker.word), "en": maker.maybe(maker.word)}
            for _ in range(maker.rows)
        ],
    }
    names = list(features)
    r.shuffle(names)
    data = datasets.Dataset.from_dict(
        {n: rows[n] for n in names}, datasets.Features({n: features[n] for n in names})
    )
    if r.random() < 0.5:
        data.to_parquet(str(path), batch_size=r.choice([3, 1000]))
        return path, None
    folder = path.with_suffix(".saved")
    data.save_to_disk(folder, num_shards=1)
    return next(folder.glob("*.arrow")), None


WRITERS = {
    "pyarrow-ipc": (write_pyarrow_ipc, 8),
    "dictionaries": (write_dictionaries, 2),
    "pyarrow-parquet": (write_pyarrow_parquet, 8),
    "polars": (write_polars, 4),
    "duckdb": (write_duckdb, 3),
    "pandas": (write_pandas, 3),
    "datasets": (write_datasets, 1),
}
