"""Random tables of all types of columns, as pyarrow has them."""

import datetime
import decimal

import numpy
import pyarrow as pa

WORDS = [
    "one",
    "two words",
    "",
    "zw\u00f6lf \u00e9t\u00e9",
    "\u65e5\u672c\u8a9e",
    "\U0001f600 smile",
    "exactly 12 b",
    "thirteen byte",
    "line\nbreak",
    "  padded ",
    "a longer text that comes again and again",
    "a prefix shared by the next: a",
    "a prefix shared by the next: b",
    "x" * 700,
    "y" * 70,
    "?",
    "0",
]


class Maker:
    """Random columns of a given number of rows."""

    def __init__(self, random_, rows):
        self.random, self.rows = random_, rows
        self.nulls = random_.choice([0, 0, 0.1, 0.5, 1])
        self.few = random_.random() < 0.5

    def word(self):
        if self.few:
            return self.random.choice(WORDS[:6])
        return self.random.choice(WORDS) + (
            str(self.random.random()) if self.random.random() < 0.5 else ""
        )

    def maybe(self, make):
        return None if self.random.random() < self.nulls else make()

    def column(self, make, rows=None):
        return [self.maybe(make) for _ in range(self.rows if rows is None else rows)]

    def words(self):
        return self.column(self.word)

    def list_of(self, make, size=None):
        return lambda: [
            self.maybe(make) for _ in range(self.random.randint(0, 4) if size is None else size)
        ]

    def array(self, values, kind):
        return pa.array(values, kind)

    def text(self, kind, form):
        """A column of strings of `kind`, in `form`."""
        word = self.word
        if (
            pa.types.is_binary(kind)
            or pa.types.is_large_binary(kind)
            or pa.types.is_binary_view(kind)
        ):
            word = lambda: self.word().encode()  # noqa: E731
        view = pa.types.is_string_view(kind) or pa.types.is_binary_view(kind)
        match form:
            case "plain":
                return pa.array(self.column(word), kind)
            case "dictionary":
                index = self.random.choice(
                    [
                        pa.int8(),
                        pa.uint8(),
                        pa.int16(),
                        pa.uint16(),
                        pa.int32(),
                        pa.uint32(),
                        pa.int64(),
                        pa.uint64(),
                    ]
                )
                values = list(dict.fromkeys(word() for _ in range(20)))
                if self.random.random() < 0.3:
                    values.append(None)
                indices = self.column(lambda: self.random.randrange(len(values)))
                return pa.DictionaryArray.from_arrays(
                    pa.array(indices, index), pa.array(values, kind)
                )
            case "runs":
                ends = sorted(
                    {self.random.randint(1, max(1, self.rows)) for _ in range(5)} | {self.rows}
                )
                if self.rows == 0:
                    return pa.array([], pa.run_end_encoded(pa.int32(), kind))
                width = self.random.choice([pa.int16(), pa.int32(), pa.int64()])
                values = pa.array(self.column(word, len(ends)), kind)
                return pa.RunEndEncodedArray.from_arrays(pa.array(ends, width), values)
            case "list":
                return pa.array(self.column(self.list_of(word)), pa.list_(kind))
            case "large_list":
                return pa.array(self.column(self.list_of(word)), pa.large_list(kind))
            case "fixed_list":
                return pa.array(self.column(self.list_of(word, 3)), pa.list_(kind, 3))
            case "list_view":
                return pa.array(self.column(self.list_of(word)), pa.list_view(kind))
            case "large_list_view":
                return pa.array(self.column(self.list_of(word)), pa.large_list_view(kind))
            case "lists":
                return pa.array(
                    self.column(self.list_of(self.list_of(word))), pa.list_(pa.large_list(kind))
                )
            case "list_of_fixed":
                return pa.array(
                    self.column(self.list_of(self.list_of(word, 2))), pa.list_(pa.list_(kind, 2))
                )
            case "struct":
                make = lambda: {"n": 1, "inner": self.maybe(word)}  # noqa: E731
                return pa.array(self.column(make), pa.struct([("n", pa.int16()), ("inner", kind)]))
            case "list_of_structs":
                make = self.list_of(lambda: {"inner": self.maybe(word), "n": 1})
                return pa.array(
                    self.column(make), pa.list_(pa.struct([("inner", kind), ("n", pa.int16())]))
                )
            case "struct_of_list":
                make = lambda: {"inner": self.maybe(self.list_of(word))}  # noqa: E731
                return pa.array(self.column(make), pa.struct([("inner", pa.list_(kind))]))
            case "map":
                make = lambda: [
                    (str(i), self.maybe(word)) for i in range(self.random.randint(0, 3))
                ]  # noqa: E731
                return pa.array(self.column(make), pa.map_(pa.string(), kind))
            case "list_of_dictionary":
                if view:
                    return self.text(kind, "list")
                flat = pa.array(self.column(word, 3 * self.rows), kind).dictionary_encode()
                offsets = pa.array([3 * i for i in range(self.rows + 1)], pa.int32())
                return pa.ListArray.from_arrays(offsets, flat)
        raise ValueError(form)

    def other(self):
        """A column that is not text, as it may stand before one."""
        r = self.random
        number = lambda: r.randint(0, 100)  # noqa: E731
        simple = [
            pa.int8(),
            pa.uint8(),
            pa.int16(),
            pa.uint16(),
            pa.int32(),
            pa.uint32(),
            pa.int64(),
            pa.uint64(),
            pa.date32(),
            pa.time32("s"),
            pa.time32("ms"),
            pa.time64("us"),
            pa.time64("ns"),
            pa.timestamp("s"),
            pa.timestamp("ms", "UTC"),
            pa.timestamp("us", "Europe/Berlin"),
            pa.timestamp("ns"),
            pa.duration("s"),
            pa.duration("ms"),
            pa.duration("us"),
            pa.duration("ns"),
        ]
        made = [
            lambda: pa.array(self.column(number), r.choice(simple)),
            lambda: pa.array(
                self.column(lambda: datetime.date(2020, 1, number() % 28 + 1)), pa.date64()
            ),
            lambda: pa.array(self.column(r.random), r.choice([pa.float32(), pa.float64()])),
            lambda: pa.array(self.column(lambda: numpy.float16(number())), pa.float16()),
            lambda: pa.array(self.column(lambda: r.random() < 0.5), pa.bool_()),
            lambda: pa.array(
                self.column(lambda: decimal.Decimal(number()) / 100),
                r.choice(
                    [
                        pa.decimal32(9, 2),
                        pa.decimal64(12, 2),
                        pa.decimal128(20, 2),
                        pa.decimal256(50, 2),
                    ]
                ),
            ),
            lambda: pa.array(self.column(lambda: b"12345"), pa.binary(5)),
            lambda: pa.nulls(self.rows),
            lambda: pa.array(self.column(self.list_of(number)), pa.list_(pa.int32())),
            lambda: pa.array(
                self.column(lambda: {"a": number(), "b": self.list_of(r.random)()}),
                pa.struct([("a", pa.int8()), ("b", pa.list_(pa.float64()))]),
            ),
            lambda: pa.array(self.column(number), pa.int64()).dictionary_encode(),
            lambda: pa.array(self.column(lambda: (1, 2, 3)), pa.month_day_nano_interval()),
            lambda: pa.UnionArray.from_sparse(
                pa.array([i % 2 for i in range(self.rows)], pa.int8()),
                [pa.array(range(self.rows), pa.int64()), pa.array(self.words(), pa.string())],
            ),
            lambda: pa.UnionArray.from_dense(
                pa.array([0] * self.rows, pa.int8()),
                pa.array(range(self.rows), pa.int32()),
                [pa.array(range(self.rows), pa.int64())],
            ),
            lambda: pa.array(self.words(), pa.string_view()),
        ]
        return r.choice(made)()


