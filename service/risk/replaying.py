"""A logged decision, asked again: the same features and the same model must give the same score, to the last bit."""

from dataclasses import dataclass

from service.domain.events import ReturnAssessed
from service.platform.problems import Conflict
from service.risk.standing import Model


class NothingToReplay(Conflict):
    title = "No model's score was logged with this decision"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The score that was logged, and the one that the model gives now."""

    version: str
    logged: float
    again: float

    @property
    def is_same(self) -> bool:
        """Whether they are equal to the last bit."""
        return self.logged == self.again


def version_to_replay(said: ReturnAssessed) -> str:
    """The model whose score was logged. Raises `NothingToReplay`, saying who decided instead."""
    if said.model_version is None or said.score is None:
        because = _BECAUSE.get(said.basis or "", "it was decided before there were models")
        raise NothingToReplay(f"return {said.rma} has no score to be replayed: {because}")
    return said.model_version


def replay(said: ReturnAssessed, model: Model) -> Replayed:
    """Ask the model for the logged features. Raises `NothingToReplay` where one that it needs was not logged."""
    logged = {each.name: each.value for each in said.features}
    if missing := [name for name in model.features if name not in logged]:
        raise NothingToReplay(
            f"return {said.rma}: model {model.version} needs {', '.join(missing)}, and that was not logged"
        )
    again = model.score([logged[name] for name in model.features])
    return Replayed(version_to_replay(said), said.score or 0.0, again)


_BECAUSE = {
    "rules": "the rules sent it to a person, and no model was there to be asked",
    "no_model": "there was no model, and the rules decided",
    "suspended": "the model was suspended, and could not be asked either",
    "unavailable": "the model could not be loaded, and a person decided",
    "failed": "the model gave no usable answer, and a person decided",
    "late": "the model's answer came too late and was thrown away; a person decided",
}
