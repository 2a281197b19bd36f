"""Output of jobs as text that an event can show."""

from __future__ import annotations

import re
from collections.abc import Callable

# An event shows no more than this of a text's beginning, and of its end, in characters.
SHOWN = 3000

# No character of UTF-8 has more bytes.
_BYTES_OF_CHARACTER = 4

_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The same text with U+FFFD for lone surrogates, which stand for bytes that are not UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def shown(output: str | bytes | bytearray) -> str:
    """What an event can show of `output`, however long that is. Bytes that are not UTF-8 are replaced."""
    if isinstance(output, str):
        return clean(_ends(output, SHOWN))
    # Cut in the middle of a character, a piece has a few odd ones at the cut, which the next cut removes.
    most = SHOWN * _BYTES_OF_CHARACTER + 2 * _BYTES_OF_CHARACTER
    if len(output) <= 2 * most:
        return _ends(output.decode(errors="replace"), SHOWN)
    decode: Callable[[bytes | bytearray], str] = lambda piece: piece.decode(errors="replace")  # noqa: E731
    return decode(output[:most])[:SHOWN] + decode(output[-most:])[-SHOWN:]


def _ends(text: str, most: int) -> str:
    return text if len(text) <= 2 * most else text[:most] + text[-most:]
