#!/usr/bin/env python3
"""Compares ids and offsets of every line of files with Hugging Face `tokenizers`.

    test_files_against_tokenizers.py DRIVER FILE…

Uncased and cased, with vocabularies learned from the files, so that few words are [UNK], and with the
published ones if available. Ours encodes blocks of lines on two threads.
"""
import os
import subprocess
import sys

import native
import oracle

BLOCK_LINES = 5000
driver, *files = sys.argv[1:]
comparison = native.Comparison(driver)


def learned_vocabulary(lowercase):
    run = subprocess.run([driver, "learn", "30522", f"lowercase={int(lowercase)}", *files],
                         stdout=subprocess.PIPE, check=True)
    return {token: i for i, token in enumerate(run.stdout.decode().split("\n")[:-1])}


def vocabularies():
    for lowercase in True, False:
        yield "learned", learned_vocabulary(lowercase), lowercase
        if os.path.isdir(oracle.SHARED):
            yield "published", oracle.published_vocabulary("uncased" if lowercase else "cased"), lowercase


def compare(name, vocab, path, lowercase):
    theirs = native.make(vocab, lowercase=lowercase)
    lines = oracle.read_lines(path)
    if not lines[-1]:
        lines.pop()
    with oracle.saved(theirs) as saved:
        for i in range(0, len(lines), BLOCK_LINES):
            block = lines[i:i + BLOCK_LINES]
            got = oracle.encode(driver, saved, ["\n".join(block) + "\n"], lines=2)
            comparison.rows(f"{path}, line {i + 1} and on, {name} vocabulary", {"lowercase": lowercase},
                            block, got, theirs.encode_batch(block))


for name, vocab, lowercase in vocabularies():
    for path in files:
        before = comparison.tokens
        compare(name, vocab, path, lowercase)
        print(f"{os.path.basename(path)}, {name} vocabulary, {'un' * lowercase}cased: "
              f"{comparison.tokens - before:,} tokens", flush=True)
comparison.finish()
