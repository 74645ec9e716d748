"""A risk port that says what a test tells it to."""

from dataclasses import dataclass

from service.domain.risk import Application, Assessment, RiskHealth


@dataclass
class ToldPort:
    """Every application gets the assessment that stands in `says`."""

    says: Assessment

    def assess(self, application: Application) -> Assessment:
        return self.says

    def health(self) -> RiskHealth:
        return RiskHealth("model")
