"""The words that customers use of a problem product, and not of its neighbours on the shelf.

A phrase is a run of words in English, of characters in Chinese. It is told where clearly more of the product's comments
have it than of the category's other comments: by the log-likelihood ratio of the two shares (Dunning, Computational
Linguistics 19, 1993), which holds for rare phrases, too. Of phrases within each other the longest is told that loses
little support. Fewer than three comments never make a phrase, so nobody's own sentence is published.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from math import log

import polars as pl

from models.products.words import Language, parts, phrases_of

LEAST_COMMENTS = 3
MOST_PHRASES = 5
LEAST_SCORE = 10.83  # chi-squared with one degree of freedom, p = 0.001
_LITTLE_LOST = 0.8  # of a phrase's comments, those that a longer one must have
_SAME_SENTENCE = 0.8  # so many of its comments have the other phrase, too
_SAME_WORDS = 0.5  # that many are enough where the two share a word
COMMENTS = pl.Schema(
    {
        "comment": pl.String(),
        "sku": pl.String(),
        "category": pl.String(),
        "language": pl.String(),
        "text": pl.String(),
    }
)
PHRASES = pl.Schema(
    {
        "sku": pl.String(),
        "language": pl.String(),
        "place": pl.Int64(),
        "phrase": pl.String(),
        "comments": pl.Int64(),
        "share": pl.Float64(),
        "usual_share": pl.Float64(),
    }
)


@dataclass(frozen=True)
class _Candidate:
    phrase: str
    language: Language
    found_in: frozenset[str]
    usual_share: float
    score: float

    @cached_property
    def parts(self) -> frozenset[str]:
        return parts(self.phrase, self.language)

    @property
    def length(self) -> tuple[int, int, str]:
        """Orders phrases, the longest first, by what they say, not by the small words between."""
        return -len(self.parts), len(self.phrase), self.phrase

    def within(self, other: "_Candidate") -> bool:
        if self.language == "en":
            return f" {self.phrase} " in f" {other.phrase} "
        return self.phrase in other.phrase

    def repeats(self, other: "_Candidate") -> bool:
        """Whether it adds nothing to the other: one lies within the other, or both are pieces of the same sentence."""
        if self.within(other) or other.within(self):
            return True
        enough = _SAME_SENTENCE if self.parts.isdisjoint(other.parts) else _SAME_WORDS
        return len(self.found_in & other.found_in) >= enough * len(self.found_in)


def top_phrases(comments: pl.DataFrame) -> pl.DataFrame:
    """The telling phrases of each product and language, at most five, the most telling first (`PHRASES`).

    `comments` has `COMMENTS`: a row per comment and product that it is about; `sku` is null for comments that only
    stand for what is usual in their category. `comments` of the result counts those that have the phrase, `share` is
    their share of the product's comments in that language, `usual_share` that of the category's other comments.
    """
    found = [
        row
        for (_, language), rows in comments.sort("category", "language", "sku", "comment").group_by(
            "category", "language", maintain_order=True
        )
        if language in ("en", "zh")
        for row in _of_shelf(rows, "en" if language == "en" else "zh")
    ]
    return pl.DataFrame(found, schema=PHRASES, orient="row").sort("sku", "language", "place")


def log_likelihood_ratio(has: int, of: int, others_have: int, of_others: int) -> float:
    """How much likelier two shares, `has / of` and `others_have / of_others`, are as two than as one (-2 log lambda)."""
    apart = _likelihood(has, of) + _likelihood(others_have, of_others)
    return max(0.0, 2 * (apart - _likelihood(has + others_have, of + of_others)))


def _likelihood(has: int, of: int) -> float:
    return sum(part * log(part / of) for part in (has, of - has) if part)


def _of_shelf(rows: pl.DataFrame, language: Language) -> Iterator[tuple[object, ...]]:
    """The phrases of every product of a category in one language."""
    texts = dict(rows.select("comment", "text").iter_rows())
    own: defaultdict[str, list[str]] = defaultdict(list)
    for sku, comment in rows.select("sku", "comment").unique(maintain_order=True).iter_rows():
        if sku is not None:
            own[sku].append(comment)
    said = {sku: _said_often(theirs, texts, language) for sku, theirs in own.items()}
    asked = {phrase for phrases in said.values() for phrase in phrases}
    everywhere = Counter(
        phrase for text in texts.values() for phrase in phrases_of(text, language) & asked
    )
    for sku, theirs in own.items():
        candidates = _telling(said[sku], everywhere, len(theirs), len(texts), language)
        for place, each in enumerate(_chosen(candidates), 1):
            comments = len(each.found_in)
            share = comments / len(theirs)
            yield sku, language, place, each.phrase, comments, share, each.usual_share


def _said_often(
    comments: Iterable[str], texts: Mapping[str, str], language: Language
) -> dict[str, frozenset[str]]:
    """The phrases that enough of these comments have, with the comments."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for comment in comments:
        for phrase in phrases_of(texts[comment], language):
            found[phrase].add(comment)
    return {
        phrase: frozenset(having)
        for phrase, having in found.items()
        if len(having) >= LEAST_COMMENTS
    }


def _telling(
    said: Mapping[str, AbstractSet[str]],
    everywhere: Mapping[str, int],
    own: int,
    all_comments: int,
    language: Language,
) -> list[_Candidate]:
    """The phrases that are clearly more frequent in the product's own comments than in the others."""
    others = all_comments - own
    found = []
    for phrase, having in said.items():
        has, others_have = len(having), everywhere[phrase] - len(having)
        score = log_likelihood_ratio(has, own, others_have, others)
        if score >= LEAST_SCORE and has * others > others_have * own:
            share = others_have / others
            found.append(_Candidate(phrase, language, frozenset(having), share, score))
    return found


def _chosen(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    left = sorted(candidates, key=lambda each: (-each.score, *each.length))
    chosen: list[_Candidate] = []
    while left and len(chosen) < MOST_PHRASES:
        told = _longest(left[0], left)
        chosen.append(told)
        left = [each for each in left if not each.repeats(told)]
    return chosen


def _longest(best: _Candidate, candidates: Sequence[_Candidate]) -> _Candidate:
    """The longest that contains the best and is found in nearly all of its comments."""
    enough = _LITTLE_LOST * len(best.found_in)
    longer = [each for each in candidates if best.within(each) and len(each.found_in) >= enough]
    return min(longer, key=lambda each: (*each.length[:1], -each.score, *each.length))
