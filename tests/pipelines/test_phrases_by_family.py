"""Whose comments count for a product: those of its family, of returns of it alone, of one a customer, since it began."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count

import polars as pl
import pytest

from pipelines.phrases import PHRASES_RELATION, build_phrases
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour
from service.platform import texts

SINCE = date(2026, 2, 2)
WRITTEN = datetime(2026, 3, 2, 12)  # noqa: DTZ001  # times of the warehouse are UTC without a zone
USUAL = ("Too small for me", "Changed my mind", "Not my colour")
(MODEL,) = (each for each in relations() if each.relation == PHRASES_RELATION)
Row = tuple[int, str, str, str, datetime, str, int]


class Shelf:
    """A shelf in the warehouse, its products, and what customers wrote of them."""

    def __init__(self, warehouse: Warehouse, retour: Retour) -> None:
        self._warehouse, self._retour, self._seq = warehouse, retour, count(1)
        self._comments: list[Row] = []
        for number in range(30):
            self.said("POT", USUAL[number % 3])

    def said(
        self, sku: str, text: str, author: str = "", *, at: datetime = WRITTEN, products: int = 1
    ) -> None:
        seq = next(self._seq)
        written = texts.StoredText(text, "comment", at.replace(tzinfo=UTC))
        with self._retour.context.db.write() as connection:
            text_ref = texts.write(connection, self._retour.context.ids, written)
        told = (seq, sku, f"R{seq}", author or f"R{seq}", at, text_ref, products)
        self._comments.append(told)

    def phrases(
        self, *problems: tuple[str, bool], parent: str | None = None
    ) -> list[tuple[object, ...]]:
        """The phrases of products with a problem, each with whether it is its family's."""
        evidence = [(sku, 0.9, SINCE, of_family) for sku, of_family in problems]
        skus = ["POT", *(sku for sku, _ in problems)]
        products = [(sku, "kitchen", None if sku == "POT" else parent) for sku in skus]
        put = self._put
        put("intermediate.sku_evidence", evidence, "sku probability since of_family")
        put("staging.products", products, "sku category parent")
        columns = "seq sku rma author written_at text_ref products"
        put("intermediate.sku_comments", self._comments, columns)
        build_phrases(self._warehouse, MODEL, self._retour)
        told = self._warehouse.query(
            f"select sku, phrase, comments, share from {PHRASES_RELATION} order by sku, place"
        )
        return told.rows()

    def _put(self, relation: str, rows: Sequence[object], columns: str) -> None:
        frame = pl.DataFrame(rows, schema=columns.split(), orient="row")
        self._warehouse.replace(relation, frame, f"{len(self._comments)}")


@pytest.fixture
def shelf(settings: Settings) -> Iterator[Shelf]:
    with Warehouse.of(settings) as warehouse:
        yield Shelf(warehouse, open_retour(settings))


class TestWhoseCommentsCount:
    def test_a_family_shares_what_is_said_of_any_variant(self, shelf: Shelf) -> None:
        for sku in ("MUG-RED", "MUG-RED", "MUG-BLUE"):
            shelf.said(sku, "Handle broke off")

        told = shelf.phrases(("MUG-RED", True), ("MUG-BLUE", True), parent="MUG")

        shared = ("handle broke off", 3, 1.0)
        assert told == [("MUG-BLUE", *shared), ("MUG-RED", *shared)]

    def test_a_variant_that_has_a_problem_of_its_own_shares_nothing(self, shelf: Shelf) -> None:
        for sku in ("MUG-RED", "MUG-RED", "MUG-BLUE"):
            shelf.said(sku, "Handle broke off")

        assert shelf.phrases(("MUG-RED", False), ("MUG-BLUE", False), parent="MUG") == []

    def test_a_customer_counts_once_however_often_they_write(self, shelf: Shelf) -> None:
        for author in ("anna", "anna", "bert"):
            shelf.said("MUG", "Handle broke off", author)

        assert shelf.phrases(("MUG", False)) == []

    def test_what_was_written_before_the_problem_began_does_not_count(self, shelf: Shelf) -> None:
        for moment in (WRITTEN, WRITTEN, WRITTEN.replace(year=2025)):
            shelf.said("MUG", "Handle broke off", at=moment)

        assert shelf.phrases(("MUG", False)) == []

    @pytest.mark.parametrize(("alone", "comments"), [(9, 12), (10, 10)])
    def test_returns_of_several_products_count_only_where_few_are_of_it_alone(
        self, shelf: Shelf, alone: int, comments: int
    ) -> None:
        for place in range(alone + 3):
            shelf.said("MUG", "Handle broke off", products=1 if place < alone else 2)

        assert shelf.phrases(("MUG", False)) == [("MUG", "handle broke off", comments, 1.0)]

    def test_a_product_that_nobody_commented_on_has_no_phrases(self, shelf: Shelf) -> None:
        assert shelf.phrases(("MUG", False)) == []

    def test_no_problem_no_phrases(self, shelf: Shelf) -> None:
        assert shelf.phrases() == []
