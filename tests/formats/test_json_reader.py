#!/usr/bin/env python3
"""Random documents, whole and damaged, as Python's json reads them and as json_reader does.

    tests/formats/test_json_reader.py READ_JSON [COUNT]
"""
import json
import random
import subprocess
import sys

import json_text

draw = random.Random(11)
LETTERS = list('abc xyz0189"\\/\b\f\n\r\t\x00\x1f\x7fäß€中😀\u2028\ufeff\ud800\udfff') + ["word word", "12345678"]
NUMBERS = ["0", "-0", "1", "-12", "18446744073709551616", "1.5", "1e400", "-2E-7", "NaN", "Infinity", "-Infinity",
           "0.10", "123456789012345678901234567890.5"]


def random_string():
    return "".join(draw.choice(LETTERS) for _ in range(draw.choice([0, 1, 3, 9, 30, 200])))


def random_text(depth):
    """A document as text, laid out at random: json.dumps would not write all that is JSON."""
    def blank():
        return draw.choice(["", "", "", " ", "\n", "\t\r\n  "])

    def string():
        value = json.dumps(random_string(), ensure_ascii=draw.random() < 0.5)
        value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if '\\ud' not in value else value
        if draw.random() < 0.2:
            value = value.replace("a", "\\u0061").replace("/", "\\/")
        return "".join(c if not 0xD800 <= ord(c) < 0xE000 else "\\u%04X" % ord(c) for c in value)

    kind = draw.randrange(6 if depth > 0 else 4)
    if kind == 0:
        return draw.choice(NUMBERS)
    if kind == 1:
        return draw.choice(["true", "false", "null"])
    if kind < 4:
        return string()
    count = draw.choice([0, 1, 2, 5])
    if kind == 4:
        return "[" + ",".join(blank() + random_text(depth - 1) + blank() for _ in range(count)) + blank() * (
            count == 0) + "]"
    return "{" + ",".join(blank() + string() + blank() + ":" + blank() + random_text(depth - 1) + blank()
                          for _ in range(count)) + "}"


def damaged(document):
    """Some bytes changed, removed, doubled, or the end cut off; still UTF-8."""
    text = list(document)
    for _ in range(draw.choice([1, 1, 2, 4])):
        if not text:
            break
        place = draw.randrange(len(text))
        what = draw.randrange(4)
        if what == 0:
            text[place] = draw.choice('{}[]",:\\u0eE+-.tnN \n\x00\x1fa1')
        elif what == 1:
            del text[place]
        elif what == 2:
            text.insert(place, draw.choice(text))
        else:
            del text[place:]
    return "".join(text)


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    documents = []
    for _ in range(count):
        document = random_text(draw.choice([0, 1, 3, 6]))
        documents.append((damaged(document) if draw.random() < 0.5 else document).encode())
    request = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
    answer = subprocess.run([sys.argv[1]], input=request, stdout=subprocess.PIPE, check=True).stdout
    valid, position = 0, 0
    for document in documents:
        end = answer.index(b"\n", position)
        length = int(answer[position:end])
        found = answer[end + 1:end + 1 + length] if length >= 0 else None
        position = end + 1 + max(length, 0)
        expected = json_text.expected(document)
        assert found == expected, (document, found, expected)
        valid += expected is not None
    assert position == len(answer)
    assert count / 3 < valid < count * 0.9, valid
    print(f"{count} documents, {valid} of them JSON")


main()
