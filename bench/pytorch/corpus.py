"""Real text for bench/against-pytorch, prepared once: the King James Bible from Debian's bible-kjv, each chapter
a document."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BERT = ROOT / "build" / "release" / "bert"
SAMPLE_BATCHES = ROOT / "build" / "release" / "bench" / "sample_batches"
FOLDER = ROOT / "build" / "bench-data"
DATA = FOLDER / "data"


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def write_text(path):
    verses = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True, capture_output=True, text=True).stdout
    chapter = None
    with open(path, "w") as file:
        for line in verses.splitlines():
            place, _, verse = line.partition(" ")
            if chapter not in (None, place.split(":")[0]):
                file.write("\n")
            chapter = place.split(":")[0]
            file.write(verse + "\n")


def prepared():
    """The prefix of the prepared data."""
    if not DATA.with_suffix(".idx").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        write_text(FOLDER / "bible.txt")
        tokenizer = FOLDER / "tokenizer"
        if not (tokenizer / "vocab.txt").exists():
            run(BERT, "train-tokenizer", "--vocab-size", 30522, "--output", tokenizer, FOLDER / "bible.txt")
        run(BERT, "prepare", "--tokenizer", tokenizer, "--output", DATA, FOLDER / "bible.txt")
    return DATA


def write_batch(path, case):
    run(SAMPLE_BATCHES, prepared(), path, case.sequences, case.length, case.kind)
