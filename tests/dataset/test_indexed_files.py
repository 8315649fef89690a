#!/usr/bin/env python3
"""Our indexed files, read by an independent reader: header, lengths, pointers and documents as Megatron-LM's
IndexedDataset defines them. For the layout "documents", also the .sentences file, as described in
src/dataset/shard.h."""
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
    # In Megatron-LM, document_count is the number of entries; the first is 0, the last the number of sequences.
    assert documents[0] == 0 and documents[-1] == sequence_count, documents
    sequences = [
        list(struct.unpack_from(f"<{length}{letter}", tokens, pointer))
        for length, pointer in zip(lengths, pointers)
    ]
    assert sum(lengths) * size == len(tokens)
    return [sequences[a:b] for a, b in zip(documents, documents[1:])], size


def read_sentences(prefix):
    """The lengths of the sentences of each document."""
    with open(prefix + ".sentences", "rb") as file:
        content = file.read()
    assert content[:8] == b"BERTSENT", content[:8]
    version, sentences, documents, tokens, long_count = struct.unpack_from("<5Q", content, 8)
    assert version == 1, version
    starts = struct.unpack_from(f"<{documents + 1}q", content, 48)
    offset = 48 + 8 * (documents + 1)
    block_count = (sentences + 63) // 64
    blocks = struct.unpack_from(f"<{block_count + 1}Q", content, offset)
    offset += 8 * (block_count + 1)
    numbers = struct.unpack_from(f"<{2 * long_count}Q", content, offset)
    offset += 16 * long_count
    lengths = list(content[offset:offset + sentences])
    assert len(content) == offset + sentences + 8
    for sentence, length in zip(numbers[::2], numbers[1::2]):
        assert lengths[sentence] == 0 and length > 255
        lengths[sentence] = length
    assert sum(lengths) == tokens == blocks[-1]
    for block, before in enumerate(blocks):
        assert sum(lengths[:64 * block]) == before
    return [lengths[a:b] for a, b in zip(starts, starts[1:])]


def check(writer, vocab_size, expected_size, read=read_indexed, layout="sentences"):
    chance = random.Random(vocab_size)
    documents = [
        [
            [chance.randrange(vocab_size) for _ in range(chance.choice((1, 5, 20, 60, 255, 256, 400)))]
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
        subprocess.run([writer, prefix, str(vocab_size), layout], input=text.encode(), check=True)
        found, size = read(prefix)
        if layout == "documents":
            assert read_sentences(prefix) == [list(map(len, document)) for document in documents]
            documents = [[sum(document, [])] for document in documents]
    assert size == expected_size, size
    assert found == documents
    print(f"{layout}: {sum(map(len, documents))} sequences of a vocabulary of {vocab_size}: equal, {size} bytes per id")


if __name__ == "__main__":
    check(sys.argv[1], 30522, 2)
    check(sys.argv[1], 65499, 2)
    check(sys.argv[1], 65500, 4)
    check(sys.argv[1], 250112, 4)
    check(sys.argv[1], 30522, 2, layout="documents")
    check(sys.argv[1], 250112, 4, layout="documents")
