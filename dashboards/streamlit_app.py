"""The dashboards' router: a language, and the pages."""

import streamlit as st

from dashboards.texts import LANGUAGES, Texts, language_of

st.set_page_config(page_title="Retour", page_icon=":material/assignment_return:", layout="wide")

language = language_of(st.query_params.get("lang"))
texts = Texts(language)


def _remember_language() -> None:
    st.query_params["lang"] = st.session_state["language"]


with st.container(horizontal_alignment="right"):
    st.segmented_control(
        "Language / 语言",
        list(LANGUAGES),
        label_visibility="collapsed",
        default=language,
        format_func=lambda each: LANGUAGES[each],
        key="language",
        on_change=_remember_language,
        required=True,
    )

st.navigation(
    [
        st.Page(
            "app_pages/problem_products.py",
            title=texts("Problem products"),
            icon=":material/flag:",
            default=True,
        )
    ],
    position="top",
).run()
