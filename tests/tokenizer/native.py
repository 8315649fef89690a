"""Compares Hugging Face `tokenizers` with ours on the same texts and prints every difference."""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

from tokenizers import (Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors)

import oracle

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make(vocab, lowercase=True, strip_accents=None, handle_chinese_chars=True, clean_text=True,
         max_input_chars_per_word=100, added=()):
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
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


class Comparison:
    """Counts comparisons and differences; prints the first differences of each kind."""

    SHOWN = 3

    def __init__(self, driver):
        self.driver = driver
        self.texts = self.tokens = self.failures = 0
        self.started = time.monotonic()

    def differ(self, name, settings, number, what):
        self.failures += 1
        if number < self.SHOWN:
            print(f"{name} {settings}: {what}", flush=True)

    def finish(self):
        print(json.dumps({"texts compared": self.texts, "tokens": self.tokens,
                          "different": self.failures,
                          "seconds": round(time.monotonic() - self.started)}))
        sys.exit(self.failures != 0)

    def encodings(self, name, native, texts, settings=None, **arguments):
        """Compares ids and offsets of texts; both sides read the same tokenizer.json."""
        with oracle.saved(native) as path:
            got = oracle.encode(self.driver, path, texts, **arguments)
        self.rows(name, settings or arguments, texts, got, native.encode_batch(texts))

    def rows(self, name, settings, texts, got, wanted):
        if len(got) != len(texts):
            sys.exit(f"{name}: {len(got)} results for {len(texts)} texts")
        wrong = 0
        for text, (ids, starts, ends, _), want in zip(texts, got, wanted):
            self.tokens += len(ids)
            want_ids = want.ids
            want_starts, want_ends = oracle.byte_offsets(text, want.offsets)
            if ids != want_ids or starts != want_starts or ends != want_ends:
                self.differ(name, settings, wrong, f"{text!r} {[hex(ord(c)) for c in text][:40]}\n"
                            f"  got  {ids} {starts} {ends}\n  want {want_ids} {want_starts} {want_ends}")
                wrong += 1
        self.texts += len(texts)

    def settings(self, name, vocab, texts, **settings):
        self.encodings(name, make(vocab, **settings), texts, settings)

    def saved(self, name, vocab, **settings):
        """Our saved files are byte-for-byte identical to theirs."""
        native = make(vocab, **settings)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "native.json")
            native.save(path)
            subprocess.run([self.driver, "save", path, folder], check=True)
            with open(os.path.join(folder, "tokenizer.json")) as file:
                if file.read() != native.to_str(pretty=True):
                    self.differ(name, settings, 0, "tokenizer.json is not as they write it")

    def pairs(self, name, vocab, texts, limits):
        """Compares ids, types and offsets of pairs of texts, truncated to each of the limits. Short texts only: they keep all overflowing windows of one text with all of the other."""
        native = make(vocab)
        texts = texts[:len(texts) // 2 * 2]
        pairs = list(zip(texts[::2], texts[1::2]))
        with oracle.saved(native) as path:
            for limit in limits:
                native.no_truncation()
                if limit:
                    native.enable_truncation(limit, strategy="longest_first")
                for special in True, False:
                    got = oracle.encode(self.driver, path, texts, pairs=1, max_length=limit,
                                        special=special)
                    wanted = native.encode_batch(pairs, add_special_tokens=special)
                    self.texts += len(pairs)
                    wrong = 0
                    for (first, second), (ids, starts, ends, _), want in zip(pairs, got, wanted):
                        expected = want.ids, *oracle.pair_offsets(first, second, want)
                        if (ids, starts, ends) != expected:
                            self.differ(name, f"limit {limit}", wrong, f"{first!r} {second!r}\n"
                                        f"  got  {(ids, starts, ends)}\n  want {expected}")
                            wrong += 1

    def truncated(self, name, vocab, texts, limits):
        """Compares truncated single texts."""
        for limit in limits:
            native = make(vocab)
            native.enable_truncation(limit)
            self.encodings(name, native, texts, max_length=limit)

    def decoded(self, name, vocab, texts):
        """Compares decoded texts, also of random ids, some of them not in the vocabulary."""
        generator = random.Random(5)
        native = make(vocab)
        rows = [e.ids for e in native.encode_batch(texts)]
        rows += [[generator.randrange(len(vocab) + 9) for _ in range(generator.randrange(30))]
                 for _ in range(len(texts))]
        with oracle.saved(native) as path:
            for clean_up in True, False:
                native.decoder = decoders.WordPiece(cleanup=clean_up)
                for skip in True, False:
                    got = oracle.decode(self.driver, path, rows, skip, clean_up)
                    wanted = native.decode_batch(rows, skip_special_tokens=skip)
                    self.texts += len(rows)
                    wrong = 0
                    for ids, text, want in zip(rows, got, wanted):
                        if text != want:
                            self.differ(name, "decoded", wrong,
                                        f"{ids}\n  got  {text!r}\n  want {want!r}")
                            wrong += 1
