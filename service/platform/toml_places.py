"""On which line of a TOML file each thing stands: `tomllib` gives the values without their places."""

import re
import tomllib

Place = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""\s*("(?:\\.|[^"\\])*"|'[^']*'|[A-Za-z0-9_-]+)\s*""")
_STRING = re.compile(
    r""""{3}(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*\'""", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]+")


def lines_by_place(text: str) -> dict[Place, int]:
    """The line, from 1, of each section, key and element of a text that `tomllib` has read without complaint."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[Place, int] = {}
        self._sizes: dict[Place, int] = {}  # of arrays of tables

    def scan(self) -> dict[Place, int]:
        section: Place = ()
        while self._next():
            if self._next() == "[":
                section = self._header()
            else:
                self._pair(section)
        return self._lines

    def _next(self) -> str:
        """The next character that says something; empty at the end."""
        self._take(_BLANK)
        return self._text[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _header(self) -> Place:
        is_array = self._text.startswith("[[", self._at)
        brackets = 2 if is_array else 1
        self._at += brackets
        place = self._within_arrays(self._keys())
        if is_array:
            self._sizes[place] = self._sizes.get(place, 0) + 1
            place = (*place, self._sizes[place] - 1)
        self._note(place)
        self._at += brackets
        return place

    def _within_arrays(self, keys: Place) -> Place:
        """A section below an array of tables belongs to its newest element."""
        place: Place = ()
        for key in keys[:-1]:
            place = (*place, key)
            if place in self._sizes:
                place = (*place, self._sizes[place] - 1)
        return (*place, keys[-1])

    def _pair(self, section: Place) -> None:
        self._next()
        started_at = self._at
        place = section + self._keys()
        self._note(place, started_at)
        self._at += 1  # the equals sign
        self._value(place)

    def _keys(self) -> Place:
        keys = [self._key()]
        while self._text.startswith(".", self._at):
            self._at += 1
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        written = self._take(_KEY).strip()
        if written[:1] in ("'", '"'):
            return str(tomllib.loads(f"key = {written}")["key"])
        return written

    def _value(self, place: Place) -> None:
        match self._next():
            case "[":
                self._array(place)
            case "{":
                self._inline_table(place)
            case "'" | '"':
                self._take(_STRING)
            case _:
                self._take(_BARE)

    def _array(self, place: Place) -> None:
        self._at += 1
        size = 0
        while self._next() != "]":
            self._note((*place, size))
            self._value((*place, size))
            size += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while self._next() != "}":
            self._pair(place)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        if self._next() == ",":
            self._at += 1

    def _note(self, place: Place, at: int | None = None) -> None:
        """The line of a place; sections above it that have none of their own begin there too."""
        line = self._text.count("\n", 0, self._at if at is None else at) + 1
        for length in range(1, len(place) + 1):
            self._lines.setdefault(place[:length], line)
