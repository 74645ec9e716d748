"""Identifiers by the column, in the shapes of `service.platform.ids`. They follow from numbers: the same seed gives the same."""

import hashlib

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from simulator.world import Integers

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
_SMALL = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)
_RMA_BITS, _RMA_LENGTH = 50, 10
_TOKEN_LENGTH = 26
_ORDER_DIGITS = 8
_DASHES = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def event_ids(time_us: Integers, rng: np.random.Generator) -> pl.Series:
    """UUIDv7s whose time part is this moment, microseconds since 1970."""
    number = len(time_us)
    octets = np.frombuffer(rng.bytes(16 * number), dtype=np.uint8).reshape(number, 16).copy()
    millis = (time_us // 1000).astype(">u8").view(np.uint8).reshape(number, 8)
    octets[:, :6] = millis[:, 2:]
    octets[:, 6] = 0x70 | (octets[:, 6] & 0x0F)
    octets[:, 8] = 0x80 | (octets[:, 8] & 0x3F)
    return _texts(_dashed(_hexadecimal(octets)))


def tokens(prefix: str, seed: int, number: Integers) -> pl.Series:
    """Tokens of 128 bits such as `cus_…`; different numbers below 2⁶⁴ have different tokens."""
    low = _mixed(_salted(prefix, seed, number))
    high = _mixed(low ^ np.uint64(0x9E3779B97F4A7C15))
    text = np.empty((len(number), len(prefix) + 1 + _TOKEN_LENGTH), dtype=np.uint8)
    text[:, : len(prefix) + 1] = np.frombuffer(f"{prefix}_".encode(), dtype=np.uint8)
    half = _TOKEN_LENGTH // 2
    text[:, -half:] = _base32(low, half, _SMALL)
    text[:, -_TOKEN_LENGTH:-half] = _base32(high >> np.uint64(1), half, _SMALL)
    return _texts(text)


def rmas(seed: int, number: Integers) -> pl.Series:
    """RMA numbers with their check characters; different numbers below 2⁵⁰ have different ones."""
    values = _fifths(_shuffled(_salted("rma", seed, number)), _RMA_LENGTH)
    body, check = _ALPHABET[values], _ALPHABET[_check_value(values)]
    text = np.full((len(number), 14), ord("-"), dtype=np.uint8)
    text[:, 0] = ord("R")
    text[:, 1:6], text[:, 7:12], text[:, 13] = body[:, :5], body[:, 5:], check
    return _texts(text)


def order_ids(number: Integers) -> pl.Series:
    """Order numbers such as `P00000042`."""
    digits = pl.Series(number).cast(pl.String).str.zfill(_ORDER_DIGITS)
    return pl.DataFrame({"digits": digits}).select("P" + pl.col("digits"))["literal"]


def uniform(name: str, seed: int, number: Integers) -> NDArray[np.float64]:
    """A number in [0, 1) for each of these, always the same one."""
    return (_mixed(_salted(name, seed, number)) >> np.uint64(11)) / float(1 << 53)


def _texts(characters: Bytes) -> pl.Series:
    """Texts of one length, a row of characters each."""
    rows, length = characters.shape
    ends = np.arange(0, (rows + 1) * length, length, dtype=np.int64)
    buffers = pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(characters))
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(rows, *buffers)))


def _hexadecimal(octets: Bytes) -> Bytes:
    digits = np.empty((len(octets), 2 * octets.shape[1]), dtype=np.uint8)
    digits[:, 0::2] = octets >> 4
    digits[:, 1::2] = octets & 0x0F
    return digits + np.uint8(ord("0")) + (digits > 9) * np.uint8(ord("a") - ord("0") - 10)


def _dashed(digits: Bytes) -> Bytes:
    text = np.full((len(digits), 36), ord("-"), dtype=np.uint8)
    for place, (begin, end) in enumerate(_DASHES):
        text[:, begin + place : end + place] = digits[:, begin:end]
    return text


def _salted(name: str, seed: int, number: Integers) -> Words:
    digest = hashlib.sha256(f"{name}\x1f{seed}".encode()).digest()
    return number.astype(np.uint64) ^ np.uint64(int.from_bytes(digest[:8], "big"))


def _mixed(word: Words) -> Words:
    """The end of splitmix64: every bit depends on every bit, and no two words become one."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _shuffled(word: Words) -> Words:
    """As `_mixed`, within the bits of an RMA number."""
    mask = np.uint64((1 << _RMA_BITS) - 1)
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        word = (word & mask) * np.uint64(factor) & mask
        word = word ^ (word >> np.uint64(27))
    return word


def _fifths(word: Words, length: int) -> Integers:
    """Base-32 digits, the highest first."""
    shifts = np.arange(5 * (length - 1), -1, -5, dtype=np.uint64)
    return ((word[:, None] >> shifts) & np.uint64(31)).astype(np.int64)


def _base32(word: Words, length: int, alphabet: Bytes) -> Bytes:
    return np.asarray(alphabet[_fifths(word, length)])


def _check_value(values: Integers) -> Integers:
    """Luhn mod 32, as `service.platform.ids` has it."""
    weighted = values * np.where(np.arange(_RMA_LENGTH) % 2 == 1, 2, 1)
    return np.asarray(-(weighted // 32 + weighted % 32).sum(axis=1) % 32)
