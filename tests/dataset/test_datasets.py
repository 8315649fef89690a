"""Pre-tokenized data sets in all the forms that Hugging Face's `datasets` writes: the rows that
bert trains on equal those that `datasets` reads.

    tests/with-python datasets tests/dataset/test_datasets.py BERT

Written with datasets 5.2.0 and pyarrow 26.0.1. The rows are compared through `bert inspect --json`,
whose samples have the ids as a model gets them, with what was masked in `labels`.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.parquet  # noqa: E402

datasets.disable_progress_bars()
PAD, UNK, CLS, SEP, MASK = range(5)
VOCABULARY, LENGTH, UNMASKED = 120, 40, -100
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
random.seed(7)


def text(count):
    return [random.randrange(5, VOCABULARY) for _ in range(count)]


def pair(n):
    first, second = text(3 + n % 11), text(1 + n % 6)
    ids = [CLS] + first + [SEP] + second + [SEP]
    return {
        "input_ids": ids,
        "token_type_ids": [0] * (len(first) + 2) + [1] * (len(second) + 1),
        "attention_mask": [1] * len(ids),
        "special_tokens_mask": [int(i in (CLS, SEP)) for i in ids],
        "next_sentence_label": n % 3 == 0,
    }


def padded(row, left=False):
    missing = LENGTH - len(row["input_ids"])
    fill = {"input_ids": PAD, "special_tokens_mask": 1}
    return {
        key: value if not isinstance(value, list) else
        [fill.get(key, 0)] * missing + value if left else value + [fill.get(key, 0)] * missing
        for key, value in row.items()
    }


def stripped(row):
    """What of a row is a sample: its tokens that are not padding."""
    ids = row["input_ids"]
    attention = row.get("attention_mask") or [int(i != PAD) for i in ids]
    kept = [i for i in range(len(ids)) if attention[i]]
    types = row.get("token_type_ids") or [0] * len(ids)
    label = row.get("next_sentence_label")
    return ([ids[i] for i in kept], [types[i] for i in kept], None if label is None else int(label))


def inspect(data, *options):
    done = subprocess.run(
        [PROGRAM, "inspect", "--tokenizer", "vocab.txt", "--max-seq-length", str(LENGTH), "--top", "100000",
         "--json", *options, data], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{data}: {done.stderr}")
    report = json.loads(done.stdout)
    samples = []
    for sample in report["samples"]:
        ids = [was if was != UNMASKED else i for i, was in zip(sample["input_ids"], sample["labels"])]
        samples.append((ids, sample["token_type_ids"], sample["next_sentence_label"]))
    return report, sorted(samples, key=repr)


def check(name, data, rows, *options):
    report, samples = inspect(str(data), *options)
    expected = sorted((stripped(row) for row in rows), key=repr)
    assert samples == expected, f"{name}: {len(samples)} rows, expected {len(expected)}; the first that differ: " + repr(
        next(((a, b) for a, b in zip(samples, expected) if a != b), None))
    print(f"{name}: {len(samples)} rows")
    return report


def features(ids, label="bool", sequence=datasets.List):
    return datasets.Features({
        "input_ids": sequence(datasets.Value(ids)),
        "token_type_ids": sequence(datasets.Value("int8")),
        "attention_mask": sequence(datasets.Value("int8")),
        "special_tokens_mask": sequence(datasets.Value("int8")),
        "next_sentence_label": datasets.Value(label),
    })


def all_types(rows):
    for ids in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        for label in ("bool", "int8", "int64", "uint8"):
            data = datasets.Dataset.from_list(rows, features=features(ids, label))
            folder = f"types/{ids}-{label}"
            data.save_to_disk(folder)
            check(folder, folder, datasets.load_from_disk(folder))
            data.to_parquet(folder + ".parquet")
            check(folder + ".parquet", folder + ".parquet", datasets.Dataset.from_parquet(folder + ".parquet"))
    large = datasets.Dataset.from_list(rows, features=features("int32", sequence=datasets.LargeList))
    large.save_to_disk("types/large")
    check("large lists", "types/large", datasets.load_from_disk("types/large"))
    fixed = [padded(row) for row in rows]
    lists = features("uint16", sequence=lambda value: datasets.List(value, length=LENGTH))
    for left in (False, True):
        data = datasets.Dataset.from_list([padded(row, left) for row in rows], features=lists)
        data.save_to_disk(f"types/fixed-{left}")
        check("fixed-size lists", f"types/fixed-{left}", datasets.load_from_disk(f"types/fixed-{left}"))
        data.to_parquet(f"types/fixed-{left}.parquet")
        check("fixed-size lists, Parquet", f"types/fixed-{left}.parquet", fixed)


def all_splits(rows):
    data = datasets.Dataset.from_list(rows)
    count = len(rows) * 3 // 4
    split = datasets.DatasetDict({
        "train": data.select(range(count)),
        "validation": data.select(range(count, len(rows) - 5)),
        "test": data.select(range(len(rows) - 5, len(rows))),
    })
    split.save_to_disk("splits/saved", num_shards={"train": 3, "validation": 2, "test": 1})
    (pathlib.Path("splits/hub/data")).mkdir(parents=True)
    pathlib.Path("splits/lines").mkdir()
    for name, part in split.items():
        for index in range(2):
            part.shard(2, index, contiguous=True).to_parquet(
                f"splits/hub/data/{name}-{index:05}-of-00002.parquet")
        part.to_json(f"splits/lines/{name}.jsonl")
        part.to_json(f"splits/lines-packed/{name}.jsonl.gz", compression="gzip")
        pathlib.Path(f"splits/converted/default/{name}").mkdir(parents=True)
        part.to_parquet(f"splits/converted/default/{name}/0000.parquet")
    shutil.make_archive("splits/saved", "zip", "splits", "saved")
    shutil.make_archive("splits/saved", "gztar", "splits/saved", ".")
    shutil.make_archive("splits/hub", "zip", "splits/hub", ".")
    # What load_from_disk(…).map(…) leaves in a folder is no part of the data set.
    stale = next(pathlib.Path("splits/saved/train").glob("*.arrow"))
    shutil.copy(stale, stale.with_name("cache-0123456789abcdef.arrow"))
    assert len(datasets.load_from_disk("splits/saved")["train"]) == count
    assert len(datasets.load_dataset("splits/hub", cache_dir="cache")["train"]) == count
    for form in ("saved", "hub", "lines", "lines-packed", "converted", "saved.zip", "saved.tar.gz", "hub.zip"):
        report = check(f"splits, {form}", f"splits/{form}", split["train"])
        assert report["validation"]["documents"] == len(split["validation"])
        for name in split:
            check(f"splits, {form}:{name}", f"splits/{form}:{name}", split[name])
    check("alias of a split", "splits/saved.zip:dev", split["validation"])
    check("pattern", "splits/hub/data/test-*.parquet", split["test"])
    odd = datasets.DatasetDict({"first": split["train"], "second": split["test"]})
    odd.save_to_disk("splits/odd")
    check("a split of another name", "splits/odd:second", split["test"])


def all_encodings(rows):
    schema = features("int32").arrow_schema
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    names = ["input_ids", "token_type_ids", "attention_mask", "special_tokens_mask"]
    leaves = [f"{name}.list.element" for name in names]
    for number, options in enumerate((
        {"use_dictionary": False},
        {"use_dictionary": False, "column_encoding": {leaf: "DELTA_BINARY_PACKED" for leaf in leaves}},
        {"use_dictionary": False, "column_encoding": {leaf: "DELTA_BINARY_PACKED" for leaf in leaves},
         "data_page_version": "2.0", "data_page_size": 300},
        {"data_page_version": "2.0", "compression": "zstd"},
        {"row_group_size": 7, "data_page_size": 100, "compression": "gzip"},
        {"version": "1.0", "compression": "brotli"},
    )):
        path = f"encoded-{number}.parquet"
        pyarrow.parquet.write_table(table, path, **options)
        check(f"{options}", path, pyarrow.parquet.read_table(path).to_pylist())
    wide = [dict(row, input_ids=[i for i in row["input_ids"]]) for row in rows]
    table = pyarrow.Table.from_pylist(wide, schema=features("int64").arrow_schema)
    pyarrow.parquet.write_table(table, "wide.parquet", use_dictionary=False,
                                column_encoding={leaf: "DELTA_BINARY_PACKED" for leaf in leaves[:1]})
    check("int64 by deltas", "wide.parquet", wide)
    with pyarrow.OSFile("stream.arrow", "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.slice(5).to_batches(max_chunksize=9):
            writer.write_batch(batch)
    check("a slice in a stream", "stream.arrow", wide[5:])
    with pyarrow.OSFile("file.arrow", "wb") as sink, pyarrow.ipc.new_file(
            sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    check("the file format, compressed", "file.arrow", wide)


def all_kinds_of_rows():
    # run_mlm.py without --line_by_line: texts with their special tokens, joined and cut.
    stream = [i for n in range(60) for i in [CLS] + text(2 + n % 9) + [SEP]]
    chunks = [{"input_ids": stream[i:i + LENGTH]} for i in range(0, len(stream) - LENGTH, LENGTH)]
    grouped = datasets.Dataset.from_list([
        dict(row, attention_mask=[1] * LENGTH, token_type_ids=[0] * LENGTH,
             special_tokens_mask=[int(i in (CLS, SEP)) for i in row["input_ids"]],
             labels=row["input_ids"]) for row in chunks])
    grouped.save_to_disk("grouped")
    check("cut out of a stream", "grouped", grouped)
    plain = datasets.Dataset.from_list([{"input_ids": text(LENGTH)} for _ in range(20)])
    plain.save_to_disk("plain")
    check("without special tokens", "plain", plain)
    single = datasets.Dataset.from_list([{"input_ids": [CLS] + text(LENGTH - 2) + [SEP]} for _ in range(9)])
    single.to_parquet("single.parquet")
    check("one segment of full length", "single.parquet", single)
    check("pairs without their labels", "types/int32-bool",
          datasets.load_from_disk("types/int32-bool").remove_columns("next_sentence_label"),
          "--no-next-sentence-prediction")
    # Masked beforehand, as DataCollatorForLanguageModeling does it.
    masked = []
    for row in single:
        ids, labels = list(row["input_ids"]), [UNMASKED] * LENGTH
        for i in random.sample(range(1, LENGTH - 1), 6):
            labels[i] = ids[i]
            ids[i] = random.choice([MASK] * 8 + [ids[i], random.randrange(5, VOCABULARY)])
        masked.append({"input_ids": ids, "labels": labels})
    datasets.Dataset.from_list(masked).save_to_disk("masked")
    report = check("masked beforehand", "masked", single)
    assert report["rows"]["restored_ids"] == sum(
        was not in (UNMASKED, i) for row in masked for i, was in zip(row["input_ids"], row["labels"]))
    empty = [{"input_ids": ids} for ids in ([CLS, SEP], [CLS, 9, SEP], [], [PAD] * 4, [CLS, 8, 7, SEP])]
    datasets.Dataset.from_list(empty).save_to_disk("empty")
    report = check("rows without text", "empty", [empty[1], empty[4]])
    assert report["rows"]["skipped"] == 3 and report["rows"]["first_skipped"].endswith(": row 1")


def refused():
    """What is no list of ids ends with one line that names the file, the column or row, and what it is."""
    for name, ids, message in (
        ("nested", [[[CLS, 7, SEP]]], "the column input_ids is list"),
        ("fractions", [[1.5, 2.5]], "the column input_ids is list<"),
        ("words", ["[CLS] a [SEP]"], "the column input_ids is "),
        ("null-id", [[CLS, 8, SEP], [CLS, None, SEP]], "row 2"),
        ("beyond", [[CLS, 8, SEP], [CLS, VOCABULARY, SEP]], f"row 2: id {VOCABULARY}, but the tokenizer has"),
        ("negative", [[CLS, -8, SEP]], "row 1: id -8, but the tokenizer has"),
    ):
        table = pyarrow.table({"input_ids": ids})
        pyarrow.parquet.write_table(table, f"refused-{name}.parquet")
        with pyarrow.OSFile(f"refused-{name}.arrow", "wb") as sink, pyarrow.ipc.new_stream(
                sink, table.schema) as writer:
            writer.write_table(table)
        for ending in ("parquet", "arrow"):
            path = f"refused-{name}.{ending}"
            done = subprocess.run(
                [PROGRAM, "pretrain", "--data", path, "--tokenizer", "vocab.txt", "--model", "tiny", "--output",
                 "run", "--no-next-sentence-prediction"], capture_output=True, text=True)
            assert done.returncode == 1, f"{path}: {done.returncode} {done.stderr}"
            assert done.stderr.count("\n") == 1 and path in done.stderr and message in done.stderr, done.stderr
            print(done.stderr.strip())


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{i}" for i in range(5, VOCABULARY)]
        pathlib.Path("vocab.txt").write_text("\n".join(words) + "\n")
        rows = [pair(n) for n in range(61)]
        all_types(rows)
        all_splits(rows)
        all_encodings(rows)
        all_kinds_of_rows()
        refused()


main()
