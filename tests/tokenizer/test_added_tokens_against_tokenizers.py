#!/usr/bin/env python3
"""Compares added tokens, truncation and vocab.txt with Hugging Face `tokenizers`.

    test_added_tokens_against_tokenizers.py DRIVER [COUNT]

COUNT tokenizers are generated, each with some texts: random vocabularies with gaps, empty tokens and NUL,
special tokens of either style, added tokens with all flags, one a prefix of another, known to the
vocabulary or not, with wrong ids in the file. Both read the same tokenizer.json. Left out is what
`tokenizers` 0.23 leaves to chance (which of two tokens with the same normalised form is found) or panics
at (tokens that are normalised to nothing, or whose white space the token before has taken). Its decoding
gives the normalised form of an added token; here it is the token, as in 0.21.
"""
import json
import os
import random
import sys
import tempfile

from tokenizers import Tokenizer, normalizers
from tokenizers.implementations import BertWordPieceTokenizer

import oracle

driver, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 160
generator = random.Random(17)
failures = compared = 0
STYLES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
CHARACTERS = list("aAbBcé") + ["É", "e\u0301", "\u0301", "\u0323", "ß", "İ", "中", "文", "\uac00", ".", "<", ">",
              " ", "\t", "\u00a0", "\u3000", "\0", "\u00ad", "_", "1", "\u200d", "\u2000", "\ufdd0", "🙂"]
NOWHERE = os.open(os.devnull, os.O_WRONLY)
FLAGS = "single_word", "lstrip", "rstrip", "normalized", "special"


def differ(what, *values):
    global failures
    failures += 1
    if failures <= 5:
        print(what, *values, sep="\n  ")


def some(pieces, most):
    return "".join(generator.choices(pieces, k=generator.randrange(1, most)))


def make_vocabulary(special):
    tokens = list(special)
    for _ in range(generator.randrange(5, 40)):
        token = some(CHARACTERS, 3)
        tokens.append(generator.choice(["", "", "##"]) + token)
    if generator.random() < 0.2:
        tokens.append("")
    tokens = list(dict.fromkeys(tokens))
    generator.shuffle(tokens)
    vocabulary, id = {}, 0
    gaps = generator.random() < 0.3
    for token in tokens:
        vocabulary[token] = id
        id += generator.choice([1, 1, 1, 40]) if gaps else 1
    return vocabulary


def make_added(special, vocabulary, normalizer):
    added, forms = [], set()
    for token in special:
        if generator.random() < 0.7:
            added.append(dict(content=token, **{flag: generator.random() < 0.2 for flag in FLAGS}))
    for _ in range(generator.randrange(8)):
        content = generator.choice([some(CHARACTERS, 4), some(CHARACTERS, 2), generator.choice(list(vocabulary)),
                                    generator.choice(added)["content"] + some(CHARACTERS, 3) if added else "x"])
        added.append(dict(content=content, **{flag: generator.random() < 0.4 for flag in FLAGS}))
    generator.shuffle(added)
    kept = []
    for token in added:
        form = normalizer.normalize_str(token["content"])
        if form == "" or form in forms:
            continue
        forms.add(form)
        kept.append({"id": generator.randrange(200), **token})
    return kept


def component(kind, id, type_id):
    return {kind: {"id": id, "type_id": type_id}}


def make_file():
    special = generator.choice(STYLES)
    pad, unk, cls, sep, _ = special
    vocabulary = make_vocabulary(special)
    settings = dict(clean_text=generator.random() < 0.7, handle_chinese_chars=generator.random() < 0.7,
                    strip_accents=generator.choice([None, True, False]), lowercase=generator.random() < 0.6)
    single = [component("SpecialToken", cls, 0), component("Sequence", "A", 0), component("SpecialToken", sep, 0)]
    return {
        "version": "1.0",
        "truncation": generator.choice([None, {"direction": "Left", "max_length": 512,
                                               "strategy": "LongestFirst", "stride": 0}]),
        "padding": None,
        "added_tokens": make_added(special, vocabulary, normalizers.BertNormalizer(**settings)),
        "normalizer": {"type": "BertNormalizer", **settings},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": single,
            "pair": single + [component("Sequence", "B", 1), component("SpecialToken", sep, 1)],
            "special_tokens": {t: {"id": t, "ids": [vocabulary[t]], "tokens": [t]} for t in (cls, sep)}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": {"type": "WordPiece", "unk_token": unk, "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary}}, special


def make_texts(added, special):
    pieces = CHARACTERS + 3 * [t["content"] for t in added] + list(special) + [" "] * 4
    return [some(pieces, 14) for _ in range(24)] + ["", " "]


def compare_rows(what, file, texts, got, wanted):
    global compared
    compared += len(texts)
    if len(got) != len(wanted):
        differ(what, "number of results", len(got), len(wanted))
    for text, (ids, starts, ends, _), want in zip(texts, got, wanted):
        if (ids, starts, ends) != want:
            differ(what, repr(text), f"got  {(ids, starts, ends)}", f"want {want}",
                   json.dumps(file["added_tokens"]), json.dumps(file["normalizer"]),
                   json.dumps(file["model"]["vocab"]))


