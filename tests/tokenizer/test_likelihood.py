#!/usr/bin/env python3
"""Compares vocabularies learned by likelihood with the definition, recomputed for every merge.

    test_likelihood.py DRIVER      (needs no package)
"""
import collections
import fractions
import random
import subprocess
import sys
import tempfile

driver = sys.argv[1]


def by_definition(text, vocab_size, min_frequency):
    counts = collections.Counter(text.split())
    characters = sorted(set("".join(counts)))
    continuing = sorted({c for word in counts for c in word[1:]})
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters,
             *("##" + c for c in continuing)]
    words = {word: [vocab.index(c if i == 0 else "##" + c) for i, c in enumerate(word)]
             for word in counts}
    while len(vocab) < vocab_size:
        tokens, pairs = collections.Counter(), collections.Counter()
        for word, ids in words.items():
            for a in ids:
                tokens[a] += counts[word]
            for pair in zip(ids, ids[1:]):
                pairs[pair] += counts[word]
        pairs = {pair: count for pair, count in pairs.items() if count >= max(1, min_frequency)}
        if not pairs:
            break
        first, second = min(pairs, key=lambda p: (-fractions.Fraction(
            pairs[p], tokens[p[0]] * tokens[p[1]]), p))
        name = vocab[first] + vocab[second].removeprefix("##")
        if name not in vocab:
            vocab.append(name)
        merged = vocab.index(name)
        for ids in words.values():
            i = 0
            while i + 1 < len(ids):
                if (ids[i], ids[i + 1]) == (first, second):
                    ids[i:i + 2] = [merged]
                i += 1
    return vocab


failures = 0
generator = random.Random(8)
for number in range(80):
    letters = "abcdefgh"[:generator.randrange(1, 9)]
    words = ["".join(generator.choices(letters, k=generator.randrange(1, 12)))
             for _ in range(generator.randrange(1, 60))]
    text = " ".join(generator.choices(words, k=generator.randrange(1, 300)))
    vocab_size, min_frequency = 25 + generator.randrange(80), generator.choice((0, 1, 2, 4))
    want = by_definition(text, vocab_size, min_frequency)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        run = subprocess.run([driver, "learn", str(vocab_size), "likelihood=1",
                              f"min_frequency={min_frequency}", file.name],
                             stdout=subprocess.PIPE, check=True)
    got = run.stdout.decode().split("\n")[:-1]
    if got != want:
        failures += 1
        print(f"{text[:200]!r} vocab_size={vocab_size} min_frequency={min_frequency}\n"
              f"  got  {got}\n  want {want}")
print(f"{failures} vocabularies differ")
sys.exit(failures != 0)
