#!/usr/bin/env python3
"""Ids and offsets against native Hugging Face `tokenizers`, in every setting.

    test_against_tokenizers.py DRIVER [--thorough]

Texts: every code point in several contexts, random mixtures, and, where they are there, the shared
nasty.txt and wiki.valid.raw. The vocabularies: one that holds nearly every character, so that no
difference hides behind an [UNK]; and the published ones. --thorough takes minutes instead of
seconds: all characters in all settings, twenty times the mixtures.
"""
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

from tokenizers import (Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors)

import oracle

driver, thorough = sys.argv[1], "--thorough" in sys.argv
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
failures = compared = 0


def make(vocab, lowercase=True, strip_accents=None, handle_chinese_chars=True, clean_text=True,
         max_input_chars_per_word=100):
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]",
                                           max_input_chars_per_word=max_input_chars_per_word))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=clean_text, handle_chinese_chars=handle_chinese_chars,
        strip_accents=strip_accents, lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(t, vocab[t]) for t in ("[CLS]", "[SEP]")])
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def compare(name, vocab, texts, **settings):
    """One saved tokenizer.json is read by both; the settings are in it."""
    global failures, compared
    native = make(vocab, **settings)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        native.save(path)
        got = oracle.encode(driver, path, texts)
    wanted = native.encode_batch(texts)
    wrong = 0
    if len(got) != len(texts):
        sys.exit(f"{name}: {len(got)} results for {len(texts)} texts")
    for text, (ids, starts, ends, _), want in zip(texts, got, wanted):
        offsets = oracle.byte_offsets(text, want.offsets)
        if ids != want.ids or (starts, ends) != offsets:
            wrong += 1
            if wrong <= 3:
                print(f"{name} {settings}: {text!r} {[hex(ord(c)) for c in text][:40]}\n"
                      f"  got  {ids} {starts} {ends}\n  want {want.ids} {offsets[0]} {offsets[1]}")
    failures += wrong
    compared += len(texts)


def compare_saved(name, vocab, **settings):
    """What we write is byte for byte what they write."""
    global failures
    native = make(vocab, **settings)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "native.json")
        native.save(path)
        subprocess.run([driver, "save", path, folder], check=True)
        with open(os.path.join(folder, "tokenizer.json")) as file:
            if file.read() != native.to_str(pretty=True):
                failures += 1
                print(f"{name} {settings}: tokenizer.json is not as they write it")


