"""Writes unicode_ranges.inc: where letters, numbers, punctuation and white space begin and end.

Needs the PyPI package unicodedata2 of the Unicode version that llama.cpp's own tables have (15.1.0), so that both cut
text at the same places: pip install unicodedata2==15.1.0 && python make_unicode_ranges.py > unicode_ranges.inc
"""
import unicodedata2

SPACE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(9, 14), *range(0x2000, 0x200B)}
NAMES = {"L": "letter", "N": "number", "P": "punctuation"}


def name(code):
    if code in SPACE:
        return "space"
    return NAMES.get(unicodedata2.category(chr(code))[0], "other")


print(f"// Unicode {unicodedata2.unidata_version}, written by make_unicode_ranges.py: first code point of each range, class.")
last = None
for code in range(0x110000):
    kind = name(code)
    if kind != last:
        print(f"{{0x{code:x}, CharClass::{kind}}},")
    last = kind
