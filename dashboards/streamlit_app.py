"""The dashboards' router: the page's name, a language, and the pages."""

from pathlib import Path

import streamlit as st

from dashboards.parts.choices import (
    LANGUAGE,
    asked_language,
    begin,
    choose,
    keep,
    settle,
    show_as_chosen,
)
from dashboards.texts import LANGUAGES, Texts, language_of

st.set_page_config(
    page_title="Retour", page_icon=str(Path(__file__).parent / "icon.svg"), layout="wide"
)
# Streamlit leaves six lines free above a page, of which the names of the pages need four; it shrinks a graph until it
# fits, however small its words become; and of words side by side it hides those that a phone has no room for.
st.html(
    "<style>.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; }"
    " .stGraphVizChart svg { max-width: none !important; width: auto !important; height: auto !important; }"
    " .stButtonGroup [role=radiogroup] { flex-wrap: wrap; row-gap: 0.25rem; mask-image: none; }</style>"
)

language = language_of(asked_language())
texts = Texts(language)


def _remember_language() -> None:
    choose(LANGUAGE, st.session_state["language"])


page = st.navigation(
    [
        st.Page(
            "app_pages/overview.py",
            title=texts("Overview"),
            icon=":material/dashboard:",
            default=True,
        ),
        st.Page(
            "app_pages/service_levels.py",
            title=texts("Service levels"),
            icon=":material/timer:",
        ),
        st.Page(
            "app_pages/satisfaction.py",
            title=texts("Satisfaction"),
            icon=":material/sentiment_satisfied:",
        ),
        st.Page(
            "app_pages/process.py",
            title=texts("Process"),
            icon=":material/account_tree:",
        ),
        st.Page(
            "app_pages/money.py",
            title=texts("Money"),
            icon=":material/payments:",
        ),
        st.Page(
            "app_pages/problem_products.py",
            title=texts("Problem products"),
            icon=":material/flag:",
        ),
        st.Page(
            "app_pages/automation.py",
            title=texts("Automation & risk"),
            icon=":material/rule_settings:",
        ),
        st.Page(
            "app_pages/data_health.py",
            title=texts("Data health"),
            icon=":material/monitor_heart:",
        ),
    ],
    position="top",
)
begin(page.url_path)
keep(LANGUAGE, language)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.header(page.title, width="content")
    st.segmented_control(
        "Language / 语言",
        list(LANGUAGES),
        label_visibility="collapsed",
        format_func=lambda each: LANGUAGES[each],
        key=show_as_chosen("language", language),
        on_change=_remember_language,
        required=True,
        width="content",
    )
page.run()
settle()
