#!/usr/bin/env python3
"""Writes tests/formats/bundles/: small TensorFlow checkpoints, and some invalid or unsupported ones.

    python3 tests/formats/make-tensor-bundles.py

The files are committed, so test_tensor_bundle.c, which has the expected values, needs no Python."""

import pathlib
import struct

import tensor_bundle
from tensor_bundle import (BFLOAT16, BOOL, DOUBLE, FLOAT, HALF, INT32, INT64, STRING, entry_message,
                           header_message, tensor)

FOLDER = pathlib.Path(__file__).parent / "bundles"


def pack(form, *values):
    return struct.pack(f"<{len(values)}{form}", *values)


TENSORS = {
    "brain": tensor(BFLOAT16, (2,), pack("H", 0x3F80, 0xC049)),
    "empty": tensor(FLOAT, (0, 5), b""),
    "flag": tensor(BOOL, (1,), b"\1"),
    "half": tensor(HALF, (3,), pack("e", 1, -2, 65504)),
    "matrix/of": tensor(FLOAT, (2, 3), pack("f", 1.5, -2, 3, 0.25, 5, -6)),
    "matrix/of/adam_m": tensor(FLOAT, (2, 3), pack("f", *[0] * 6)),
    "numbers": tensor(INT64, (1, 3), pack("q", 0, 1, 2)),
    "scalar": tensor(FLOAT, (), pack("f", 4.5)),
    "small": tensor(INT32, (2,), pack("i", 7, 8)),
    "text": tensor(STRING, (1,), b"\5" + pack("I", 0) + b"words"),
    "wide": tensor(DOUBLE, (1,), pack("d", 0.1)),
}


def main():
    FOLDER.mkdir(exist_ok=True)
    tensor_bundle.write(FOLDER / "plain", TENSORS)
    tensor_bundle.write(FOLDER / "blocks", TENSORS, block_size=1, interval=2, shards=3)
    tensor_bundle.write(FOLDER / "snappy", TENSORS, block_size=200, compressed=True)
    tensor_bundle.write(FOLDER / "big-endian", TENSORS, endianness=1)
    tensor_bundle.write(FOLDER / "newer", TENSORS, min_consumer=2)
    tensor_bundle.write(FOLDER / "nothing", {})
    whole = TENSORS["matrix/of"]
    slice_key = b"\0" + b"matrix/of" + b"\0\1" + b"\1\2" + b"\0\0\1\1"
    for name, entries in {
            "sliced": [(slice_key, entry_message(whole, 0, 0))],
            "sliced-whole": [(b"matrix/of", entry_message(whole._replace(data=b""), 0, 0, [b""]))],
    }.items():
        (FOLDER / f"{name}.index").write_bytes(
            tensor_bundle.table([(b"", header_message(1)), *entries]))
        (FOLDER / f"{name}.data-00000-of-00001").write_bytes(whole.data)
    (FOLDER / "first-format.ckpt").write_bytes(tensor_bundle.table([(b"", b"\x0a\x00")]))
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


main()
