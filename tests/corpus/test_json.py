#!/usr/bin/env python3
"""Random JSON of every layout: what `bert cat` prints is what a few lines of Python find in the same values.

    tests/corpus/test_json.py BERT [FILES]
"""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile

draw = random.Random(5)
MISSING, FOUND, WRONG = range(3)
NAMES = ["text", "id", "a", "b", "a.b", "b.a", "c,d", "title", "\u00e4", "x\ny"]
PATHS = ["text", "a", "a.b", "b.a", "a.b.a", "text,a", "a.b,text", "c,d", "b"]
WORDS = ["One.", "two", "\u00e4\u20ac", "\U0001f600", "\n", " ", "\t", "\r\n", "\"", "\\", "/", "\x00", "\x7f", "\ud800",
         "\u2028", "x" * 300, "{", "]", ","]


def random_string():
    return "".join(draw.choice(WORDS) for _ in range(draw.choice([0, 1, 2, 5, 12])))


def other(depth):
    """A value that holds no text."""
    kind = draw.randrange(4 if depth > 0 else 3)
    if kind == 0:
        return draw.choice([0, -1, 2**64, 10**40, 0.5, 1e300, float("nan"), float("inf"), float("-inf")])
    if kind == 1:
        return draw.choice([True, False])
    return random_string() if kind == 2 else {draw.choice(NAMES): other(depth - 1) for _ in range(draw.randrange(4))}


def wanted(depth=2):
    """A value that is text, or leads to it."""
    kind = draw.randrange(8)
    if kind < 4 or depth == 0:
        return random_string()
    if kind == 4:
        return None
    if kind == 5:
        return {name: wanted(depth - 1) for name in draw.sample(NAMES, draw.randrange(1, 5))}
    return [wanted(depth - 1) for _ in range(draw.randrange(5))]


def random_row(names):
    row = {name: other(2) for name in draw.sample(NAMES, draw.randrange(5))}
    for name in names:
        steps = draw.choice([[name], name.split(".")]) if draw.random() < 0.9 else name.rsplit(".", 1)
        value = wanted()
        for step in reversed(steps[1:]):
            value = draw.choice([{step: value}, {step: value}, [{step: value}, {step: wanted()}]])
        row[steps[0]] = value
    items = list(row.items())
    draw.shuffle(items)
    return dict(items)


def take(value, path, in_list=False):
    """What a path finds: whether, and a list of (string, whether it is an element of a list)."""
    if value is None:
        return FOUND, []
    if isinstance(value, list):
        results = [take(element, path, True) for element in value]
        match = max([match for match, _ in results], default=FOUND)
        return max(match, FOUND) if path == "" else match, [text for _, texts in results for text in texts]
    if isinstance(value, dict) and path != "":
        for end in sorted({m.start() for m in re.finditer(r"\.", path)} | {len(path)}, reverse=True):
            if path[:end] in value:
                result = take(value[path[:end]], path[end + 1:], in_list)
                if result[0] != MISSING:
                    return result
        return MISSING, []
    return (FOUND, [(value, in_list)]) if isinstance(value, str) and path == "" else (WRONG, [])


def document(row, fields, layout):
    """The text of a row; None if it is an error."""
    is_one_name = "," in fields and layout != "star" and take(row, fields)[0] != MISSING
    paths = [fields] if is_one_name else fields.split(",")
    lines = []
    for path in paths:
        match, texts = take(row, path)
        if match != FOUND:
            return None
        for text, in_list in texts:
            lines += [text.replace("\r\n", "  ").replace("\n", " ")] if in_list else text.split("\n")
    lines = [line.strip(" \t\r\v\f") for line in lines]
    return re.sub("[\ud800-\udfff]", "\ufffd", "\n".join(line for line in lines if line))


def write(rows, layout):
    options = {"ensure_ascii": draw.random() < 0.5, "indent": draw.choice([None, None, 1])}

    def dumps(value):
        text = json.dumps(value, **options)
        return re.sub("[\ud800-\udfff]", lambda m: "\\u%04x" % ord(m[0]), text)

    if layout == "array":
        return dumps(rows)
    if layout == "star":
        return dumps({"v": 1, "data": draw.choice([rows, dict(enumerate(rows))])})
    return draw.choice(["\n", "\r\n", " \n\n", ""]).join(map(dumps, rows)) + draw.choice(["", "\n"])


def check(bert, folder, number):
    fields = draw.choice(PATHS)
    rows = [random_row(draw.choice([[fields], fields.split(",")])) for _ in range(draw.choice([1, 3, 20]))]
    layout = draw.choice(["rows", "rows", "array", "star"])
    documents = [document(row, fields, layout) for row in rows]
    if draw.random() < 0.8:  # most files without an error
        rows = [row for row, text in zip(rows, documents) if text is not None]
        documents = [text for text in documents if text is not None]
    content = ("\ufeff" * (draw.random() < 0.1) + write(rows, layout)).encode()
    name = os.path.join(folder, "%d%s" % (number, draw.choice([".jsonl", ".json", ".ndjson"])))
    if draw.random() < 0.2:
        name, content = name + ".gz", gzip.compress(content)
    with open(name, "wb") as file:
        file.write(content)
    option = ",".join("data.*." + path for path in fields.split(",")) if layout == "star" else fields
    result = subprocess.run([bert, "cat", "--text-field", option, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if None in documents:
        assert result.returncode == 1 and result.stderr.startswith(b"bert: error: " + name.encode()), (name, result)
        return 0
    expected = "\n\n".join(text for text in documents if text)
    if not expected:
        assert result.returncode == 1, (name, option, result)
        return 0
    assert result.stdout.decode() == expected + "\n", (name, option, result, expected)
    return len(documents)


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    with tempfile.TemporaryDirectory() as folder:
        documents = sum(check(sys.argv[1], folder, number) for number in range(count))
    assert documents > count, documents
    print(f"{count} files, {documents} rows")


main()
