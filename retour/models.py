"""`retour model`: the risk models, which of them decides, and what became of a decision. Heavy things are imported when a command runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retour.errors import UserError
from retour.settings import Settings, load_settings

if TYPE_CHECKING:
    from datetime import datetime

    from models.risk.registry import Pointer
    from service.domain.events import Event

app = typer.Typer(
    no_args_is_help=True,
    help="Risk models: which there are, which one decides, and what it said of a return.",
)

Version = Annotated[str, typer.Argument(help="a version, as `retour model list` shows it")]
Reason = Annotated[
    str, typer.Option(help="why, in one line without names of people; it is kept in the log")
]
By = Annotated[str, typer.Option(help="by whose hand: a role, or the id of a member of staff")]

_LISTED = "{:<22}  {:<12}  {:<23}  {:>9}  {:>8}  {:>9}  {}"
_MOST_WORDS = 200


class NoModel(UserError):
    """There is no model for what was asked."""


@app.command(name="list")
def list_() -> None:
    """Every version, the oldest first: what it was trained on, and whether it decides."""
    from models.risk import registry
    from models.risk.score import ModelUnusable, read_manifest

    root = load_settings().risk_dir
    versions = registry.versions(root)
    if not versions:
        typer.echo("There is no model yet: the rules decide. The pipeline's job `train` makes one.")
        return
    typer.echo(
        _LISTED.format("version", "role", "data", "requests", "labels", "threshold", "certified")
    )
    for version in versions:
        role = _role(root, version)
        try:
            typer.echo(_row(version, role, read_manifest(root / version)).rstrip())
        except ModelUnusable as unusable:
            typer.echo(f"{version:<22}  {role or '–':<12}  cannot be used: {unusable}")


@app.command()
def show(version: Version) -> None:
    """What a model was made of and what is known of it; whether its files are sound."""
    import json

    from models.risk import registry
    from models.risk.score import CARD, read_manifest

    root = load_settings().risk_dir
    _known(root, version)
    with _said_plainly():
        manifest = read_manifest(root / version)
    typer.echo(json.dumps(manifest, indent=2, ensure_ascii=False))
    typer.echo(f"role: {_role(root, version) or 'none'}")
    typer.echo(f"model card: {root / version / CARD}")
    with _said_plainly():
        registry.verify(root / version)
    typer.echo("Its files are as they were written, and it gives its golden answers to the bit.")


@app.command()
def promote(version: Version, reason: Reason, by: By = "command line") -> None:
    """Let a version decide from now on; running services take it up with their next request."""
    from models.risk import registry

    settings = load_settings()
    _known(settings.risk_dir, version)
    with _said_plainly():
        pointer = registry.promote(
            settings.risk_dir, version, at=_now(), by=_line("--by", by), reason=_reason(reason)
        )
    _tell(settings, pointer, is_rollback=False)
    typer.echo(f"{version} decides now.{_hint(settings.risk_dir, version)}")


@app.command()
def rollback(
    reason: Reason = "rolled back by hand",
    by: By = "command line",
) -> None:
    """Let the version decide again that did before the present one."""
    from models.risk import registry
    from models.risk.score import ModelUnusable

    settings = load_settings()
    try:
        pointer = registry.rollback(
            settings.risk_dir, at=_now(), by=_line("--by", by), reason=_reason(reason)
        )
    except ModelUnusable as impossible:
        raise NoModel(
            f"{impossible} `retour model suspend` lets the policy's rules decide meanwhile."
        ) from impossible
    _tell(settings, pointer, is_rollback=True)
    typer.echo(f"{pointer.version} decides again.{_hint(settings.risk_dir, pointer.version)}")


@app.command()
def suspend(reason: Reason, by: By = "command line") -> None:
    """Let the champion decide nothing until it is resumed; the policy's risk.if_suspended says what does."""
    from models.risk import registry, suspension
    from service.domain.events import Actor
    from service.risk.telling import suspended

    settings = load_settings()
    with _said_plainly():
        pointer = registry.champion(settings.risk_dir)
    if pointer is None:
        raise NoModel("no model decides, so none can be suspended; the rules decide already")
    made = suspension.suspend(
        settings.risk_dir,
        pointer.version,
        at=_now(),
        cause="by_hand",
        by=_line("--by", by),
        reason=_reason(reason),
    )
    _append(settings, suspended(made, Actor("admin")))
    typer.echo(f"{made.version} is suspended since {made.since} ({made.cause}: {made.reason}).")


