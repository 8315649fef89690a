"""Writes TensorFlow checkpoints of format V2 (PREFIX.index, PREFIX.data-…) in pure Python, for test_tensor_bundle.c and tests/model/test_transformers.py.
Implemented from LevelDB's doc/table_format.md and TensorFlow's tensor_bundle.proto, tensor_shape.proto and types.proto, independently of the reader.

    tensor_bundle.write(prefix, {"name": tensor(FLOAT, (2, 3), bytes)})"""

import collections
import pathlib
import struct

FLOAT, DOUBLE, INT32, STRING, INT64, BOOL, BFLOAT16, HALF = 1, 2, 3, 7, 9, 10, 14, 19

tensor = collections.namedtuple("tensor", "dtype shape data")


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def _number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def _message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def shape_message(shape):
    return b"".join(_message(2, _number(1, size)) for size in shape)


def header_message(shards, endianness=0, min_consumer=0):
    version = _number(1, 1) + _number(2, min_consumer)
    return _number(1, shards) + _number(2, endianness) + _message(3, version)


def entry_message(value, shard, offset, slices=()):
    message = _number(1, value.dtype) + _message(2, shape_message(value.shape))
    message += _number(3, shard) + _number(4, offset) + _number(5, len(value.data))
    message += varint(6 << 3 | 5) + struct.pack("<I", masked_crc32c(value.data))
    return message + b"".join(_message(7, one) for one in slices)


def snappy(data):
    """Literals of at most 60 bytes, and a copy wherever four bytes are repeated immediately."""
    out = bytearray(varint(len(data)))
    at = 0
    while at < len(data):
        if at >= 4 and data[at - 4:at] == data[at:at + 4]:
            out += bytes([(4 - 4) << 2 | 1, 4])
            at += 4
            continue
        piece = data[at:at + min(60, 4 if at < 8 else 60)]
        out += bytes([len(piece) - 1 << 2]) + piece
        at += len(piece)
    return bytes(out)


class _Block:
    def __init__(self, interval):
        self.interval, self.content = interval, bytearray()
        self.restarts, self.count, self.last = [], 0, b""

    def add(self, key, value):
        shared = 0
        if self.count % self.interval == 0:
            self.restarts.append(len(self.content))
        else:
            while shared < min(len(key), len(self.last)) and key[shared] == self.last[shared]:
                shared += 1
        self.content += varint(shared) + varint(len(key) - shared) + varint(len(value))
        self.content += key[shared:] + value
        self.last, self.count = key, self.count + 1

    def finish(self):
        restarts = self.restarts or [0]
        return bytes(self.content) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def table(entries, block_size=4096, interval=16, compressed=False):
    """A table of (key, value) pairs, which must be sorted."""
    out, index = bytearray(), _Block(1)

    def put(content):
        kind = 1 if compressed else 0
        content = snappy(content) if compressed else content
        handle = varint(len(out)) + varint(len(content))
        out.extend(content + bytes([kind]))
        out.extend(struct.pack("<I", masked_crc32c(content + bytes([kind]))))
        return handle

    block = _Block(interval)
    for key, value in entries:
        block.add(key, value)
        if len(block.content) >= block_size:
            index.add(block.last, put(block.finish()))
            block = _Block(interval)
    if block.count:
        index.add(block.last + b"\0", put(block.finish()))
    handles = put(_Block(1).finish()) + put(index.finish())
    return bytes(out) + handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def write(prefix, tensors, shards=1, endianness=0, min_consumer=0, **options):
    """Writes tensors in the order of their names, distributed round-robin over the shards."""
    data = [bytearray() for _ in range(shards)]
    entries = [(b"", header_message(shards, endianness, min_consumer))]
    for i, name in enumerate(sorted(tensors, key=str.encode)):
        shard = data[i % shards]
        entries.append((name.encode(), entry_message(tensors[name], i % shards, len(shard))))
        shard += tensors[name].data
    pathlib.Path(f"{prefix}.index").write_bytes(table(entries, **options))
    for i, shard in enumerate(data):
        pathlib.Path(f"{prefix}.data-{i:05}-of-{shards:05}").write_bytes(shard)


def bert_variables(state):
    """Converts a state dict of BertForPreTraining to {variable of Google's BERT: (values, transposed)}, without the decoder, which is tied, and without buffers."""
    variables = {}
    for name, values in state.items():
        if name.endswith("position_ids") or name.startswith("cls.predictions.decoder."):
            continue
        parts = name.replace("encoder.layer.", "encoder.layer_").split(".")
        last, transposed = parts.pop(), False
        if name == "cls.predictions.bias":
            parts.append("output_bias")
        elif parts[-1] == "seq_relationship":
            parts.append("output_weights" if last == "weight" else "output_bias")
        elif parts[-1] == "LayerNorm":
            parts.append("gamma" if last == "weight" else "beta")
        elif not parts[-1].endswith("_embeddings"):
            transposed = last == "weight"
            parts.append("kernel" if transposed else "bias")
        variables["/".join(parts)] = (values, transposed)
    return variables
