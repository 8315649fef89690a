#!/usr/bin/env python3
"""Our indexed files, read by a reader written from the description of Megatron-LM's format alone:
header, lengths, pointers and documents as its IndexedDataset takes them, nothing of ours."""
import random
import struct
import subprocess
import sys
import tempfile


def read_indexed(prefix):
    """Documents as lists of sentences as lists of ids, and the size of an id in bytes."""
    with open(prefix + ".idx", "rb") as file:
        index = file.read()
    with open(prefix + ".bin", "rb") as file:
        tokens = file.read()
    assert index[:9] == b"MMIDIDX\x00\x00", index[:9]
    version, code, sequence_count, document_count = struct.unpack_from("<QBQQ", index, 9)
    assert version == 1, version
    letter, size = {8: ("H", 2), 4: ("i", 4)}[code]
    offset = 34
    lengths = struct.unpack_from(f"<{sequence_count}i", index, offset)
    offset += 4 * sequence_count
    pointers = struct.unpack_from(f"<{sequence_count}q", index, offset)
    offset += 8 * sequence_count
    documents = struct.unpack_from(f"<{document_count}q", index, offset)
    offset += 8 * document_count
    assert offset == len(index), (offset, len(index))
    # Megatron-LM: document_count counts the entries, the first is 0 and the last the sequences.
    assert documents[0] == 0 and documents[-1] == sequence_count, documents
    sequences = [
        list(struct.unpack_from(f"<{length}{letter}", tokens, pointer))
        for length, pointer in zip(lengths, pointers)
    ]
    assert sum(lengths) * size == len(tokens)
    return [sequences[a:b] for a, b in zip(documents, documents[1:])], size


def check(writer, vocab_size, expected_size, read=read_indexed):
    chance = random.Random(vocab_size)
    documents = [
        [
            [chance.randrange(vocab_size) for _ in range(chance.randint(1, 60))]
            for _ in range(chance.randint(1, 30))
        ]
        for _ in range(200)
    ]
    text = "".join(
        "".join(" ".join(map(str, sentence)) + "\n" for sentence in document) + "\n"
        for document in documents
    )
    with tempfile.TemporaryDirectory() as directory:
        prefix = directory + "/data"
        subprocess.run([writer, prefix, str(vocab_size)], input=text.encode(), check=True)
        found, size = read(prefix)
    assert size == expected_size, size
    assert found == documents
    print(f"{sum(map(len, documents))} sentences of a vocabulary of {vocab_size}: equal, {size} bytes an id")


if __name__ == "__main__":
    check(sys.argv[1], 30522, 2)
    check(sys.argv[1], 65499, 2)
    check(sys.argv[1], 65500, 4)
    check(sys.argv[1], 250112, 4)