@app.command()
def resume(reason: Reason, by: By = "command line") -> None:
    """Let a suspended champion decide again."""
    from models.risk import registry, suspension
    from service.domain.events import Actor
    from service.risk.telling import resumed

    settings = load_settings()
    why, who = _reason(reason), _line("--by", by)
    with _said_plainly():
        pointer = registry.champion(settings.risk_dir)
    lifted = suspension.resume(settings.risk_dir, pointer.version if pointer else None)
    if lifted is None:
        typer.echo("The model that decides was not suspended.")
        return
    _append(settings, resumed(lifted.version, _now(), who, why, Actor("admin")))
    typer.echo(f"{lifted.version} is no longer suspended.")


@app.command()
def replay(rma: Annotated[str, typer.Argument(help="the number of a return")]) -> None:
    """Ask the model of a decision again, with what it saw then: the same score to the last bit, or an error."""
    from models.risk import registry
    from retour.assembly import open_retour
    from service.risk.replaying import replay as ask_again
    from service.risk.replaying import version_to_replay

    settings = load_settings()
    said = open_retour(settings).returns.assessed(rma)
    version = version_to_replay(said)
    _known(settings.risk_dir, version)
    with _said_plainly():
        model = registry.verify(settings.risk_dir / version)
    replayed = ask_again(said, model)
    if not replayed.is_same:
        raise NoModel(
            f"model {version} gives return {said.rma} {replayed.again!r} now, and {replayed.logged!r} is in the log: "
            f"its folder {settings.risk_dir / version} is not the one that decided; restore it from a backup"
        )
    typer.echo(f"return {said.rma}: model {version} gives {replayed.again!r}, as it did then.")
    typer.echo(
        f"Decided: {said.decision} (on the basis of: {said.basis}), refund once {said.refund_on}, "
        f"inspection {said.inspection}, probability of this action {said.propensity}; "
        f"events up to {said.as_of_seq} were seen, policy {said.policy_version} was in force."
    )
    for reason in said.reasons:
        typer.echo(f"  {reason.code}: {reason.words}")


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What is wrong with a model is said in its own words, without a traceback."""
    from models.risk.score import ModelUnusable

    try:
        yield
    except ModelUnusable as unusable:
        raise NoModel(str(unusable)) from unusable


def _known(root: Path, version: str) -> None:
    from models.risk import registry

    if version not in (known := registry.versions(root)):
        listed = f"there are {', '.join(known)}" if known else "none was trained yet"
        raise NoModel(
            f"there is no model {version!r} in {root}: {listed}. Restore its folder from a backup, or name another"
        )


def _row(version: str, role: str, manifest: dict[str, Any]) -> str:
    data, certificate = manifest["data"], manifest["certificate"]
    stretch = f"{str(data['from'])[:10]} – {str(data['to'])[:10]}"
    threshold = manifest["threshold"]
    shown = "–" if threshold is None else f"{threshold:.4f}"
    missing = certificate.get("missing_labels")
    certified = "no"
    if certificate["certified"]:
        certified = "yes"
    elif missing:
        certified = f"no, {missing} labels are missing"
    return _LISTED.format(
        version, role or "–", stretch, data["requests"], data["labels"], shown, certified
    )


def _role(root: Path, version: str) -> str:
    """`champion`, `challenger`, `suspended` for a champion that is, or nothing."""
    from models.risk import registry, suspension

    with _said_plainly():
        champion, challenger = registry.champion(root), registry.challenger(root)
        stopped = suspension.suspensions(root)
    if champion is not None and champion.version == version:
        return "suspended" if version in stopped else "champion"
    return "challenger" if challenger is not None and challenger.version == version else ""


def _hint(root: Path, version: str) -> str:
    from models.risk.score import read_manifest

    if _role(root, version) == "suspended":
        return " It is suspended; `retour model resume` lifts that."
    if read_manifest(root / version)["threshold"] is None:
        return " It is certified for nothing yet, so the rules decide and it is only scored."
    return ""


def _tell(settings: Settings, pointer: "Pointer", *, is_rollback: bool) -> None:
    """Append the promotion to the log. Promoting the same version once more tells what a failure kept from the log."""
    from models.risk.score import MODEL, read_manifest
    from service.domain.events import Actor
    from service.risk.telling import promoted

    sha256 = read_manifest(settings.risk_dir / pointer.version)["files"][MODEL]
    _append(settings, promoted(pointer, sha256, Actor("admin"), is_rollback=is_rollback))


def _append(settings: Settings, event: "Event") -> None:
    from retour.assembly import open_retour

    open_retour(settings).conclusions.append([event])


def _reason(text: str) -> str:
    return _line("--reason", text)


def _line(option: str, text: str) -> str:
    if not text.strip() or len(text) > _MOST_WORDS or not text.isprintable():
        raise UserError(f"{option} must be one line of 1 to {_MOST_WORDS} characters")
    return text


def _now() -> "datetime":
    from service.platform.clock import SystemClock

    return SystemClock().now()
