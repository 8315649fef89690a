"""Batches that both sides of bench/against-pytorch train on, and their safetensors files."""

import json
import struct

import numpy

TYPES = {"I32": numpy.int32, "U8": numpy.uint8, "F32": numpy.float32}
NAMES = {numpy.dtype(t): n for n, t in TYPES.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": NAMES[value.dtype], "shape": list(value.shape),
                        "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.tobytes())


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[8 + length + start:8 + length + end], TYPES[entry["dtype"]])
        result[name] = flat.reshape(entry["shape"])
    return result


def make_stream(lengths, vocab_size, seed):
    """Random pairs of the given lengths: segment B from the middle on, 15 % of the tokens masked."""
    random = numpy.random.default_rng(seed)
    starts = numpy.concatenate([[0], numpy.cumsum(lengths)]).astype(numpy.int32)
    total = int(starts[-1])
    tokens = random.integers(5, vocab_size, total, dtype=numpy.int32)
    types = numpy.zeros(total, numpy.uint8)
    positions = []
    for start, length in zip(starts, lengths):
        types[start + length // 2:start + length] = 1
        count = max(1, round(0.15 * length))
        positions.append(start + numpy.sort(random.choice(length, count, replace=False)))
    positions = numpy.concatenate(positions).astype(numpy.int32)
    return {"tokens": tokens, "token_types": types, "sequence_starts": starts,
            "sample_numbers": numpy.arange(len(lengths), dtype=numpy.int32),
            "masked_positions": positions,
            "masked_labels": random.integers(5, vocab_size, len(positions), dtype=numpy.int32),
            "next_sentence_labels": random.integers(0, 2, len(lengths)).astype(numpy.uint8)}
