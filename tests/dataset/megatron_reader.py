#!/usr/bin/env python3
"""Our indexed files, read by Megatron-LM's own IndexedDataset.

Only the reader is imported from the package; modules that need more than PyTorch and NumPy are replaced by
stubs with what the reader uses.

    megatron_reader.py FOLDER-OF-THE-PACKAGE WRITER
"""
import importlib
import os
import sys
import types

from test_indexed_files import check


def load_reader(folder):
    for name in "megatron", "megatron.core", "megatron.core.datasets":
        package = types.ModuleType(name)
        package.__path__ = [os.path.join(folder, *name.split("."))]
        sys.modules[name] = package
    utils = types.ModuleType("megatron.core.utils")
    utils.log_single_rank = lambda *arguments, **names: None
    sys.modules["megatron.core.utils"] = utils
    return importlib.import_module("megatron.core.datasets.indexed_dataset").IndexedDataset


def read_with(reader):
    def read(prefix):
        data = reader(prefix)
        borders = data.document_indices
        documents = [[data[int(i)].tolist() for i in range(first, end)]
                     for first, end in zip(borders, borders[1:])]
        return documents, data[0].itemsize
    return read


if __name__ == "__main__":
    read = read_with(load_reader(sys.argv[1]))
    check(sys.argv[2], 30522, 2, read)
    check(sys.argv[2], 250112, 4, read)
    check(sys.argv[2], 30522, 2, read, "documents")
    check(sys.argv[2], 250112, 4, read, "documents")
