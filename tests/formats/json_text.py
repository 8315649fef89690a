"""What Python's json reads, written as tests/formats/json_text.h writes what json_reader reads."""
import json
import re


class Raw(str):
    """A number as it is written."""


def read(document):
    """The value; objects are lists of pairs in tuples. Raises ValueError if it is not JSON."""
    return json.loads(document, parse_int=Raw, parse_float=Raw, parse_constant=Raw,
                      object_pairs_hook=lambda pairs: tuple(pairs))


def string(value):
    value = re.sub("[\ud800-\udfff]", "\ufffd", value).encode()
    return b"%d\"%s" % (len(value), value)


def write(value):
    if isinstance(value, Raw):
        return value.encode()
    if isinstance(value, str):
        return string(value)
    if isinstance(value, tuple):
        return b"{" + b"".join(string(k) + b":" + write(v) + b"," for k, v in value) + b"}"
    if isinstance(value, list):
        return b"[" + b"".join(write(v) + b"," for v in value) + b"]"
    return {True: b"true", False: b"false", None: b"null"}[value]


def expected(document):
    """Of a document in UTF-8; None if it is not JSON."""
    try:
        return write(read(document.decode()))
    except ValueError:
        return None
