#!/usr/bin/env python3
"""Compares tables of text with what Python's csv module reads, cell by cell, on files of random
cells in many dialects; also with pyarrow and polars where the interpreter has them.

    test_against_csv.py DRIVER [FILES]      (3,000 files; needs no package)
"""
import csv
import io
import json
import random
import subprocess
import sys
import tempfile

try:
    import pyarrow
    import pyarrow.csv
except ImportError:
    pyarrow = None
try:
    import polars
except ImportError:
    polars = None

driver = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
randomly = random.Random(17)
PIECES = ["a", "word", "two words", "é", "中文", "0", "-1.5", " ", ",", ";", "\t", "|", '"', '""',
          "'", "\n", "\r\n", "\n\n", "\\", "#", "", "null", "text", "=", "\x0b", "\u2028"]


def random_cell(forbidden=""):
    cell = "".join(randomly.choice(PIECES) for _ in range(randomly.choice((0, 1, 1, 2, 3, 6))))
    if randomly.random() < 0.002:
        cell += "long " * randomly.randrange(300_000)  # longer than a buffer
    return "".join(c for c in cell if c not in forbidden)


def random_dialect():
    """Name, delimiter, quotation mark, and which cells stand in it."""
    delimiter = randomly.choice(",,,;\t|")
    quote = randomly.choice("\"\"\"'")
    quoting = randomly.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    name = randomly.choice(("csv", "csv", "data", "txt"))
    if quote == "'":
        quoting = csv.QUOTE_ALL  # seen by the header alone
    elif delimiter == "\t" and name != "csv":
        name = randomly.choice((name, "tsv", "tab"))
        quoting = randomly.choice((csv.QUOTE_ALL, csv.QUOTE_NONE))
    return name, delimiter, quote, quoting


def make_file(path_of):
    name, delimiter, quote, quoting = random_dialect()
    header = ["text", "id", "label 1", "note"][:randomly.randrange(1, 5)]
    if len(header) == 1 and quoting != csv.QUOTE_NONE:
        delimiter = ","  # nothing tells another one
    randomly.shuffle(header)
    forbidden = "\t\r\n" if quoting == csv.QUOTE_NONE else ""
    rows = [[random_cell(forbidden) for _ in header] for _ in range(randomly.randrange(8))]
    if quoting == csv.QUOTE_NONE and len(header) == 1:
        rows = [row for row in rows if row[0]]  # a blank line is no row
    ending = randomly.choice(("\n", "\r\n"))
    if quoting == csv.QUOTE_NONE:
        content = "".join(delimiter.join(row) + ending for row in [header, *rows])
    else:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, quotechar=quote, quoting=quoting,
                   lineterminator=ending).writerows([header, *rows])
        content = out.getvalue()
    if randomly.random() < 0.3:
        content = content[:-len(ending)]
    if randomly.random() < 0.2:
        content = "\ufeff" + content
    column = randomly.choice(header)
    if len(header) == 1 and delimiter == "\t":
        name = "tsv"
    path = path_of + "." + name
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(content)
    return path, column, delimiter, quote, quoting


def by_csv(path, column, delimiter, quote, quoting):
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(
            file, delimiter=delimiter, quotechar=quote, strict=True,
            quoting=csv.QUOTE_NONE if quoting == csv.QUOTE_NONE else csv.QUOTE_MINIMAL) if row]
    return [row[rows[0].index(column)] for row in rows[1:]]


def by_pyarrow(path, column, delimiter, quote, quoting):
    read = pyarrow.csv.read_csv(
        path, read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=1 << 24),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, quote_char=False if quoting == csv.QUOTE_NONE else quote,
            newlines_in_values=quoting != csv.QUOTE_NONE),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={column: pyarrow.string()}, include_columns=[column]))
    return read[column].to_pylist()


def by_polars(path, column, delimiter, quote, quoting):
    read = polars.read_csv(path, separator=delimiter, infer_schema=False,
                           quote_char=None if quoting == csv.QUOTE_NONE else quote)
    return [cell or "" for cell in read[column].to_list()]


def compare(files, answers, oracle, strict):
    """Where an oracle itself refuses a file, there is nothing to compare."""
    compared = 0
    for file, answer in zip(files, answers):
        try:
            expected = oracle(*file)
        except Exception:
            if strict:
                raise
            continue
        # Line breaks in cells are line feeds.
        expected = [cell.replace("\r\n", "\n") for cell in expected]
        if isinstance(answer, list):
            answer = [cell.replace("\r\n", "\n") for cell in answer]
        if answer != expected:
            with open(file[0], "rb") as content:
                sys.exit(f"{oracle.__name__}: {file[1:]}\n{content.read()[:2000]}\n"
                         f"expected {expected!r:.1000}\nfound    {answer!r:.1000}")
        compared += 1
    print(f"{oracle.__name__}: {compared} of {len(files)} files are the same")
    if compared < len(files) * 0.8:
        sys.exit("too few compared")


with tempfile.TemporaryDirectory() as folder:
    made = [make_file(f"{folder}/{i}") for i in range(count)]
    asked = "".join(f"{path}\t{column}\n" for path, column, *_ in made)
    output = subprocess.run([driver], input=asked, capture_output=True, check=True,
                            encoding="utf-8")
    read = [json.loads(line) for line in output.stdout.split("\n")[:-1]]
    assert len(read) == count
    compare(made, read, by_csv, strict=True)
    if pyarrow:
        compare(made, read, by_pyarrow, strict=False)
    if polars:
        compare(made, read, by_polars, strict=False)
