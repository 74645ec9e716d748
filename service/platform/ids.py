"""Identifiers: event ids (UUIDv7), random tokens, RMA numbers, and chance itself. A port, so that simulations can be repeated.

RMA numbers are ten random characters of Crockford's base 32 and one check character (Luhn mod 32):
they cannot be guessed, and a slip of the pen is noticed.
"""

import hashlib
import random
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from service.platform.clock import to_us

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RMA_LENGTH = 10
_LOOK_ALIKES = str.maketrans("OIL", "011")


class Ids(Protocol):
    def event_id(self, time: datetime) -> str:
        """A new UUIDv7 whose time part is `time`."""
        ...

    def token(self, prefix: str) -> str:
        """A random token of 128 bits, such as `cus_…`."""
        ...

    def rma(self) -> str:
        """A new RMA number, such as `R7K3M9-QX2VB-W`."""
        ...

    def draw(self) -> float:
        """A number uniform in [0, 1)."""
        ...


class _RandomIds:
    def __init__(self, bits: Callable[[int], int]) -> None:
        self._bits = bits

    def event_id(self, time: datetime) -> str:
        return uuid7(time, self._bits(74))

    def token(self, prefix: str) -> str:
        return f"{prefix}_{_base32(self._bits(128), 26).lower()}"

    def rma(self) -> str:
        return format_rma(self._bits(5 * _RMA_LENGTH))

    def draw(self) -> float:
        return self._bits(53) / (1 << 53)


class SystemIds(_RandomIds):
    """Unguessable identifiers from the operating system."""

    def __init__(self) -> None:
        super().__init__(secrets.randbits)


class SeededIds(_RandomIds):
    """The same identifiers for the same seed: for simulations and tests only."""

    def __init__(self, seed: int) -> None:
        super().__init__(random.Random(seed).getrandbits)  # noqa: S311  # meant to be repeated


def uuid7(time: datetime, random_bits: int) -> str:
    """UUIDv7 (RFC 9562) of a moment and 74 random bits, as text."""
    return uuid7_of_us(to_us(time), random_bits)


def uuid7_of_us(time_us: int, random_bits: int) -> str:
    """As `uuid7`, for microseconds since 1970."""
    high, low = random_bits >> 62 & 0xFFF, random_bits & (1 << 62) - 1
    millis = time_us // 1000 & (1 << 48) - 1
    digits = f"{millis << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def derived_event_id(time_us: int, *names: str) -> str:
    """The UUIDv7 that belongs to a natural key: repeating the fact repeats the id, and so is harmless."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return uuid7_of_us(time_us, int.from_bytes(digest[:10], "big") & (1 << 74) - 1)


def derived_rma(*names: str) -> str:
    """The RMA number that belongs to a natural key, for imported returns."""
    digest = hashlib.sha256("\x1f".join(("rma", *names)).encode()).digest()
    return format_rma(int.from_bytes(digest[:8], "big") & (1 << 5 * _RMA_LENGTH) - 1)


def format_rma(number: int) -> str:
    """An RMA number of 50 bits, with its check character."""
    body = _base32(number, _RMA_LENGTH)
    return f"R{body[:5]}-{body[5:]}-{_check_character(body)}"


def read_rma(text: str) -> str:
    """An RMA number as it is written here, whatever case, dashes and look-alikes (O, I, L) a person wrote."""
    plain = text.upper().replace("-", "").replace(" ", "").translate(_LOOK_ALIKES)
    if len(plain) != 2 + _RMA_LENGTH or not plain.startswith("R"):
        return text
    return f"R{plain[1:6]}-{plain[6:11]}-{plain[11:]}"


def is_rma(text: str) -> bool:
    """Whether a text is a well-formed RMA number with the right check character."""
    body, _, check = text.removeprefix("R").replace("-", "", 1).partition("-")
    return (
        len(body) == _RMA_LENGTH
        and set(body) <= set(ALPHABET)
        and text == f"R{body[:5]}-{body[5:]}-{check}"
        and check == _check_character(body)
    )


def _base32(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _check_character(body: str) -> str:
    """Luhn mod N over the base-32 alphabet."""
    total = 0
    for place, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
