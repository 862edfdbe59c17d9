"""What the ML Test Score asks for, in its four sections and in its order."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """One test of the 28. What only a person can answer needs that person's record."""

    name: str
    section: str
    title: str

    @property
    def needs_person(self) -> bool:
        """Return whether no run of anything can answer it alone."""
        return self.name in BY_PERSONS


# What something costs can be measured, whether it is worth that is decided; so is what is right.
BY_PERSONS = frozenset({"cost", "review"})


def _section(section: str, titles: dict[str, str]) -> tuple[Demand, ...]:
    return tuple(Demand(name, section, title) for name, title in titles.items())


DEMANDS = (
    *_section(
        "data",
        {
            "schema": "Feature expectations are captured in a schema",
            "beneficial": "All features are beneficial",
            "cost": "No feature costs too much",
            "requirements": "Features keep to meta-level requirements",
            "privacy": "The data pipeline has privacy controls",
            "new-feature": "New features can be added quickly",
            "feature-code": "All input feature code is tested",
        },
    ),
    *_section(
        "model",
        {
            "review": "Model specifications are reviewed and submitted",
            "correlation": "Offline and online metrics correlate",
            "tuning": "All hyperparameters have been tuned",
            "staleness": "The impact of model staleness is known",
            "simpler": "A simpler model is not better",
            "slices": "Model quality is sufficient on important slices",
            "inclusion": "The model is tested for considerations of inclusion",
        },
    ),
    *_section(
        "infrastructure",
        {
            "reproducible": "Training is reproducible",
            "unit-tests": "Model specifications are unit tested",
            "integration": "The ML pipeline is integration tested",
            "validated": "Model quality is validated before serving",
            "debugging": "The model can be debugged step by step on one example",
            "canary": "Models are canaried before serving",
            "roll-back": "Serving models can be rolled back",
        },
    ),
    *_section(
        "monitoring",
        {
            "dependencies": "Dependency changes result in notification",
            "invariants": "Data invariants hold for inputs",
            "skew": "Training and serving are not skewed",
            "age": "Models are not too stale",
            "stability": "Models are numerically stable",
            "performance": "Computing performance has not regressed",
            "quality": "Prediction quality has not regressed",
        },
    ),
)
SECTIONS = tuple(dict.fromkeys(demand.section for demand in DEMANDS))
