"""Measure what the columns of a Parquet file unpack to, by the headers of their pages.

The list at the end of a file may state anything. What is allocated follows the headers of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MAX_PAGES: Final = 200_000
"""Most pages of a file; 785 columns have as many in 250 groups of rows."""
MAX_PAGE: Final = 2**26
"""Most bytes of a page after unpacking; writers aim at one million."""
MAX_ENTRIES: Final = 2**19
"""Most entries of the lists at the end of a file, each of which takes up to 700 bytes once read;
785 columns in 60 groups of rows have 380,000."""
MAX_DEPTH: Final = 8
DAMAGED: Final = "The file is damaged or cut off; get it again."
DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = 0, 2, 3
VALUES_OF: Final = {DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}
"""The field of a page's header that holds the count of its values, by the type of the page."""
TRUE, FALSE, BYTE, SHORT, INTEGER, LONG, DOUBLE, BYTES, LIST, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 12


class Unsound(Exception):
    """The pages are damaged, or unpack to too much; the text says which."""


@dataclass(frozen=True)
class Weight:
    """What one column of one group of rows unpacks to."""

    pages: int
    values: int
    """How many values its pages hold; of a dictionary none are counted."""
    unpacked: int
    """In bytes, which a dictionary may stand for many times."""
    largest: int
    """Bytes of its largest page: one value of a dictionary is no longer."""


def check_entries(data: bytes, start: int) -> None:
    """Refuse what stands at the end of a file, from here on, if it lists too much."""
    _Thrift(data, start).read_struct()


def weigh(data: bytes, start: int, length: int) -> Weight:
    """Add up the pages that stand in these bytes of a file; nothing is unpacked."""
    end = start + length
    if not 4 <= start <= end <= len(data):
        raise Unsound(DAMAGED)
    pages = values = unpacked = largest = 0
    thrift = _Thrift(data, start)
    while thrift.at < end:
        header = thrift.read_struct()
        kind = _size(header.get(1))
        size, packed = _size(header.get(2)), _size(header.get(3))
        counts = header.get(VALUES_OF.get(kind, 0))
        held = _size(counts.get(1) if isinstance(counts, dict) else None)
        thrift.at += packed
        if thrift.at > end:
            raise Unsound(DAMAGED)
        if size > MAX_PAGE:
            raise Unsound(f"A page of it unpacks to more than {MAX_PAGE:,} bytes.")
        if kind != DICTIONARY_PAGE:
            values += held
        elif 2 * held > size:  # nothing that is kept in a dictionary is shorter than two bytes
            raise Unsound(DAMAGED)
        pages, unpacked, largest = pages + 1, unpacked + size, max(largest, size)
        if pages > MAX_PAGES:
            raise Unsound(f"It has more than {MAX_PAGES:,} pages.")
    return Weight(pages, values, unpacked, largest)


def _size(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 2**31:
        raise Unsound(DAMAGED)
    return number


class _Thrift:
    """Reads the structs of a Parquet file, which are in Thrift's compact protocol.

    References
    ----------
    https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
    """

    def __init__(self, data: bytes, at: int) -> None:
        self.at = at
        self._data = data
        self._entries = 0

    def read_struct(self, depth: int = 0) -> dict[int, Any]:
        """Read numbers and structs by their fields; texts and lists are passed over."""
        if depth > MAX_DEPTH:
            raise Unsound(DAMAGED)
        fields: dict[int, Any] = {}
        number = 0
        while begin := self._next():
            step, kind = begin >> 4, begin & 15
            number = number + step if step else self._read_number()
            fields[number] = self._read(kind, depth) if kind > FALSE else kind == TRUE
        return fields

    def _read(self, kind: int, depth: int) -> Any:
        if kind in (SHORT, INTEGER, LONG):
            return self._read_number()
        if kind == STRUCT:
            return self.read_struct(depth + 1)
        if kind == BYTES:
            length = self._read_varint()
            self.at += length
        elif kind == DOUBLE:
            self.at += 8
        elif kind == LIST:
            self._pass_list(depth)
        elif kind in (TRUE, FALSE, BYTE):
            return self._next()
        else:
            raise Unsound(DAMAGED)
        return None

    def _pass_list(self, depth: int) -> None:
        begin = self._next()
        length = begin >> 4 if begin >> 4 < 15 else self._read_varint()
        self._entries += length
        if self._entries > MAX_ENTRIES:
            message = f"It lists more than {MAX_ENTRIES:,} parts of columns; use larger row groups."
            raise Unsound(message)
        for _ in range(length):
            self._read(begin & 15, depth)

    def _next(self) -> int:
        if self.at >= len(self._data):
            raise Unsound(DAMAGED)
        self.at += 1
        return self._data[self.at - 1]

    def _read_number(self) -> int:
        """Read a number whose sign is its last bit."""
        number = self._read_varint()
        return (number >> 1) ^ -(number & 1)

    def _read_varint(self) -> int:
        """Read a number of seven bits a byte, the lowest first."""
        number = 0
        for shift in range(0, 70, 7):
            byte = self._next()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise Unsound(DAMAGED)
