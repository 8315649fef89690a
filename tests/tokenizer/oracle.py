"""What the tests against native `tokenizers` share: the driver, and texts that reach everything."""
import array
import itertools
import os
import random
import struct
import subprocess
import sys

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


def encode(driver, path, texts, **settings):
    """[(ids, starts, ends, invalid_bytes)] of texts (str or bytes); offsets are in bytes."""
    raw = [t if isinstance(t, bytes) else t.encode() for t in texts]
    stdin = b"".join(struct.pack("<I", len(t)) + t for t in raw)
    arguments = [f"{k}={int(v)}" for k, v in settings.items() if v is not None]
    run = subprocess.run([driver, "encode", path, *arguments], input=stdin, stdout=subprocess.PIPE)
    if run.returncode:
        sys.exit(f"{driver}: exit {run.returncode}")
    out, at, results = run.stdout, 0, []
    for _ in raw:
        count, invalid = struct.unpack_from("<II", out, at)
        rows = array.array("i")
        rows.frombytes(out[at + 8:at + 8 + 12 * count])
        at += 8 + 12 * count
        results.append((rows[0::3].tolist(), rows[1::3].tolist(), rows[2::3].tolist(), invalid))
    if at != len(out):
        sys.exit("the driver wrote more than it should")
    return results


def byte_offsets(text, offsets):
    """Hugging Face's character offsets as byte offsets."""
    if text.isascii():
        return [a for a, _ in offsets], [b for _, b in offsets]
    places = [0, *itertools.accumulate(len(c.encode()) for c in text)]
    return [places[a] for a, _ in offsets], [places[b] for _, b in offsets]


def assigned():
    """Every code point that can stand in a text, assigned or not: the libraries' versions differ."""
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
    """Random texts, from pieces that are known to be hard and any characters of `alphabet`."""
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
