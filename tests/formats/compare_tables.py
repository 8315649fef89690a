#!/usr/bin/env python3
"""Writes tables of all types with all writers and compares what `bert cat` prints of each with what
pyarrow reads. tests/formats/thorough calls it.

    compare_tables.py BERT [--files N] [--seed N] [--writer NAME] [--keep FOLDER]
    compare_tables.py BERT FOLDER...       files of others, e.g. apache/parquet-testing

A file that differs is named and kept. Exits with 1 if one did.
"""

import argparse
import collections
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

import table_values
from table_writers import WRITERS


def read_table(path):
    data = path.read_bytes()
    if data[:4] == b"PAR1":
        return pq.ParquetFile(pa.BufferReader(data), arrow_extensions_enabled=False).read()
    if data[:6] == b"ARROW1":
        return pa.ipc.open_file(pa.BufferReader(data)).read_all()
    return pa.ipc.open_stream(pa.BufferReader(data)).read_all()


def cat(bert, path, fields):
    done = subprocess.run(
        [bert, "cat", "--text-field", fields, str(path)], capture_output=True, timeout=300
    )
    return (
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace").strip(),
    )


def first_difference(found, expected):
    at = next(
        (i for i, (a, b) in enumerate(zip(found, expected)) if a != b),
        min(len(found), len(expected)),
    )
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
            print(
                f"{path}: {', '.join(f'{name} ({kind})' for name, kind, *_ in columns)}: {problem}"
            )
            continue
        if written is not None and compare_again(path, written, columns):
            counts["files that pyarrow reads differently from what it wrote"] += 1
        path.unlink()
        if path.parent != folder:
            shutil.rmtree(path.parent)
    print(
        f"{arguments.files} files: {', '.join(f'{n} {what}' for what, n in counts.items())}; "
        f"{different} differ"
    )
    if not different and not arguments.keep:
        folder.rmdir()
    return different > 0


def compare_again(path, written, columns):
    """Whether pyarrow reads other text than it wrote."""
    try:
        table = read_table(path)
        return table_values.expected_text(table, columns) != table_values.expected_text(
            written, columns
        )
    except (pa.ArrowException, OSError, SystemError):
        return True


def conformance(arguments):
    counts = collections.Counter()
    files = (
        p
        for root in arguments.folders
        for p in sorted(pathlib.Path(root).rglob("*"))
        if p.is_file()
    )
    for path in files:
        try:
            table = read_table(path)
        except Exception:  # damaged on purpose, or no table
            code, _, message = cat(arguments.bert, path, "text")
            counts[
                "pyarrow refuses, bert " + ("refuses" if code == 1 else f"ends with {code}")
            ] += 1
            continue
        for column in text_columns(table):
            try:
                problem = compare(arguments.bert, path, table, [column])
            except ValueError:  # pyarrow cannot make Python values of it
                counts["pyarrow has no values"] += 1
                continue
            counts[
                (
                    "same"
                    if not problem
                    else "refused" if problem.startswith("bert: ") else "DIFFERENT"
                )
            ] += 1
            if problem:
                print(f"{path}: {column[0]}: {problem}")
    print(", ".join(f"{n} {what}" for what, n in counts.most_common()))
    return counts["DIFFERENT"] > 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bert")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writer", choices=WRITERS)
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    sys.exit(conformance(arguments) if arguments.folders else generate(arguments))


main()