FORMS = [
    "plain",
    "plain",
    "plain",
    "dictionary",
    "runs",
    "list",
    "large_list",
    "fixed_list",
    "list_view",
    "large_list_view",
    "lists",
    "list_of_fixed",
    "struct",
    "list_of_structs",
    "struct_of_list",
    "map",
    "list_of_dictionary",
]
KINDS = [
    pa.string(),
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.binary(),
    pa.large_binary(),
    pa.binary_view(),
]
NAMES = [
    "text",
    "t",
    "content",
    "a rather long name of a column",
    "\u00fcber",
    "Text",
    "sentence1",
    "body_text",
]


def make_table(r, forms, kinds, others):
    maker = Maker(r, r.choice([0, 1, 2, 7, 40, 300]))
    texts = [maker.text(r.choice(kinds), r.choice(forms)) for _ in range(r.randint(1, 4))]
    columns = texts + [others(maker) for _ in range(r.randint(0, 5))]
    r.shuffle(columns)
    names = r.sample(NAMES, len(NAMES)) + [f"c{i}" for i in range(len(columns))]
    return pa.table(columns, names=names[: len(columns)])


def chunked(r, table):
    """The table in pieces of random sizes, some of them empty."""
    pieces, at = [], 0
    while at < table.num_rows:
        size = r.choice([0, 1, 3, 17, 200])
        pieces.append(table.slice(at, size))
        at += size
    return pa.concat_tables(pieces) if pieces else table
