"""The baseline of against-datasets: from text to the ids of its sentences, with Hugging Face `datasets` and
`tokenizers` as their documentation recommends: one batched map in several processes.

    datasets_baseline.py prepare VOCAB OUTPUT PROCESSES regex|icu FILE…
    datasets_baseline.py count OUTPUT             counts documents, sentences and tokens of the output
"""
import functools
import json
import re
import sys


@functools.cache
def regex_splitter():
    """A cheap rule for sentence boundaries."""
    return re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])").split


@functools.cache
def icu_splitter():
    """ICU's rules for English with its list of abbreviations, to which `bert prepare` adds."""
    sys.path.append("/usr/lib/python3/dist-packages")
    import icu
    breaks = icu.BreakIterator.createSentenceInstance(icu.Locale("en@ss=standard"))

    def split(text):
        if not text.isascii():
            text = icu.UnicodeString(text)  # boundaries are in UTF-16 code units
        breaks.setText(text)
        start, parts = 0, []
        for end in breaks:
            parts.append(str(text[start:end]))
            start = end
        return parts
    return split


@functools.cache
def tokenizer(vocab):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    made = Tokenizer(models.WordPiece.from_file(vocab, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return made


def encode(batch, vocab, splitter):
    split = {"regex": regex_splitter, "icu": icu_splitter}[splitter]()
    sentences, counts = [], []
    for text in batch["text"]:
        # A paragraph is a document; line breaks become spaces, and lines are stripped.
        parts = [part.strip() for part in split(" ".join(map(str.strip, text.split("\n"))).strip())]
        parts = [part for part in parts if part]
        sentences += parts
        counts.append(len(parts))
    ids = iter(tokenizer(vocab).encode_batch_fast(sentences, add_special_tokens=False))
    return {"input_ids": [[next(ids).ids for _ in range(count)] for count in counts]}


def prepare(vocab, output, processes, splitter, *files):
    import datasets
    datasets.disable_progress_bars()
    processes = int(processes)
    data = datasets.load_dataset("text", data_files=list(files), sample_by="paragraph", split="train",
                                 cache_dir=f"{output}/cache", num_proc=min(processes, len(files)))
    # Two bytes per id, as in our files.
    ids = datasets.Features({"input_ids": datasets.Sequence(datasets.Sequence(datasets.Value("uint16")))})
    data = data.map(encode, batched=True, num_proc=processes, remove_columns=["text"], features=ids,
                    fn_kwargs={"vocab": vocab, "splitter": splitter})
    data.save_to_disk(f"{output}/saved", num_proc=processes)


def count(output):
    import datasets
    import pyarrow.compute as compute
    column = datasets.load_from_disk(f"{output}/saved").data.column("input_ids")
    sentences = compute.list_flatten(column)
    lengths = compute.list_value_length(sentences)
    print(json.dumps({"documents": compute.sum(compute.greater(compute.list_value_length(column), 0)).as_py(),
                      "sentences": compute.sum(compute.greater(lengths, 0)).as_py(),
                      "tokens": compute.sum(lengths).as_py()}))


if __name__ == "__main__":
    import datasets_baseline  # so that worker processes can unpickle the functions
    getattr(datasets_baseline, sys.argv[1])(*sys.argv[2:])
