"""Shared by the tests against Hugging Face `tokenizers`: the driver, and texts that cover all cases."""
import array
import contextlib
import itertools
import os
import random
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(ROOT, "..", "shared", "data")
SKIP = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def shared(*path):
    full = os.path.join(SHARED, *path)
    if not os.path.exists(full):
        skip("no shared data")
    return full


def records(texts):
    raw = [t if isinstance(t, bytes) else t.encode() for t in texts]
    return b"".join(struct.pack("<I", len(t)) + t for t in raw)


def run(driver, *arguments, stdin):
    done = subprocess.run([driver, *map(str, arguments)], input=stdin, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{driver}: exit {done.returncode}")
    return done.stdout


def parse_encodings(out):
    """Returns [(ids, starts, ends, invalid_bytes)]; a start has the type id in its highest bit."""
    at, results = 0, []
    while at < len(out):
        count, invalid = struct.unpack_from("<II", out, at)
        rows = array.array("I")
        rows.frombytes(out[at + 8:at + 8 + 12 * count])
        at += 8 + 12 * count
        results.append((rows[0::3].tolist(), rows[1::3].tolist(), rows[2::3].tolist(), invalid))
    return results


def encode(driver, path, texts, **settings):
    """Returns an entry of parse_encodings for each text (str or bytes); offsets are in bytes."""
    arguments = [f"{k}={int(v)}" for k, v in settings.items() if v is not None]
    return parse_encodings(run(driver, "encode", path, *arguments, stdin=records(texts)))


def decode(driver, path, rows, skip_special_tokens, clean_up):
    stdin = b"".join(struct.pack(f"<I{len(ids)}i", len(ids), *ids) for ids in rows)
    out = run(driver, "decode", path, int(skip_special_tokens), int(clean_up), stdin=stdin)
    at, texts = 0, []
    while at < len(out):
        length, = struct.unpack_from("<I", out, at)
        texts.append(out[at + 4:at + 4 + length].decode())
        at += 4 + length
    return texts


def byte_offsets(text, offsets):
    """Converts Hugging Face's character offsets to byte offsets."""
    if text.isascii():
        return [a for a, _ in offsets], [b for _, b in offsets]
    places = [0, *itertools.accumulate(len(c.encode()) for c in text)]
    return [places[a] for a, _ in offsets], [places[b] for _, b in offsets]


def pair_offsets(first, second, encoding):
    """Starts, with the type id in the highest bit like the driver's, and ends."""
    split = [[o for o, t in zip(encoding.offsets, encoding.type_ids) if t == k] for k in (0, 1)]
    starts, ends = byte_offsets(first, split[0])
    second_starts, second_ends = byte_offsets(second, split[1])
    return starts + [a | 1 << 31 for a in second_starts], ends + second_ends


@contextlib.contextmanager
def saved(tokenizer):
    """The path of a tokenizer.json written by Hugging Face `tokenizers`."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        tokenizer.save(path)
        yield path


def read_lines(path):
    """Lines, separated by LF only."""
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        return file.read().split("\n")


def published_vocabulary(kind):
    with open(shared("vocab", f"bert-base-{kind}", "vocab.txt")) as file:
        return {token.rstrip("\n"): i for i, token in enumerate(file)}


def code_points():
    """All code points that can occur in text, assigned or not, because the libraries' Unicode versions differ."""
    return [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


PIECES = (["the", "un", "affable", "Straße", "naïve", "İstanbul", "ΣΑΣ", "don't", "[MASK]", "[SEP]",
           "[ MASK ]", "##ing", "#", "1,234.5", "A" * 99, "b" * 100, "c" * 101, "字" * 3, "한국어",
           "Ａｂ", "ﬁ", "e\u0301", "\u0344", "\u0f73", "\u0f71\u0f72", "\u1d15e", "\U0001d15e",
           "\U0001d160", "\u302e", "\u302f", "\ua953", "\u0bcd", "\u094d", "\u09be", "\u0e33",
           "\u1100\u1161\u11a8", "\u212b", "\u037e", "\u1fef", "\u2260", "🙂", "👩\u200d👩\u200d👧",
           "\ufffd", "\ufeff", "\u200b", "\u00ad", "\u034f", "\u0345", "\u0489"]
          + list(" \t\n\r\v\f\x00\x01\x1c\x1f\x7f\x85\xa0\u1680\u180e\u2028\u2029\u3000")
          + list(".,;:!?'\"()[]{}<>#$%^&*-_=+|~`@\\/"))


def mixtures(count, seed, alphabet):
    """Random texts from strings that are known to be difficult and any characters of `alphabet`."""
    generator = random.Random(seed)
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(generator.randrange(1, 24)):
            kind = generator.random()
            if kind < 0.5:
                parts.append(generator.choice(PIECES))
            elif kind < 0.8:
                parts.append(generator.choice(alphabet))
            else:
                parts.append("".join(generator.choices("abcdefghijklmnopqrstuvwxyzABCXYZ0189",
                                                       k=generator.randrange(1, 9))))
        texts.append("".join(parts))
    return texts
