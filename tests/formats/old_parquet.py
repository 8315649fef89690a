"""Writes Parquet files of forms that today's writers no longer write: a column of byte arrays whose
schema, levels, encoding and codec the caller chooses. Needs nothing but Python."""

import struct

REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
BYTE_ARRAY = 6
UTF8, MAP, MAP_KEY_VALUE, LIST = 0, 1, 2, 3
PLAIN, RLE, BIT_PACKED, DELTA_BYTE_ARRAY = 0, 3, 4, 7


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def compact(fields):
    """A struct of Thrift's compact protocol: {id: int | bool | bytes | list | dict}."""
    out, last = b"", 0
    for id_, value in sorted(fields.items()):
        kind, body = compact_value(value)
        out += bytes([(id_ - last) << 4 | kind]) + body
        last = id_
    return out + b"\0"


def compact_value(value):
    if isinstance(value, bool):
        return (1 if value else 2), b""
    if isinstance(value, int):
        return 6 if value > 2**31 - 1 else 5, varint(value << 1)
    if isinstance(value, bytes):
        return 8, varint(len(value)) + value
    if isinstance(value, dict):
        return 12, compact(value)
    kinds = [compact_value(v) for v in value]
    kind = kinds[0][0] if kinds else 12
    size = (
        bytes([len(value) << 4 | kind])
        if len(value) < 15
        else bytes([240 | kind]) + varint(len(value))
    )
    return 9, size + b"".join(body for _, body in kinds)


def element(name, children=0, repetition=REQUIRED, converted=None):
    fields = {4: name.encode(), 3: repetition}
    if children:
        fields[5] = children
    else:
        fields[1] = BYTE_ARRAY
    if converted is not None:
        fields[6] = converted
    return fields


def runs(levels, width):
    """Levels as runs of one value each, after their length."""
    body = b"".join(varint(1 << 1) + bytes([level]) for level in levels) if width else b""
    return struct.pack("<I", len(body)) + body if width else b""


def packed(levels, width):
    """The same in the deprecated encoding, most significant bit first."""
    bits = "".join(format(level, f"0{width}b") for level in levels)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def plain(values):
    return b"".join(struct.pack("<I", len(v)) + v for v in values)


def page(count, body, encoding=PLAIN, levels=RLE, compress=bytes):
    """A data page of version 1."""
    stored = compress(body)
    header = {1: 0, 2: len(body), 3: len(stored), 5: {1: count, 2: encoding, 3: levels, 4: levels}}
    return compact(header) + stored


def page_v2(count, nulls, rows, levels, body, compress=bytes, says_compressed=True):
    """A data page of version 2; `levels` are the definition levels, without their length."""
    stored = compress(body)
    header = {
        1: 3,
        2: len(levels) + len(body),
        3: len(levels) + len(stored),
        8: {1: count, 2: nulls, 3: rows, 4: PLAIN, 5: len(levels), 6: 0, 7: says_compressed},
    }
    return compact(header) + levels + stored


def file(
    schema, path, pages, values, rows, codec=0, created=b"by hand", size=None, chunk={}, more={}
):
    """A file of one column in one row group."""
    body = b"PAR1" + b"".join(pages)
    length = len(body) - 4
    meta = {
        1: BYTE_ARRAY,
        2: [PLAIN],
        3: [p.encode() for p in path],
        4: codec,
        5: values,
        6: length,
        7: length if size is None else size,
        9: 4,
    }
    footer = compact(
        {
            1: 1,
            2: [element("schema", 1), *schema],
            3: rows,
            6: created,
            4: [{1: [{2: 4, 3: meta} | chunk], 2: length, 3: rows}],
        }
        | more
    )
    return body + footer + struct.pack("<I", len(footer)) + b"PAR1"