def can_encode(native, text):
    stderr = os.dup(2)
    os.dup2(NOWHERE, 2)  # a panic prints itself
    try:
        native.encode(text)
    except BaseException as problem:  # a panic is no Exception
        if type(problem).__name__ != "PanicException":
            raise
        return False
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
    return True


def row(text, encoding):
    return (encoding.ids, *oracle.byte_offsets(text, encoding.offsets))


def prepare(file, special):
    """What both read, and the reference; None where it has two tokens of one id."""
    native = Tokenizer.from_str(json.dumps(file))
    known = set(file["model"]["vocab"].values())
    outside = [t["content"] for t in file["added_tokens"] if t["content"] not in file["model"]["vocab"]]
    if any(native.token_to_id(t) in known for t in outside):
        return None
    # Here BERT's special tokens are always found in texts, as BertWordPieceTokenizer does it.
    added = [t.content for t in native.get_added_tokens_decoder().values()]
    native.add_special_tokens([t for t in special if t not in added])
    return native


def compare(file, special, folder):
    native = prepare(file, special)
    if not native:
        return
    path = os.path.join(folder, "tokenizer.json")
    with open(path, "w") as out:
        json.dump(file, out, ensure_ascii=generator.random() < 0.5)
    native.no_truncation()
    texts = [t for t in make_texts(file["added_tokens"], special) if can_encode(native, t)]
    texts = texts[:len(texts) // 2 * 2]
    wanted = [row(t, native.encode(t)) for t in texts]
    compare_rows("encoded", file, texts, oracle.encode(driver, path, texts), wanted)
    oracle.run(driver, "save", path, folder, stdin=b"")
    compare_rows("saved and read", file, texts, oracle.encode(driver, path, texts), wanted)
    again = Tokenizer.from_file(path)
    compare_rows("saved and read by tokenizers", file, texts,
                 [(*row(t, again.encode(t)), 0) for t in texts], wanted)
    with open(path, "w") as out:
        json.dump(file, out)
    side = file["truncation"]["direction"].lower() if file["truncation"] else "right"
    limit = generator.randrange(3, 12)
    native.enable_truncation(limit, strategy="longest_first", direction=side)
    compare_rows(f"truncated {side} to {limit}", file, texts, oracle.encode(driver, path, texts, max_length=limit),
                 [row(t, native.encode(t)) for t in texts])
    pairs = list(zip(texts[::2], texts[1::2]))
    compare_rows(f"pairs truncated {side} to {limit}", file, pairs,
                 oracle.encode(driver, path, texts, pairs=1, max_length=limit),
                 [(e.ids, *oracle.pair_offsets(*p, e)) for p in pairs for e in [native.encode(*p)]])
    rows = [w[0] for w in wanted]
    normalizer = normalizers.BertNormalizer(**{k: v for k, v in file["normalizer"].items() if k != "type"})
    if any(t["normalized"] and normalizer.normalize_str(t["content"]) != t["content"] for t in file["added_tokens"]):
        return
    for skip in True, False:
        got = oracle.decode(driver, path, rows, skip, False)
        want = [native.decode(r, skip_special_tokens=skip) for r in rows]
        if got != want:
            differ(f"decoded, skip {skip}", *[(r, g, w) for r, g, w in zip(rows, got, want) if g != w][:1],
                   json.dumps(file["added_tokens"]), json.dumps(file["normalizer"]))


def compare_vocab(folder):
    """Lines of vocab.txt with all that can be at their ends; no byte order mark, which is one's own."""
    ends = ["\n"] * 6 + ["\r\n", " \n", "\u00a0\n", "\t\r\n", "\r\r\n", "\u3000 \n", "\v\n", "\u200b\n"]
    special = STYLES[0]
    lines = special + [generator.choice(["", "##", " "]) + some(CHARACTERS, 3).replace("\n", "")
                       for _ in range(generator.randrange(30))]
    lines += generator.choices(lines, k=generator.randrange(4)) + [""] * generator.randrange(3)
    generator.shuffle(lines)
    content = "".join(line + generator.choice(ends[:-1] if line in special else ends) for line in lines)
    if generator.random() < 0.3:
        content = content.rstrip("\r\n\v\t ")
    path = os.path.join(folder, "vocab.txt")
    with open(path, "w", newline="") as out:
        out.write(content)
    native = BertWordPieceTokenizer(path)
    texts = make_texts([{"content": line} for line in lines], special)
    compare_rows("vocab.txt", {"added_tokens": [], "normalizer": content, "model": {"vocab": native.get_vocab()}},
                 texts, oracle.encode(driver, path, texts), [row(t, native.encode(t)) for t in texts])


with tempfile.TemporaryDirectory() as folder:
    for _ in range(count):
        compare(*make_file(), folder)
        compare_vocab(folder)
print(f"{compared} texts compared, {failures} differ")
sys.exit(failures != 0 or compared < count * 50)
