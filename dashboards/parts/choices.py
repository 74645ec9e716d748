"""What a reader chooses stands in the URL in codes of no language, and comes along to the other pages.

Streamlit's own binding to the URL writes what a choice is called, which differs between languages.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def asked(name: str) -> str | None:
    """What the URL says; where a change of page emptied it, what was chosen last. None where neither says anything."""
    said = st.query_params.get(name)
    return said if said is not None else st.session_state.get(_kept(name))


def keep(name: str, word: str | None) -> None:
    """Write a choice into the URL, or take it out of it."""
    st.session_state[_kept(name)] = word
    if word is not None:
        st.query_params[name] = word
    elif name in st.query_params:
        del st.query_params[name]


def hide(*names: str) -> None:
    """Take choices out of the URL that mean nothing now; they come back as they were."""
    for name in names:
        if name in st.query_params:
            st.session_state[_kept(name)] = st.query_params[name]
            del st.query_params[name]


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
        default=current,
        format_func=lambda code: options.get(code, code),
        key=name,
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
        index=codes.index(current) if current else None,
        format_func=lambda code: options.get(code, code),
        placeholder=everything,
        key=name,
        on_change=_remember(name, None),
    )
    keep(name, current)
    return current


def choose_words(place: DeltaGenerator, name: str, label: str, hint: str) -> str:
    """Words that somebody types; empty where nobody does."""
    current = (asked(name) or "").strip()
    place.text_input(
        label, value=current, placeholder=hint, key=name, on_change=_remember(name, "")
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
        value=current,
        format_func=lambda code: words.get(code, code),
        key=name,
        on_change=_remember(name, str(default)),
    )
    keep(name, current if current != str(default) else None)
    return int(current)


def choose_day(place: DeltaGenerator, name: str, label: str, default: date, last: date) -> date:
    """A day up to the last one."""
    current = min(_day(asked(name)) or default, last)
    place.date_input(
        label,
        value=current,
        max_value=last,
        key=name,
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
        keep(name, None if chosen in (None, default) else str(chosen))

    return remember


def _day(word: str | None) -> date | None:
    try:
        return date.fromisoformat(word) if word else None
    except ValueError:
        return None


def _kept(name: str) -> str:
    return f"chosen {name}"