def compare_pairs(name, vocab, texts, limits):
    """Ids, types and offsets of texts two by two, cut to each of the limits."""
    global failures, compared
    native = make(vocab)
    texts = texts[:len(texts) // 2 * 2]
    pairs = list(zip(texts[::2], texts[1::2]))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        native.save(path)
        for limit in limits:
            native.no_truncation()
            if limit:
                native.enable_truncation(limit, strategy="longest_first")
            for special in True, False:
                got = oracle.encode(driver, path, texts, pairs=1, max_length=limit, special=special)
                wanted = native.encode_batch(pairs, add_special_tokens=special)
                compared += len(pairs)
                for (first, second), (ids, starts, ends, _), want in zip(pairs, got, wanted):
                    expected = want.ids, *oracle.pair_offsets(first, second, want)
                    if (ids, starts, ends) != expected:
                        failures += 1
                        print(f"{name}, limit {limit}: {first!r} {second!r}\n  got  "
                              f"{(ids, starts, ends)}\n  want {expected}")


def compare_decoded(name, vocab, texts):
    """Ids back to text; random ids too, some of which no token has."""
    global failures, compared
    generator = random.Random(5)
    native = make(vocab)
    rows = [e.ids for e in native.encode_batch(texts)]
    rows += [[generator.randrange(len(vocab) + 9) for _ in range(generator.randrange(30))]
             for _ in range(len(texts))]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        native.save(path)
        for clean_up in True, False:
            native.decoder = decoders.WordPiece(cleanup=clean_up)
            for skip in True, False:
                got = oracle.decode(driver, path, rows, skip, clean_up)
                wanted = native.decode_batch(rows, skip_special_tokens=skip)
                compared += len(rows)
                for ids, text, want in zip(rows, got, wanted):
                    if text != want:
                        failures += 1
                        print(f"{name}, decoded: {ids}\n  got  {text!r}\n  want {want!r}")


def all_settings():
    names = "lowercase", "strip_accents", "handle_chinese_chars", "clean_text"
    for values in itertools.product((True, False), (None, True, False), (True, False),
                                    (True, False)):
        yield dict(zip(names, values))


def character_vocabulary(characters):
    tokens = SPECIAL + characters + ["##" + c for c in characters] + ["the", "##ing", "##fable"]
    return {t: i for i, t in enumerate(dict.fromkeys(tokens))}


def in_contexts(characters, size=64):
    """Alone, inside a word, before and after marks of several classes, beside punctuation."""
    contexts = ["{0} ", "x{0}Y", "{0}\u0301", "a\u0323{0}\u0345 ", "{0}{0}", "\u1d15e{0}",
                "Q\ua953{0}\u0bcd ", ".{0},"]
    for context in contexts:
        texts = [context.format(c) for c in characters]
        for i in range(0, len(texts), size):
            yield "".join(texts[i:i + size])


# Many characters are of a kind: of ideographs, syllables, private use and what is not assigned, a
# sample will do unless thorough.
everything = [c for c in oracle.code_points() if c != "\0"]
few = [c for c in everything if ord(c) % 97 == 0 or unicodedata.category(c) not in ("Cn", "Co")
       and not unicodedata.name(c, "").startswith(("CJK UNIFIED", "HANGUL SYLL", "TANGUT", "CUNEI",
                                                   "EGYPTIAN", "ANATOLIAN", "BAMUM"))]
characters = everything if thorough else few
vocab = character_vocabulary([c for c in characters if not c.isspace()])
lines = list(in_contexts(characters))
mixtures = oracle.mixtures(20000 if thorough else 500, 7, few)
for settings in all_settings():
    usual = settings["handle_chinese_chars"] and settings["clean_text"]
    repeats = settings["strip_accents"] == settings["lowercase"]  # null says the same
    if thorough or usual and not repeats:
        compare("every character", vocab, lines, **settings)
    compare("mixtures", vocab, mixtures, **settings)
# JSON writers differ in how they escape control characters, which no token of a real model has.
printable = character_vocabulary([c for c in few if c >= " " and not c.isspace()])
compare_saved("every character", printable)
compare_saved("every character", printable, lowercase=False, strip_accents=True, clean_text=False,
              handle_chinese_chars=False, max_input_chars_per_word=7)
for maximum in 1, 5, 300:
    compare("long words", vocab, mixtures, max_input_chars_per_word=maximum)

# [UNK], real tokens and real text.
if os.path.isdir(oracle.SHARED):
    for kind in "uncased", "cased":
        with open(oracle.shared("vocab", f"bert-base-{kind}", "vocab.txt")) as file:
            published = {token.rstrip("\n"): i for i, token in enumerate(file)}
        with open(oracle.shared("wikitext", "wiki.valid.raw"), newline="") as file:
            text = file.read().split("\n")
        with open(oracle.shared("tokenizer", "nasty.txt"), newline="") as file:
            text += file.read().split("\n")
        settings = {"lowercase": kind == "uncased"}
        compare(f"text, {kind}", published, text, **settings)
        compare(f"mixtures, {kind}", published, mixtures, **settings)
        compare_pairs(f"text, {kind}", published, text[:400] + mixtures[:100],
                      (None, 3, 4, 7, 16, 33, 128))
        compare_decoded(f"text, {kind}", published, text[::7] + mixtures)
        if thorough:
            compare(f"every character, {kind}", published, lines, **settings)

print(json.dumps({"texts compared": compared, "different": failures}))
sys.exit(failures != 0)
