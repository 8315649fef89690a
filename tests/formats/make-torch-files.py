#!/usr/bin/env python3
"""Writes tests/formats/torch/: small state dicts written by torch.save, and unsupported or malicious files.

    $(scripts/python-environment transformers) tests/formats/make-torch-files.py

The files are committed, so test_torch_file.c, which has the expected values, needs no Python."""

import collections
import os
import pathlib
import zipfile

import torch

FOLDER = pathlib.Path(__file__).parent / "torch"


def state():
    base = torch.arange(10, dtype=torch.float32)
    entries = collections.OrderedDict(
        matrix=torch.tensor([[1.5, -2.0, 3.0], [0.25, 5.0, -6.0]]),
        half=torch.tensor([1.0, -2.0, 65504.0]).half(),
        brain=torch.tensor([1.0, -3.140625]).bfloat16(),
        wide=torch.tensor([0.1]).double(),
        numbers=torch.arange(3).expand(1, 3),
        parameter=torch.nn.Parameter(torch.tensor([7.0])),
        scalar=torch.tensor(4.5),
        empty=torch.zeros(0, 5),
        tail=base[6:],  # a view with an offset into a shared storage
        head=base[:2],
        flag=torch.tensor([True]),
    )
    entries._metadata = collections.OrderedDict([("", {"version": 1})])
    return entries


class Malicious:
    def __reduce__(self):
        return os.system, ("echo this was executed",)


def rewrite(name, compression, more={}):
    """Writes the files of zip.bin, and `more` ones, into another archive."""
    source = zipfile.ZipFile(FOLDER / "zip.bin")
    with zipfile.ZipFile(FOLDER / name, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry), compression)
        for file, content in more.items():
            target.writestr(file, content)


def main():
    FOLDER.mkdir(exist_ok=True)
    torch.save(state(), FOLDER / "zip.bin")
    torch.save(state(), FOLDER / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(state(), FOLDER / "protocol4.bin", pickle_protocol=4)
    torch.save({"weight": torch.arange(6.0).reshape(2, 3).t()}, FOLDER / "transposed.bin")
    torch.save({"model": {"weight": torch.zeros(2)}}, FOLDER / "nested.bin")
    torch.save([torch.zeros(2)], FOLDER / "list.bin")
    torch.save({"a": torch.zeros(1), "b": Malicious()}, FOLDER / "hostile.bin")
    torch.save({"a": torch.zeros(1), "b": Malicious()}, FOLDER / "hostile-legacy.bin",
               _use_new_zipfile_serialization=False)
    rewrite("packed.bin", zipfile.ZIP_DEFLATED)
    rewrite("big-endian.bin", zipfile.ZIP_STORED, {"zip/byteorder": b"big"})
    rewrite("little-endian.bin", zipfile.ZIP_STORED, {"zip/byteorder": b"little"})
    for path in sorted(FOLDER.iterdir()):
        print(path.name, path.stat().st_size)


main()
