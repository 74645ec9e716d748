"""What a reader chooses stands in the URL in codes of no language, and comes along to the other pages.

The URL alone decides what a page shows and what its widgets say, so that the browser's way back leads to what was
shown. What was chosen last fills it where it is empty, as it is behind the names of the pages, or where somebody comes
from another page by a link that says no more than the language. Where a page stands, its URL says the language at least.
Streamlit's own binding to the URL writes what a choice is called, which differs between languages.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

LANGUAGE = "lang"  # links between pages say it
_SETTLED, _RUNS, _COMES_ALONG = "page that stands", "page that runs", "what was chosen comes along"
_CHOSEN, _SAYS = "chosen since the page stood", "what the URL is to say"
_ABSENT = object()


def begin(page: str) -> None:
    """Look at the URL for a run of a page, which `settle` ends; of runs that are broken off nothing is lost."""
    state, said = st.session_state, st.query_params.to_dict()
    if state.get(_RUNS) != page:
        state[_RUNS], state[_CHOSEN] = page, {}
    state[_COMES_ALONG] = not said or (_arrives() and set(said) == {LANGUAGE})
    state[_SAYS] = said | state[_CHOSEN]


def settle() -> None:
    """Write what the page shows into the URL, in one step of the browser's history."""
    state = st.session_state
    says = {name: word for name, word in state[_SAYS].items() if word is not None}
    if says != st.query_params.to_dict():
        st.query_params.from_dict(says)
    state[_SETTLED], state[_CHOSEN] = state[_RUNS], {}


def asked_language() -> str | None:
    """The language that is asked for, before it is known of which page."""
    chosen = st.session_state.get(_CHOSEN, {}).get(LANGUAGE)
    return chosen or st.query_params.get(LANGUAGE) or chosen_before(LANGUAGE)


def asked(name: str) -> str | None:
    """What the URL says; of a link from another page that says nothing, what was chosen last."""
    says: dict[str, str | None] = st.session_state[_SAYS]
    if name not in says and st.session_state[_COMES_ALONG]:
        return chosen_before(name)
    return says.get(name)


def chosen_before(name: str) -> str | None:
    """What was chosen last, on whichever page."""
    before: str | None = st.session_state.get(_kept(name))
    return before


def choose(name: str, word: str | None) -> None:
    """Ask for something else than the URL does, from the next run on."""
    st.session_state[_kept(name)] = word
    st.session_state[_CHOSEN][name] = word


def keep(name: str, word: str | None) -> None:
    """Let the URL say a choice, or be silent about it, once the page stands."""
    st.session_state[_kept(name)] = word
    st.session_state[_SAYS][name] = word


def hide(*names: str) -> None:
    """Take choices out of the URL that mean nothing now; what was chosen before stays known."""
    for name in names:
        if said := asked(name):
            st.session_state[_kept(name)] = said
        st.session_state[_SAYS][name] = None


def show_as_chosen(name: str, value: Any) -> str:
    """Let a widget say what the URL does, before it is made; its key."""
    if _arrives() or st.session_state.get(name, _ABSENT) != value:
        st.session_state[name] = value
    return name


def choose_one(
    place: DeltaGenerator,
    name: str,
    label: str,
    options: Mapping[str, str],
    default: str,
    *,
    has_label: bool = True,
) -> str:
    """One of a few words, side by side; `options` are codes and what they are called."""
    current = _valid(name, options) or default
    place.segmented_control(
        label,
        list(options),
        format_func=lambda code: options.get(code, code),
        key=show_as_chosen(name, current),
        on_change=_remember(name, default),
        required=True,
        label_visibility="visible" if has_label else "collapsed",
        width="content",
    )
    keep(name, current if current != default else None)
    return current


def choose_any(
    place: DeltaGenerator, name: str, label: str, options: Mapping[str, str], everything: str
) -> str | None:
    """One of many words from a list, or None for everything."""
    current = _valid(name, options)
    codes = list(options)
    place.selectbox(
        label,
        codes,
        index=None,
        format_func=lambda code: options.get(code, code),
        placeholder=everything,
        key=show_as_chosen(name, current),
        on_change=_remember(name, None),
    )
    keep(name, current)
    return current


def choose_words(place: DeltaGenerator, name: str, label: str, hint: str) -> str:
    """Words that somebody types; empty where nobody does."""
    current = (asked(name) or "").strip()
    place.text_input(
        label, placeholder=hint, key=show_as_chosen(name, current), on_change=_remember(name, "")
    )
    keep(name, current or None)
    return current


def choose_step(
    place: DeltaGenerator, name: str, label: str, steps: Sequence[int], default: int, unit: str
) -> int:
    """One of some numbers on a slider."""
    words = {str(step): f"{step}{unit}" for step in steps}
    current = _valid(name, words) or str(default)
    place.select_slider(
        label,
        list(words),
        format_func=lambda code: words.get(code, code),
        key=show_as_chosen(name, current),
        on_change=_remember(name, str(default)),
    )
    keep(name, current if current != str(default) else None)
    return int(current)


def choose_day(place: DeltaGenerator, name: str, label: str, default: date, last: date) -> date:
    """A day up to the last one; the one chosen before where the URL says none."""
    current = min(_day(asked(name) or chosen_before(name)) or default, last)
    place.date_input(
        label,
        max_value=last,
        key=show_as_chosen(name, current),
        format="YYYY-MM-DD",
        on_change=_remember(name, None),
    )
    keep(name, current.isoformat())
    return current


def _valid(name: str, options: Mapping[str, str]) -> str | None:
    said = asked(name)
    return said if said is not None and said in options else None


def _remember(name: str, default: str | None) -> Callable[[], None]:
    def remember() -> None:
        chosen = st.session_state[name]
        choose(name, None if chosen in (None, default) else str(chosen))

    return remember


def _arrives() -> bool:
    """Whether the page did not stand yet since the reader came to it."""
    return bool(st.session_state.get(_SETTLED) != st.session_state[_RUNS])


def _day(word: str | None) -> date | None:
    try:
        return date.fromisoformat(word) if word else None
    except ValueError:
        return None


def _kept(name: str) -> str:
    return f"chosen {name}"
