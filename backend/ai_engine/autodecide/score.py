"""The score of a candidate: a pure function of facts, with every part shown.

    score = Σ weight × part / Σ weight, each part between 0 and 1, higher is better

    priority = 100 / (100 + priority)                    1 → 0.99, 100 (the default) → 0.50, 1000 → 0.09
    health   = recent success rate                       never tried → 1
    latency  = 1 / (1 + seconds to the first token)      unknown → 0.5, as for one second
    cost     = 1 / (1 + USD per million tokens / 10)     three parts input to one part output; unknown → 0.5, free → 1
    load     = 1 / (1 + requests in flight per key / 8)

The weights are `autodecide.weights` of the YAML file. Routes whose scores are equal to two decimals take turns.
"""

from typing import NamedTuple

from ai_engine.settings.file import WeightsSection


class Facts(NamedTuple):
    """The inputs of the score."""

    priority: int
    success_rate: float
    first_token_seconds: float | None
    usd_per_million: float | None
    """(3 × input + output) / 4; `None` if the price is unknown."""
    in_flight_per_key: float


class Score(NamedTuple):
    """The total and its parts, each between 0 and 1."""

    total: float
    priority: float
    health: float
    latency: float
    cost: float
    load: float


def score(facts: Facts, weights: WeightsSection) -> Score:
    """The formula at the top of this module. With all weights zero every candidate scores 0."""
    priority = 100 / (100 + facts.priority)
    latency = 0.5 if facts.first_token_seconds is None else 1 / (1 + facts.first_token_seconds)
    cost = 0.5 if facts.usd_per_million is None else 1 / (1 + facts.usd_per_million / 10)
    load = 1 / (1 + facts.in_flight_per_key / 8)
    weighted = (
        weights.priority * priority
        + weights.health * facts.success_rate
        + weights.latency * latency
        + weights.cost * cost
        + weights.load * load
    )
    whole = weights.priority + weights.health + weights.latency + weights.cost + weights.load
    return Score(weighted / whole if whole else 0.0, priority, facts.success_rate, latency, cost, load)
