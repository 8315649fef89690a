#!/usr/bin/env python3
"""Compares real text with ids of Hugging Face `tokenizers` (../shared/data/tokenizer); needs no package.

    test_shared.py DRIVER
"""
import sys

import oracle

driver = sys.argv[1]
failures = 0
for kind in "uncased", "cased":
    vocab = oracle.shared("vocab", f"bert-base-{kind}", "vocab.txt")
    with open(oracle.shared("tokenizer", "nasty.txt"), "rb") as file:
        lines = file.read().removesuffix(b"\n").split(b"\n")
    with open(oracle.shared("tokenizer", f"nasty.{kind}.ids")) as file:
        expected = [[int(i) for i in line.split()] for line in file]
    got = oracle.encode(driver, vocab, lines, lowercase=kind == "uncased")
    if len(expected) != len(lines):
        sys.exit(f"{len(lines)} lines, but {len(expected)} of ids")
    for number, (line, (ids, _, _, _), want) in enumerate(zip(lines, got, expected), 1):
        if ids != want:
            failures += 1
            print(f"{kind} line {number}: {line}\n  got  {ids}\n  want {want}")
    print(f"{kind}: {len(lines)} lines")
sys.exit(failures != 0)
