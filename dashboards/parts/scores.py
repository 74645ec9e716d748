"""Scores of a period: the mean with its interval, what it goes with, and the low answers."""

import streamlit as st

from dashboards.charts import satisfaction as charts
from dashboards.parts.choices import choose_one
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import satisfaction as queries
from dashboards.queries.periods import Period
from dashboards.words import CASES, DECISIONS, OUTCOMES, REASONS_OR_NONE, TAGS, WAITING

_SHOWN = 100  # of low answers and of comments; the CSV has all
_SCORES = ("1", "2", "3", "4", "5")
_WORDS = {
    "waiting": WAITING,
    "outcome": OUTCOMES,
    "decision": DECISIONS,
    "reason": REASONS_OR_NONE,
}


def show_score(view: View, period: Period) -> bool:
    """The period's figures and their course; False where no survey was sent or none was answered."""
    texts, define = view.texts, view.define
    found = view.ask(queries.score, period)
    if not found.sent:
        st.info(texts("No survey was sent in this period. Choose a longer one above."))
        return False
    if not found.answered:
        st.info(texts("{n} surveys were sent, none is answered yet.", n=texts.number(found.sent)))
        return False
    show_figures(
        [
            Figure(
                texts("Mean score"),
                texts.number(found.csat or 0, 2),
                define("satisfaction_daily.csat_mean"),
                _interval(view, found.csat_low, found.csat_high, as_share=False),
            ),
            Figure(
                texts("Satisfied"),
                texts.share(found.share),
                texts("Of the answers, those of 4 or 5."),
                _interval(view, found.share_low, found.share_high, as_share=True),
            ),
            Figure(
                texts("Answered"),
                texts.share(found.response),
                texts("Answered, of the surveys sent in the period."),
                texts("of {n} sent", n=texts.number(found.sent)),
            ),
            Figure(
                texts("Answers"),
                texts.number(found.answered),
                define("satisfaction_daily.answered"),
            ),
        ]
    )
    step, rows = view.ask(queries.over_time, period)
    weekly = texts("A dot a week, by when the survey was sent; the bar is the 95 % interval.")
    monthly = texts("A dot a month, by when the survey was sent; the bar is the 95 % interval.")
    told = weekly if step == "week" else monthly
    st.altair_chart(charts.score_over_time(rows, texts), width="stretch", alt=told)
    st.caption(told)
    return True


def show_groups(view: View, period: Period) -> None:
    """The score by how long customers waited, and beside it by how it ended or began."""
    texts = view.texts
    st.subheader(texts("What the score goes with"))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(texts("**How long the customer waited**"))
        _show_group(view, period, "waiting")
    with right:
        options = {
            "outcome": texts("How it ended"),
            "decision": texts("How it was let through"),
            "reason": texts("Reason"),
        }
        dimension = choose_one(
            right.container(),
            "by",
            texts("Compare by"),
            options,
            default="outcome",
            has_label=False,
        )
        _show_group(view, period, dimension)


def _show_group(view: View, period: Period, dimension: str) -> None:
    texts, define = view.texts, view.define
    rows = view.ask(queries.by, dimension, period)
    if rows.is_empty():
        st.info(texts("No survey was sent in these weeks."))
        return
    words = _WORDS.get(dimension, {})
    told = texts("Mean scores with their 95 % intervals, beside each other.")
    st.altair_chart(charts.scores_beside(rows, words, texts), width="stretch", alt=told)
    columns = {
        "value": Column(" ", words=words, definition=define("satisfaction_by.value")),
        "csat": Column(texts("Mean score"), "score"),
        "csat_low": Column(texts("at least"), "score"),
        "csat_high": Column(texts("at most"), "score"),
        "answered": Column(
            texts("Answers"), "number", definition=define("satisfaction_by.answered")
        ),
        "response": Column(texts("Answered"), "share"),
        "share": Column(
            texts("Satisfied"), "share", definition=texts("Of the answers, those of 4 or 5.")
        ),
    }
    show_table(view, rows, columns, file=f"satisfaction-by-{dimension}")


def show_words(view: View, period: Period) -> None:
    """The words that customers chose, and the low answers."""
    texts = view.texts
    left, right = st.columns([4, 9], gap="medium")
    with left:
        st.subheader(texts("Words chosen"))
        rows = view.ask(queries.tags, period)
        if rows.is_empty():
            st.info(texts("No answer carries a word."))
        else:
            columns = {
                "tag": Column(texts("Word"), words=TAGS),
                "answers": Column(texts("Answers"), "number"),
                "csat": Column(texts("Mean score"), "score"),
            }
            show_table(view, rows, columns, file="satisfaction-words")
    with right:
        st.subheader(texts("Low answers"))
        _show_low(view, period)


