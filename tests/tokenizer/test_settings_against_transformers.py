#!/usr/bin/env python3
"""Compares folders of tokenizer files with BertTokenizerFast of Hugging Face `transformers`.

    test_settings_against_transformers.py DRIVER [COUNT]

COUNT folders are generated: vocab.txt or tokenizer.json, with tokenizer_config.json,
special_tokens_map.json and added_tokens.json in the forms that versions of transformers have written:
special tokens by other names, as strings and as objects, known to the vocabulary or not, additional ones,
added_tokens_decoder, truncation_side. Texts and pairs are cut at model_max_length, as `truncation=True`
does it. What is saved must be read as the same by transformers.
"""
import json
import os
import random
import sys
import tempfile

import transformers
from transformers import BertTokenizerFast

import oracle

driver, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
transformers.logging.set_verbosity_error()
generator = random.Random(23)
failures = compared = 0
KEYS = "pad_token", "unk_token", "cls_token", "sep_token", "mask_token"
STYLES = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], ["<pad>", "<unk>", "<s>", "</s>", "<mask>"],
          ["[pad]", "*", "BEGIN", "|", "_mask_"])
LETTERS = list("abcABé.中")
FLAGS = "single_word", "lstrip", "rstrip", "normalized"


def some(pieces, most):
    return "".join(generator.choices(pieces, k=generator.randrange(1, most)))


def chance(share):
    return generator.random() < share


def token_object(content, special, kind=False):
    fields = {"content": content, **{flag: chance(0.25) for flag in FLAGS}}
    if special is not None:
        fields["special"] = special
    return {"__type": "AddedToken", **fields} if kind else fields


def make_vocabulary(special):
    tokens = list(special) + LETTERS + ["##" + c for c in LETTERS] + [some(LETTERS, 4) for _ in range(9)]
    return {t: i for i, t in enumerate(dict.fromkeys(tokens))}


def make_attributes(special, config):
    """pad_token and the like, and more special tokens."""
    named = dict(zip(KEYS, special))
    for key, content in named.items():
        if chance(0.3):
            named[key] = token_object(content, None if not config else True, config)
    if chance(0.3):
        named["bos_token"] = generator.choice(["<bos>", special[2], "ab"])
    if chance(0.4):
        named["additional_special_tokens"] = [f"<extra{k}>" for k in range(generator.randrange(1, 4))]
    return named


def tokenizer_json(vocabulary, special, settings, added):
    pad, unk, cls, sep, _ = special
    part = lambda kind, id, type_id: {kind: {"id": id, "type_id": type_id}}
    single = [part("SpecialToken", cls, 0), part("Sequence", "A", 0), part("SpecialToken", sep, 0)]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, **settings},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": single,
            "pair": single + [part("Sequence", "B", 1), part("SpecialToken", sep, 1)],
            "special_tokens": {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in (cls, sep)}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": unk, "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary}}


def write(folder, name, value):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(value, file, ensure_ascii=chance(0.5))


def make_folder(folder):
    special = generator.choice(STYLES)
    # A special token that the vocabulary lacks is added after it: never [UNK], and not of a template.
    known = [t for t, key in zip(special, KEYS) if key in ("unk_token", "cls_token", "sep_token") or chance(0.8)]
    vocabulary = make_vocabulary(known)
    lower = chance(0.6)
    settings = {"lowercase": lower, "strip_accents": generator.choice([None, True, False]),
                "handle_chinese_chars": chance(0.8)}
    new = [t for t in dict.fromkeys(some(LETTERS + ["<", ">", " "], 4) for _ in range(generator.randrange(4)))
           if t not in vocabulary and t.strip()]
    added, has_json = [], chance(0.5)
    if has_json:
        contents = [t for t in special if chance(0.7) and t in vocabulary] + new[:1]
        for content in contents:
            id = vocabulary.get(content, len(vocabulary))
            added.append({"id": id, **token_object(content, content in special)})
        write(folder, "tokenizer.json", tokenizer_json(vocabulary, special, settings, added))
    else:
        with open(os.path.join(folder, "vocab.txt"), "w") as file:
            file.writelines(t + "\n" for t in vocabulary)
    config = {"do_lower_case": lower, "strip_accents": settings["strip_accents"],
              "tokenize_chinese_chars": settings["handle_chinese_chars"], "tokenizer_class": "BertTokenizer",
              "model_max_length": generator.randrange(5, 16)}
    if chance(0.5):
        config["truncation_side"] = generator.choice(["left", "right"])
    first = len(vocabulary) + (len(new[:1]) if has_json else 0)
    rest = new[1:] if has_json else new
    if chance(0.5):
        config.update(make_attributes(special, True))
        decoder = {t["id"]: {k: v for k, v in t.items() if k != "id"} for t in added}
        decoder.update((first + k, token_object(t, chance(0.3))) for k, t in enumerate(rest))
        config["added_tokens_decoder"] = {str(k): v for k, v in decoder.items()}
    else:
        attributes = make_attributes(special, False)
        # Both may say it; special_tokens_map.json counts.
        config.update({k: v for k, v in attributes.items() if isinstance(v, str) and chance(0.5)})
        write(folder, "special_tokens_map.json", attributes)
        if rest and chance(0.7):
            write(folder, "added_tokens.json", {t: first + k for k, t in enumerate(rest)})
    write(folder, "tokenizer_config.json", config)
    return special, new, config


def show(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name)) as file:
            print(" ", name, file.read().replace("\n", " ")[:1500])


def compare(folder):
    global failures, compared
    special, new, config = make_folder(folder)
    native = BertTokenizerFast.from_pretrained(folder)
    limit = config["model_max_length"]
    pieces = LETTERS + [" "] * 3 + 2 * new + list(special) + ["<extra0>", "<extra1>", "<bos>"]
    texts = [some(pieces, 16) for _ in range(20)]
    pairs = list(zip(texts[::2], texts[1::2]))
    wanted = [native(t, truncation=True)["input_ids"] for t in texts]
    of_pairs = [native(*p, truncation=True) for p in pairs]
    with tempfile.TemporaryDirectory() as saved:
        oracle.run(driver, "save", folder, saved, stdin=b"")
        again = BertTokenizerFast.from_pretrained(saved)
        checks = [
            ("texts", [r[0] for r in oracle.encode(driver, folder, texts, max_length=limit)], wanted),
            ("whole texts", [r[0] for r in oracle.encode(driver, folder, texts)],
             [native(t)["input_ids"] for t in texts]),
            ("pairs", [r[0] for r in oracle.encode(driver, folder, texts, pairs=1, max_length=limit)],
             [e["input_ids"] for e in of_pairs]),
            ("types of pairs", [[a >> 31 for a in r[1]] for r in
                                oracle.encode(driver, folder, texts, pairs=1, max_length=limit)],
             [e["token_type_ids"] for e in of_pairs]),
            ("saved", [again(t, truncation=True)["input_ids"] for t in texts], wanted),
            ("saved special tokens", [getattr(again, k) for k in KEYS], [getattr(native, k) for k in KEYS]),
        ]
    for what, got, want in checks:
        compared += len(want)
        wrong = [(t, g, w) for t, g, w in zip(texts if "pairs" not in what else pairs, got, want) if g != w]
        if got != want:
            failures += 1
            if failures <= 4:
                print(what, *wrong[0], sep="\n  ")
                show(folder)


for _ in range(count):
    with tempfile.TemporaryDirectory() as folder:
        compare(folder)
print(f"{compared} texts compared, {failures} kinds of texts differ")
sys.exit(failures != 0 or compared < count * 70)
