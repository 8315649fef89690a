#!/usr/bin/env python3
"""Writes json_values.inc: documents, and what Python's json reads out of them (made with Python 3.11.7).

    tests/formats/make-json-values.py > tests/formats/json_values.inc
"""
import json_text

DOCUMENTS = [
    # values
    '{}', '[]', '""', 'null', 'true', 'false', ' \t\r\n{ } \n', '[[],[[]],{}]', '{"":""}',
    '{"a": 1, "b": [true, false, null], "c": {"d": "e"}}', '{"a":1,"a":2}', '[1,2 , 3]',
    '{\n  "a": [\n    1\n  ]\n}\n', '"a"', ' "a" ', '[""]', '{"a":{"a":{"a":[{"a":[]}]}}}',
    # numbers
    '0', '-0', '-1', '10', '1.5', '1.50', '1e5', '1E+5', '1e-5', '0e0', '-0.0e-0', '1.0E400', '1e99999',
    '9223372036854775807', '9223372036854775808', '18446744073709551615', '-9223372036854775809',
    '1' + '0' * 60, '0.' + '3' * 40, 'NaN', 'Infinity', '-Infinity', '[NaN,Infinity,-Infinity]',
    '{"a":NaN}', '[1e5,2]', '[-1]', '12345678901234567890123',
    # strings
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0041\\u00e4\\u20AC\\uffff"', '"\\u0000"', '"a\\u0000b"',
    '"\\ud83d\\ude00"', '"x\\ud83d\\ude00y"', '"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\ud83dx"',
    '"\\ud83d\\n"', '"\\ud83d\\u0041"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83d\\ud83d"', '"\\ud83d\\ude00\\ude00"',
    '"\\uD83D\\uDE00"', '"\\ud800\\udc00\\udbff\\udfff"', '"\\ufffe"', '"ä€😀"', '"\x7f"', '"\u2028"',
    '"1234567\\n"', '"12345678"', '"123456789"', '"12345678\\\\"', '"' + 'x' * 70 + '\\t' + 'y' * 70 + '"',
    '{"\\u0061\\n":1}', '{"\\ud800":1}', '{"a" : 1}', '{"a"\n:\n1}', '"\\\\u0041"', '"\\\\\\""', '"/"',
    '{"' + 'k' * 90 + '":"v"}', "\"it's\"", '"[{,:}]"',
    # not JSON
    '', ' ', '{', '}', '[', ']', '[1', '[1,', '[1,]', '[,1]', '[1,,2]', '[1 2]', '{"a"}', '{"a":}',
    '{"a":1', '{"a":1,', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a" 1}', '{a:1}', '{1:1}', "{'a':1}",
    '[1}', '{"a":1]', '[[1]', '{}}', '[]]', '1 2', '{} []', '"', '"a', '"a\\"', '"\\x"', '"\\', '"\\u"',
    '"\\u12"', '"\\u123"', '"\\u12g4"', '"\\u 123"', '"\\u-123"', '"\n"', '"\t"', '"\x00"', '"\x1f"', '"a\nb"',
    '"\\\n"', '01', '-', '-01', '1.', '.5', '1.e5', '1e', '1e+', '+1', '1.5.5', '0x10', '1_000', '--1', '1a',
    'nul', 'nulll', 'True', 'TRUE', 'None', 'nan', 'NAN', 'inf', '-inf', 'Inf', '-NaN', '+Infinity',
    'undefined', 'truefalse', 'tru', '\x0b1', '\xa01', '// c\n1', '/**/1', '[1]//', '#', "'a'", '\ufeff1',
    '“a”', '"a"b', '{"a":1}x', '[true false]', '{"a":1,"b"}', '{"a":1:2}', '[1:2]', '{"a",1}', '{[]:1}',
]


def literal(data):
    """A string literal of C; \\ooo cannot run into a digit that follows."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else "\\%03o" % b for b in data) + '"'


def main():
    print("/* Made by make-json-values.py: document, its length, and what it holds or NULL. */")
    for document in DOCUMENTS:
        data = document.encode()
        value = json_text.expected(data)
        print("{%s, %d, %s, %d}," % (literal(data), len(data), literal(value) if value is not None else "NULL",
                                     len(value or b"")))


main()