def _show_low(view: View, period: Period) -> None:
    texts, define = view.texts, view.define
    rows = view.ask(queries.low_answers, period, _SHOWN)
    if rows.is_empty():
        st.success(texts("No low answer in this period."))
        return
    begin, end = _answer_columns(view)
    has_comment = Column(
        texts("Comment"), "flag", definition=define("satisfaction_answers.has_comment")
    )
    show_table(
        view,
        rows,
        {**begin, "has_comment": has_comment, **end},
        file="low-answers",
        whole=lambda: view.take(queries.low_answers, period, None),
    )
    st.caption(
        texts(
            "Low is a score of {low} or less, of 5. ✓: the customer wrote a comment, too.",
            low=texts.number(queries.LOW),
        )
    )


def show_comments(view: View, period: Period) -> None:
    """The answers with a comment, of one score or of all; the words themselves stay in the service."""
    texts = view.texts
    st.subheader(texts("Comments"))
    csat = _choose_score(view)
    count = view.ask(queries.comment_count, period, csat)
    if not count:
        st.info(texts("No answer here has a comment."))
        return
    rows = view.ask(queries.comments, period, csat, _SHOWN)
    st.caption(
        texts(
            "{n} answers with a comment, the newest first; {shown} shown. ✓: low, a score of {low} or less.",
            n=texts.number(count),
            shown=texts.number(len(rows)),
            low=texts.number(queries.LOW),
        )
    )
    show_table(
        view,
        rows,
        _comment_columns(view),
        file="comments",
        whole=lambda: view.take(queries.comments, period, csat, None),
    )
    st.caption(
        texts(
            "What customers wrote is no analysis data: it stays in the service until it is erased. Reviewers, after-sales and administrators read it there with a key of their own, by the text's number: GET /v1/texts/NUMBER. Each reading is noted. Where a low answer opened a case, the case names the same text."
        )
    )


def _choose_score(view: View) -> int | None:
    texts = view.texts
    options = {"all": texts("all"), **{score: score for score in _SCORES}}
    chosen = choose_one(st.container(), "score", texts("Score"), options, default="all")
    return None if chosen == "all" else int(chosen)


def _answer_columns(view: View) -> tuple[dict[str, Column], dict[str, Column]]:
    """What every list of answers begins and ends with."""
    texts, define = view.texts, view.define
    begin = {
        "rma": Column(texts("Return"), width=125),
        "answered_at": Column(
            texts("Answered at"), "moment", definition=define("satisfaction_answers.answered_at")
        ),
        "csat": Column(texts("Score"), "number", definition=define("satisfaction_answers.csat")),
    }
    end = {
        "tags": Column(texts("Words"), words=TAGS, many=True),
        "outcome": Column(
            texts("How it ended"),
            words=OUTCOMES,
            definition=define("satisfaction_answers.outcome"),
        ),
        "waited_hours": Column(
            texts("Waited, h"), "hours", definition=define("satisfaction_answers.waited_hours")
        ),
    }
    return begin, end


def _comment_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    begin, end = _answer_columns(view)
    return {
        **begin,
        "is_low": Column(texts("Low"), "flag", width=60),
        **end,
        "text_ref": Column(
            texts("Number of the text"), definition=define("satisfaction_answers.text_ref")
        ),
    }


def show_cases(view: View, period: Period) -> None:
    """What customers and others had opened a case about."""
    texts, define = view.texts, view.define
    st.subheader(texts("Complaints and other cases"))
    rows = view.ask(queries.cases, period)
    if rows.is_empty():
        st.success(texts("No case was opened or ended in this period."))
        return
    columns = {
        "kind": Column(texts("Kind"), words=CASES, width=200),
        "opened": Column(texts("Opened"), "number", definition=define("cases_daily.opened")),
        "closed": Column(texts("Closed"), "number", definition=define("cases_daily.closed")),
        "escalated": Column(
            texts("Escalated"), "number", definition=define("cases_daily.escalated")
        ),
        "still_open": Column(
            texts("Still open"), "number", definition=define("cases_daily.still_open")
        ),
        "ended": Column(
            texts("Ended"),
            "number",
            definition=texts(
                "All that ended in the period, whenever they opened; the hours are theirs."
            ),
        ),
        "first_answer_median_hours": Column(
            texts("First answer, h"),
            "hours",
            definition=_half(view, define("case_ends.first_answer_hours")),
        ),
        "median_hours": Column(
            texts("Closed after, h"), "hours", definition=_half(view, define("case_ends.hours"))
        ),
        "p90_hours": Column(
            texts("9 of 10, h"),
            "hours",
            definition=texts("Nine of ten of those that ended were closed within this time."),
        ),
    }
    show_table(view, rows, columns, file="cases")


def _half(view: View, definition: str | None) -> str:
    """What a median over the cases that ended means."""
    half = view.texts("Half of those that ended took no longer.")
    return "\n\n".join(filter(None, (definition, half)))


def _interval(view: View, low: float | None, high: float | None, *, as_share: bool) -> str | None:
    texts = view.texts
    if low is None or high is None:
        return None
    ends = (
        (texts.share(low), texts.share(high))
        if as_share
        else (
            texts.number(low, 2),
            texts.number(high, 2),
        )
    )
    return texts("95 %: {low} – {high}", low=ends[0], high=ends[1])
