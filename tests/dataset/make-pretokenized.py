#!/usr/bin/env python3
"""Writes tests/dataset/pretokenized/: pre-tokenized data sets, saved by Hugging Face datasets.

    python -m venv VENV && VENV/bin/pip install datasets && VENV/bin/python tests/dataset/make-pretokenized.py

The files are committed, so that the tests do not need this script. Row n is [CLS] A [SEP] B [SEP] [PAD]...,
32 ids; A has 3 + n % 7 tokens and B 1 + n % 5, with consecutive ids from 5 + n % 20 on; its label is
n % 3 == 0.
"""

import pathlib
import shutil

import datasets

PAD, CLS, SEP, LENGTH = 0, 2, 3, 32


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


features = datasets.Features({
    "input_ids": datasets.Sequence(datasets.Value("int32")),
    "token_type_ids": datasets.Sequence(datasets.Value("int8")),
    "attention_mask": datasets.Sequence(datasets.Value("int8")),
    "next_sentence_label": datasets.Value("int64"),
})
folder = pathlib.Path(__file__).parent / "pretokenized"
shutil.rmtree(folder, ignore_errors=True)
rows = datasets.Dataset.from_list([make_row(n) for n in range(48)], features=features)
held_out = datasets.Dataset.from_list([make_row(n) for n in range(48, 60)], features=features)
datasets.DatasetDict({"train": rows, "validation": held_out}).save_to_disk(
    str(folder / "splits"), num_shards={"train": 2, "validation": 1})
segments = rows.select(range(12)).remove_columns(["token_type_ids", "attention_mask",
                                                 "next_sentence_label"])
segments.save_to_disk(str(folder / "segments"))
