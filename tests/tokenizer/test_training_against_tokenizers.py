#!/usr/bin/env python3
"""Compares learned vocabularies with WordPieceTrainer of Hugging Face `tokenizers`.

    test_training_against_tokenizers.py DRIVER

Theirs assigns ids to the "##x" tokens in the order of a hash map, which varies from run to run, and
breaks ties between equally frequent pairs by these ids. Ours is given the order of their run; then
every token and its id must be the same.
"""
import collections
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import oracle

driver = sys.argv[1]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
failures = 0


def native_vocabulary(path, lowercase, **settings):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train([path], trainers.WordPieceTrainer(show_progress=False, special_tokens=SPECIAL,
                                                      **settings))
    vocab = tokenizer.get_vocab()
    return sorted(vocab, key=vocab.get)


def our_vocabulary(path, folder, native, lowercase, vocab_size, threads=2, **settings):
    order = os.path.join(folder, "order")
    with open(order, "w") as file:
        file.write("".join(t[2:] for t in native if len(t) == 3 and t.startswith("##")))
    arguments = [f"{k}={int(v)}" for k, v in {**settings, "lowercase": lowercase,
                                              "threads": threads}.items()]
    run = subprocess.run([driver, "learn", str(vocab_size), *arguments, f"continuing={order}", path],
                         stdout=subprocess.PIPE, check=True)
    return run.stdout.decode().split("\n")[:-1]


def compare(name, text, vocab_size, lowercase=True, min_frequency=2, limit_alphabet=1000):
    global failures
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "text")
        with open(path, "w", newline="") as file:
            file.write(text)
        settings = {"lowercase": lowercase, "vocab_size": vocab_size,
                    "min_frequency": min_frequency, "limit_alphabet": limit_alphabet}
        native = native_vocabulary(path, **settings)
        ours = our_vocabulary(path, folder, native, **settings)
    if ours != native:
        failures += 1
        at = next((i for i, (a, b) in enumerate(zip(ours, native)) if a != b),
                  min(len(ours), len(native)))
        print(f"{name} {settings}: {len(ours)} tokens, theirs {len(native)}; from {at} on "
              f"{ours[at:at + 5]}, theirs {native[at:at + 5]}")


def cut_without_tie(text, lowercase):
    """An alphabet limit at which the characters on both sides have different counts."""
    normal = normalizers.BertNormalizer(lowercase=lowercase).normalize_str(text)
    counts = sorted(collections.Counter(c for c in normal if not c.isspace()).values())
    cuts = [i for i in range(1, len(counts)) if counts[i - 1] < counts[i]]
    return len(counts) - cuts[len(cuts) // 2] if cuts else len(counts)


generator = random.Random(3)
for number in range(120):
    # Few letters and long words: the same token from different pairs, overlaps, equal counts.
    letters = "abcdefgh"[:generator.randrange(1, 8)]
    words = ["".join(generator.choices(letters, k=generator.randrange(1, 14)))
             for _ in range(generator.randrange(1, 150))]
    text = " ".join(generator.choices(words, k=generator.randrange(1, 600)))
    compare(f"letters {number}", text, 25 + generator.randrange(300),
            min_frequency=generator.choice((0, 1, 2, 5)))
for number, text in enumerate(oracle.mixtures(20, 11, [chr(c) for c in range(0x20, 0x3000)])):
    text = (text + "\n") * 3 + "naïve Ärger, don't! 中文字 " * 5
    compare(f"mixture {number}", text, 400, lowercase=number % 2 == 0)
    compare(f"cut mixture {number}", text, 400, limit_alphabet=cut_without_tie(text, True))
# So many distinct pairs that the queue is compacted between merges (learn.c, COMPACT_MINIMUM).
syllables = [chr(c) for c in range(0x1200, 0x1340) if unicodedata.category(chr(c)) == "Lo"]
words = ["".join(generator.choices(syllables, k=generator.randrange(2, 9))) for _ in range(40000)]
compare("many pairs", " ".join(words + generator.choices(words[:3000], k=40000)), 6000, min_frequency=1)
if os.path.isdir(oracle.SHARED):
    with open(oracle.shared("wikitext", "wiki.valid.raw"), newline="") as file:
        text = file.read()
    compare("wiki uncased", text, 30522)
    compare("wiki cased", text, 8000, lowercase=False, min_frequency=5)
    compare("wiki, small alphabet", text, 3000, limit_alphabet=cut_without_tie(text, True))
print(f"{failures} vocabularies differ")
sys.exit(failures != 0)
