#!/usr/bin/env python3
"""Writes tests/dataset/pretokenized/: pre-tokenized data sets, saved by Hugging Face datasets.

    tests/with-python datasets tests/dataset/make-pretokenized.py [--forms]

Made with datasets 5.2.0 and pyarrow 26.0.1 (splits and segments with an earlier one; --forms leaves
them alone). The files are committed, so that the tests do not need this script. Row n is [CLS] A [SEP] B [SEP] [PAD]...,
32 ids; A has 3 + n % 7 tokens and B 1 + n % 5, with consecutive ids from 5 + n % 20 on; its label is
n % 3 == 0.
"""

import pathlib
import shutil
import sys
import tempfile
import zipfile

import datasets
import pyarrow.parquet

PAD, CLS, SEP, MASK, LENGTH, UNMASKED = 0, 2, 3, 4, 32, -100


def make_row(n):
    first, second = 3 + n % 7, 1 + n % 5
    text = list(range(5 + n % 20, 5 + n % 20 + first + second))
    ids = [CLS] + text[:first] + [SEP] + text[first:] + [SEP]
    types = [0] * (first + 2) + [1] * (second + 1)
    padding = LENGTH - len(ids)
    return {
        "input_ids": ids + [PAD] * padding,
        "token_type_ids": types + [0] * padding,
        "attention_mask": [1] * len(ids) + [0] * padding,
        "next_sentence_label": int(n % 3 == 0),
    }


def make_bare_row(n):
    """The same without padding, with a boolean label and what DataCollatorForLanguageModeling masks."""
    row = make_row(n)
    count = sum(row["attention_mask"])
    row = {key: value[:count] if isinstance(value, list) else value for key, value in row.items()}
    row["next_sentence_label"] = n % 3 == 0
    row["special_tokens_mask"] = [int(i in (CLS, SEP)) for i in row["input_ids"]]
    row["labels"] = [UNMASKED] * count
    for i in range(2 + n % 2, count - 1, 5):
        if row["input_ids"][i] != SEP:
            row["labels"][i] = row["input_ids"][i]
            row["input_ids"][i] = MASK if i % 10 < 8 else 44
    return row


def write_saved():
    features = datasets.Features({
        "input_ids": datasets.Sequence(datasets.Value("int32")),
        "token_type_ids": datasets.Sequence(datasets.Value("int8")),
        "attention_mask": datasets.Sequence(datasets.Value("int8")),
        "next_sentence_label": datasets.Value("int64"),
    })
    rows = datasets.Dataset.from_list([make_row(n) for n in range(48)], features=features)
    held_out = datasets.Dataset.from_list([make_row(n) for n in range(48, 60)], features=features)
    datasets.DatasetDict({"train": rows, "validation": held_out}).save_to_disk(
        str(folder / "splits"), num_shards={"train": 2, "validation": 1})
    segments = rows.select(range(12)).remove_columns(["token_type_ids", "attention_mask",
                                                     "next_sentence_label"])
    segments.save_to_disk(str(folder / "segments"))


def write_forms():
    """The 48 and 12 rows again: on the Hub, in JSON lines, and in an archive with its members backwards."""
    features = datasets.Features({
        "input_ids": datasets.LargeList(datasets.Value("uint16")),
        "token_type_ids": datasets.Sequence(datasets.Value("uint8")),
        "attention_mask": datasets.Sequence(datasets.Value("bool")),
        "special_tokens_mask": datasets.Sequence(datasets.Value("int8")),
        "labels": datasets.Sequence(datasets.Value("int16")),
        "next_sentence_label": datasets.Value("bool"),
    })
    splits = datasets.DatasetDict({
        "train": datasets.Dataset.from_list([make_bare_row(n) for n in range(48)], features=features),
        "validation": datasets.Dataset.from_list([make_bare_row(n) for n in range(48, 60)], features=features),
    })
    forms = folder / "forms"
    shutil.rmtree(forms, ignore_errors=True)
    (forms / "hub" / "data").mkdir(parents=True)
    (forms / "lines").mkdir()
    (forms / "encodings").mkdir()
    for name, rows in splits.items():
        rows.to_parquet(forms / "hub" / "data" / f"{name}-00000-of-00001.parquet")
        rows.to_json(forms / "lines" / f"{name}.jsonl")
    table = splits["train"].data.table
    deltas = {f"{name}.list.element": "DELTA_BINARY_PACKED" for name in ("input_ids", "token_type_ids", "labels")}
    pyarrow.parquet.write_table(table, forms / "encodings" / "plain.parquet", use_dictionary=False,
                                compression="none")
    pyarrow.parquet.write_table(table, forms / "encodings" / "deltas.parquet", use_dictionary=False,
                                column_encoding=deltas, data_page_version="2.0", compression="none")
    pyarrow.parquet.write_table(table, forms / "encodings" / "groups.parquet", row_group_size=11,
                                data_page_size=64, compression="snappy")
    shutil.copy(forms / "lines" / "train.jsonl", forms / "encodings")
    with tempfile.TemporaryDirectory() as saved:
        splits.save_to_disk(saved + "/set", num_shards={"train": 3, "validation": 1})
        with zipfile.ZipFile(forms / "published.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(pathlib.Path(saved).rglob("*.*"), reverse=True):
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(saved))), path.read_bytes(),
                                 zipfile.ZIP_DEFLATED)


folder = pathlib.Path(__file__).parent / "pretokenized"
if "--forms" not in sys.argv[1:]:
    shutil.rmtree(folder, ignore_errors=True)
    write_saved()
write_forms()
