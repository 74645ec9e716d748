"""A buyer answers flags from the dashboard, with a key of their own that lives as long as the browser's session.

The key stands in the session's memory alone: in no URL, file or log.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from dashboards.parts.frame import View
from dashboards.parts.icons import ICONS
from dashboards.parts.plain import plain
from dashboards.queries.problem_products import Answer
from dashboards.service_api import Fault, Flag, Refused, Service
from dashboards.texts import Texts
from dashboards.words import ACTIONS, DISMISSALS, FLAG_STATES, FLAG_STEPS
from retour.settings import load_settings

_KEY, _TYPED = "a buyer's key", "key typed"
READ = "comments that were read"  # by this key
_ANSWERS, _TOLD = "answers to flags", "what the service said"
_NO_ACTION = "supplier_claim"


def answers() -> Mapping[str, Answer]:
    """What was answered in this session, by flag."""
    given: dict[str, Answer] = st.session_state.setdefault(_ANSWERS, {})
    return given


def show_answers(view: View, flag_ids: Sequence[str], suggested: str | None) -> None:
    """What can be done about these flags, which are answered together; a key is asked for first."""
    texts = view.texts
    told = st.session_state.pop(_TOLD, None)
    service = signed_in()
    flags = _look(service, flag_ids, texts) if service else None
    if told is not None:
        _tell(told, texts)
    if service is None:
        _ask_for_key(texts)
    elif flags:
        _show_state(view, flags)
        _offer(service, flags, suggested, texts)
        st.button(
            texts("Forget my key"), type="tertiary", icon=":material/logout:", on_click=_forget
        )


def signed_in() -> Service | None:
    """The service as the buyer may use it who has shown a key in this session; None where nobody has."""
    key = st.session_state.get(_KEY)
    return Service(load_settings().service_address, key) if key else None


def _forget() -> None:
    st.session_state.pop(_KEY, None)
    st.session_state.pop(READ, None)


def _ask_for_key(texts: Texts) -> None:
    with st.form("key", border=False):
        st.caption(texts("To answer, show once who you are."))
        st.text_input(
            texts("Your API key"),
            type="password",
            key=_TYPED,
            autocomplete="off",
            help=texts(
                "A key of your own, which an administrator makes for you. It is kept until you close this page, and nowhere else."
            ),
        )
        st.form_submit_button(texts("Use this key"), on_click=_take_key)


def _take_key() -> None:
    key = str(st.session_state.get(_TYPED, "")).strip()
    st.session_state[_TYPED] = ""
    if not key:
        return
    try:
        Service(load_settings().service_address, key).check()
    except Refused as refused:
        st.session_state[_TOLD] = refused
    else:
        st.session_state[_KEY] = key


def _look(service: Service, flag_ids: Sequence[str], texts: Texts) -> list[Flag] | None:
    """The flags as the service has them; None, and the reason on the page, where it does not tell."""
    try:
        return [service.flag(each) for each in flag_ids]
    except Refused as refused:
        _tell(refused, texts)
        if refused.fault == "bad_key":
            _forget()
            _ask_for_key(texts)
        else:
            st.button(texts("Try again"))
        return None


def _tell(told: Refused | int, texts: Texts) -> None:
    """How many flags were answered, or why the service refused."""
    if isinstance(told, Refused):
        st.error(_why(told.fault, texts))
        st.caption(plain(str(told)))
        return
    st.success(
        texts("Answered. Lists and figures show it everywhere after the next refresh."),
        icon=":material/check:",
    )


def _why(fault: Fault, texts: Texts) -> str:
    return {
        "unreachable": texts(
            "The service cannot be reached, so nothing was answered. What you see here stays right."
        ),
        "bad_key": texts(
            "The service does not know this key. Ask an administrator for one of your own."
        ),
        "no_right": texts("This key may not do that: flags are answered with a buyer's key."),
        "changed": texts(
            "Somebody was quicker: the flag has changed meanwhile. You see it now as it stands; decide anew."
        ),
        "no_buyer": texts(
            "Your key belongs to no buyer who is present, so the flag cannot be assigned to you."
        ),
        "unfit": texts("The service did not take this answer."),
    }[fault]


def _show_state(view: View, flags: Sequence[Flag]) -> None:
    """Where the flags stand, and who did what."""
    texts, lead = view.texts, flags[0]
    state = texts.word(FLAG_STATES, lead.status)
    owner = plain(lead.owner) if lead.owner else texts("nobody's")
    st.markdown(texts("Stands as **{state}** · whose: **{owner}**", state=state, owner=owner))
    if len(flags) > 1:
        st.caption(texts("Your answer counts for all {n} variants.", n=texts.number(len(flags))))
    lines = [_step(view, each) for each in lead.history if each["step"] != "flagged"]
    if lines:
        st.caption("  \n".join(lines))


def _step(view: View, step: Mapping[str, str | None]) -> str:
    texts = view.texts
    parts = [
        view.day(datetime.fromisoformat(str(step["at"]))),
        texts.word(FLAG_STEPS, step["step"]),
        texts.word(ACTIONS, step["action"]) if step["action"] else None,
        texts.word(DISMISSALS, step["reason"]) if step["reason"] else None,
        step["owner"] or step["by"],
        step["note"],
    ]
    return " · ".join(plain(each) for each in parts if each)


def _offer(service: Service, flags: Sequence[Flag], suggested: str | None, texts: Texts) -> None:
    possible = {step for flag in flags for step in flag.possible}
    if not possible:
        st.info(texts("This flag is over: nothing can be done about it any more."))
        return
    place = st.container(horizontal=True)
    if "acknowledge" in possible:
        place.button(
            texts("I look into it"),
            icon=":material/visibility:",
            on_click=_answer,
            args=(service, flags, "acknowledge"),
        )
    if "assign" in possible:
        place.button(
            texts("Assign it to me"),
            icon=":material/person:",
            on_click=_answer,
            args=(service, flags, "assign"),
        )
    if "act" in possible:
        _offer_action(service, flags, suggested, texts)
    if "dismiss" in possible:
        _offer_dismissal(service, flags, texts)


def _offer_action(
    service: Service, flags: Sequence[Flag], suggested: str | None, texts: Texts
) -> None:
    codes = list(ACTIONS)
    action = st.selectbox(
        texts("What was done, or is being done"),
        codes,
        index=codes.index(suggested if suggested in ACTIONS else _NO_ACTION),
        format_func=lambda code: (
            texts.word(ACTIONS, code) + (texts(" (proposed)") if code == suggested else "")
        ),
        key=f"action {flags[0].flag_id}",
    )
    note = st.text_input(
        texts("Note for colleagues (may stay empty)"), key=f"note {flags[0].flag_id}"
    )
    st.button(
        texts("Tell that this is done"),
        type="primary",
        icon=f":material/{ICONS[action]}:",
        on_click=_answer,
        args=(service, flags, "act"),
        kwargs={"action": action, **_note(note)},
    )


def _offer_dismissal(service: Service, flags: Sequence[Flag], texts: Texts) -> None:
    with st.expander(texts("Nothing is to be done: dismiss it"), icon=":material/close:"):
        reason = st.selectbox(
            texts("Why"),
            list(DISMISSALS),
            format_func=lambda code: texts.word(DISMISSALS, code),
            key=f"reason {flags[0].flag_id}",
        )
        note = st.text_input(
            texts("Note for colleagues (may stay empty)"), key=f"why {flags[0].flag_id}"
        )
        st.caption(texts("It comes back on new evidence alone."))
        st.button(
            texts("Dismiss"),
            on_click=_answer,
            args=(service, flags, "dismiss"),
            kwargs={"reason": reason, **_note(note)},
        )


def _note(text: str | None) -> dict[str, str]:
    return {"note": text.strip()} if text and text.strip() else {}


_STEPS = {
    "acknowledge": "acknowledgement",
    "assign": "assignment",
    "act": "action",
    "dismiss": "dismissal",
}


def _answer(service: Service, flags: Sequence[Flag], step: str, **said: str) -> None:
    """Answer every flag of which this is possible, as it was looked at; the first refusal ends it and is told."""
    try:
        for flag in flags:
            if step in flag.possible:
                _keep(service.answer(flag, _STEPS[step], **said), said.get("action"))
    except Refused as refused:
        st.session_state[_TOLD] = refused
    else:
        st.session_state[_TOLD] = len(flags)


def _keep(flag: Flag, action: str | None) -> None:
    at = datetime.fromisoformat(flag.changed_at).astimezone(UTC).replace(tzinfo=None)
    st.session_state.setdefault(_ANSWERS, {})[flag.flag_id] = Answer(flag.status, action, at)
