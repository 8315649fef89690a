#!/usr/bin/env python3
"""Compares ids and offsets with Hugging Face `tokenizers`, in every setting.

    test_against_tokenizers.py DRIVER [--thorough]

Texts: every assigned code point in several contexts, random mixtures, and, if available, the shared
nasty.txt and wiki.valid.raw. Vocabularies: generated ones with nearly every character of the texts
and of their normalised forms, so that no [UNK] hides a difference; and the published ones.

The quick run tests every assigned code point, those of large uniform blocks (ideographs, syllables) in
two contexts only, in all settings that are not equivalent, and mixtures in all settings.
--thorough takes some minutes: also unassigned and private code points, all contexts in all settings,
twenty times the mixtures. To bound memory, a vocabulary has the characters of one pass only.
"""
import itertools
import os
import sys
import unicodedata

import native
import oracle

driver, thorough = sys.argv[1], "--thorough" in sys.argv
comparison = native.Comparison(driver)
PASS_CHARACTERS, PASS_MIXTURES = 8192, 2000
HUGE_BLOCKS = ("CJK UNIFIED", "CJK COMPAT", "HANGUL SYLL", "TANGUT", "CUNEI", "EGYPTIAN", "ANATOLIAN",
               "BAMUM", "YI SYLL", "KHITAN", "NUSHU")
CONTEXTS = ["{0} ", "x{0}Y", "{0}\u0301", "a\u0323{0}\u0345 ", "{0}{0}", "\u1d15e{0}", "Q\ua953{0}\u0bcd ",
            ".{0},"]


def all_settings():
    names = "lowercase", "strip_accents", "handle_chinese_chars", "clean_text"
    for values in itertools.product((True, False), (None, True, False), (True, False), (True, False)):
        yield dict(zip(names, values))


def usual_settings():
    """Without strip_accents null, which is equivalent to one of the others."""
    for lowercase, strip in (True, None), (True, False), (False, None), (False, True):
        yield {"lowercase": lowercase, "strip_accents": strip}


def vocabulary(texts):
    """All characters of the texts and of their normalised forms, at the start of and inside words."""
    known = set().union(*texts)
    for character in list(known):
        for form in "NFC", "NFD":
            folded = unicodedata.normalize(form, character)
            known.update(folded, folded.lower(), unicodedata.normalize("NFD", folded.lower()))
    characters = sorted(c for c in known if not c.isspace() and c != "\0")
    tokens = native.SPECIAL + characters + ["##" + c for c in characters] + ["the", "##ing", "##fable"]
    return {t: i for i, t in enumerate(dict.fromkeys(tokens))}


def chunks(items, size):
    for i in range(0, len(items), size):
        yield items[i:i + size]


def in_contexts(characters, contexts, size=48):
    return ["".join(context.format(c) for c in part)
            for context in contexts for part in chunks(characters, size)]


def compare_characters(name, characters, contexts, every_setting):
    for part in chunks(characters, PASS_CHARACTERS):
        lines = in_contexts(part, contexts)
        vocab = vocabulary(lines)
        for settings in every_setting:
            comparison.settings(name, vocab, lines, **settings)


def is_huge(character):
    return unicodedata.name(character, "").startswith(HUGE_BLOCKS)


def is_assigned(character):
    return unicodedata.category(character) not in ("Cn", "Co", "Cs")


everything = [c for c in oracle.code_points() if c != "\0"]
assigned = [c for c in everything if is_assigned(c)]
few = [c for c in assigned if not is_huge(c)]
if thorough:
    compare_characters("assigned", assigned, CONTEXTS, list(all_settings()))
    others = [c for c in everything if not is_assigned(c)]
    compare_characters("not assigned", others, CONTEXTS[:2], list(usual_settings()))
else:
    compare_characters("few", few, CONTEXTS, list(usual_settings()))
    compare_characters("blocks", [c for c in assigned if is_huge(c)], CONTEXTS[:2],
                       list(usual_settings())[::3])
    compare_characters("not assigned", everything[::997], CONTEXTS[:2], list(usual_settings()))

mixtures = oracle.mixtures(40000 if thorough else 2000, 7, few)
for part in chunks(mixtures, PASS_MIXTURES):
    vocab = vocabulary(part)
    for settings in all_settings():
        comparison.settings("mixtures", vocab, part, **settings)
    for maximum in 1, 5, 300:
        comparison.settings("long words", vocab, part, max_input_chars_per_word=maximum)
    comparison.truncated("cut", vocab, part, (2, 3, 9, 40))

# JSON writers escape control characters differently; no token of a real model has any.
printable = vocabulary([c for c in few[::7] if c >= " "])
comparison.saved("few characters", printable)
comparison.saved("few characters", printable, lowercase=False, strip_accents=True, clean_text=False,
                 handle_chinese_chars=False, max_input_chars_per_word=7)

# [UNK], real tokens and real text.
if os.path.isdir(oracle.SHARED):
    some = mixtures[:500]
    for kind in "uncased", "cased":
        published = oracle.published_vocabulary(kind)
        text = oracle.read_lines(oracle.shared("wikitext", "wiki.valid.raw"))
        text += oracle.read_lines(oracle.shared("tokenizer", "nasty.txt"))
        settings = {"lowercase": kind == "uncased"}
        comparison.settings(f"text, {kind}", published, text, **settings)
        comparison.settings(f"mixtures, {kind}", published, some, **settings)
        short = [line[:60 + i % 200] for i, line in enumerate(text[:600])] + some[:200]
        comparison.pairs(f"text, {kind}", published, short, (None, 3, 4, 7, 16, 33, 64))
        comparison.decoded(f"text, {kind}", published, text[::7] + some)

comparison.finish()
