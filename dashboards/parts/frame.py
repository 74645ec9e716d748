"""What every page stands in: the newest publication is opened, and where it cannot be, the page says the way out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import duckdb
import polars as pl
import streamlit as st

from dashboards.parts.choices import asked_language
from dashboards.publication import (
    NothingPublished,
    Publication,
    connect,
    damaged,
    read_publication,
)
from dashboards.texts import Texts, language_of
from retour.errors import UserError
from retour.settings import load_settings

HEALTH = "health"  # the folder of the publication that tells how the pipeline itself does
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class View:
    """What a page has at hand: its language, and the publication that it shows."""

    texts: Texts
    publication: Publication

    def ask(self, query: Callable[..., _R], *choices: object) -> _R:
        """The answer of a query `(cursor, *choices)`, remembered for as long as the publication is the newest."""
        publication = self.publication
        name = f"{query.__module__}.{query.__qualname__}"
        answer: _R = _answer(
            publication.snapshot, str(publication.manifest), name, choices, query, publication
        )
        return answer

    def take(self, query: Callable[..., _R], *choices: object) -> _R:
        """The answer of a query that waits until somebody takes its rows along.

        A page may stand open for longer than the files of what it shows are kept: then the newest publication answers.
        """
        try:
            return query(connect(self.publication), *choices)
        except duckdb.IOException:
            return query(connect(read_publication(self.publication.manifest.parent)), *choices)

    def day(self, moment: datetime) -> str:
        """The shop's day of a moment of a mart, written out."""
        return self.texts.day(self.publication.day_of(moment))

    def local(self, moments: pl.Expr) -> pl.Expr:
        """Moments of a mart as the shop's clocks show them, without a zone."""
        zone = str(self.publication.timezone)
        return (
            moments.dt.replace_time_zone("UTC")
            .dt.convert_time_zone(zone)
            .dt.replace_time_zone(None)
        )

    def define(self, figure: str, word: str | None = None) -> str | None:
        """The definition of `mart.column` in the page's language; None where the publication carries none.

        Of a column of words, one word's meaning alone can be asked for.
        """
        text = self.publication.definition(figure)
        said = self.texts.definition(text) if text else None
        return self.texts.meaning(said, word) if said and word else said


def open_page(
    show: Callable[[View], None], needs: Sequence[str] = (), folder: str | None = None
) -> None:
    """Show a page over the newest publication that has the marts it needs, or say why there is none to show."""
    texts = Texts(language_of(asked_language()))
    published_dir = load_settings().published_dir
    try:
        publication = read_publication(published_dir / folder if folder else published_dir)
        if lacking := publication.lacks(needs):
            raise lacking
    except NothingPublished as nothing:
        st.info(
            texts(
                "Nothing is published yet. The first run makes this page; it takes about a minute."
            )
        )
        st.caption(texts.sentences(str(nothing)))
    except UserError as unreadable:
        _apologize(unreadable, texts)
    else:
        _show(show, View(texts, publication), needs)


def show_date(view: View) -> None:
    """Until when the data tell."""
    texts, publication = view.texts, view.publication
    if publication.as_of is None:
        st.caption(texts("No event has been taken in yet."))
        return
    st.caption(
        texts(
            "Data until {as_of} · made {made} · times of {zone}",
            as_of=texts.moment(publication.as_of.astimezone(publication.timezone)),
            made=texts.moment(publication.published_at.astimezone(publication.timezone)),
            zone=str(publication.timezone),
        )
    )


def _show(show: Callable[[View], None], view: View, needs: Iterable[str]) -> None:
    try:
        show(view)
    except duckdb.Error as misfit:  # files of another version, or damaged ones
        publication = view.publication
        _apologize(damaged(publication, needs) or publication.unreadable(misfit), view.texts)


def _apologize(unreadable: UserError, texts: Texts) -> None:
    st.error(
        texts(
            "The published data cannot be shown: they are damaged, or another version made them. A refresh makes them anew."
        )
    )
    st.caption(texts.sentences(str(unreadable)))


@st.cache_data(max_entries=400, show_spinner=False)
def _answer(
    snapshot: str,
    manifest: str,
    query_name: str,
    choices: tuple[object, ...],
    _query: Callable[..., Any],
    _publication: Publication,
) -> Any:  # whatever the query answers
    return _query(connect(_publication), *choices)
