"""`retour policy`: the shop's rules as a file. Heavy things are imported when a command runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retour.settings import load_settings

if TYPE_CHECKING:
    from service.policies.replay import Progress

app = typer.Typer(
    no_args_is_help=True, help="The shop's rules: check a file, or try it on the past."
)
PolicyFile = Annotated[Path, typer.Argument(help="a policy file (TOML); `show` prints one")]


@app.command()
def check(file: PolicyFile) -> None:
    """Say whether a policy file is sound, and what it says; or where it is not, line by line."""
    from service.policies.reading import read_policy
    from service.policies.summary import summary

    policy = read_policy(file)
    typer.echo(f"policy {policy.version} is sound:")
    for heading, words in summary(policy):
        typer.echo(f"  {heading:<14}{words}")


@app.command()
def show() -> None:
    """Print the policy file in force, with its explanations: the beginning of the next one."""
    from retour.assembly import policy_text_in_force

    typer.echo(policy_text_in_force(load_settings()), nl=False)


@app.command()
def replay(file: PolicyFile) -> None:
    """Judge past requests by the policy in force and by FILE, and print what would have changed. Changes nothing.

    What the approval step would have done is asked of the model that decides now; its thresholds are its own.
    """
    from rich.console import Console

    from retour.assembly import open_retour
    from retour.replay_report import print_replayed, print_risk
    from service.policies.reading import read_policy
    from service.policies.replay import replay as replay_past
    from service.policies.risk_replay import RiskReplay

    settings, candidate = load_settings(), read_policy(file)
    retour = open_retour(settings)
    in_force, zone = retour.context.policy, retour.context.zone
    risk = RiskReplay(settings.risk_dir, in_force, candidate)
    with _progress() as progress:
        replayed = replay_past(retour.context.db, in_force, candidate, zone, progress, risk)
    console = Console(highlight=False)
    print_replayed(console, replayed, in_force.version, candidate.version, zone)
    print_risk(console, risk.replayed, in_force.version, candidate.version)


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Shown on a terminal only, on stderr, and gone when done."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Judging past requests", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
