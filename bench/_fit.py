"""Fit the weights of the score to made networks and print them: ``python -m bench._fit`` (decision 9)."""

from __future__ import annotations

import importlib

import numpy as np

from bench._judged import Case, claim_of, incidents, lineage_of, vouched
from bench._witnesses import stream
from geo.score import Claim

_FIRST_SEED, _NETWORKS = 1_000, 40
_NAMES = (
    "vouched lineages",
    "root of strangers",
    *(f"{who} {claim}" for who in ("vouched", "strangers") for claim in Claim),
)


def _row(case: Case) -> list[float]:
    known = [each for each in case.members if vouched(each.source)]
    strangers = [each for each in case.members if not vouched(each.source)]
    said = {claim_of(each) for each in known or strangers}
    named, other = Claim.NAMED in said, Claim.OTHER in said
    # Whoever names a unit outweighs strangers who say otherwise; among the vouched the doubt stays beside the claim.
    flags = [named, said == {Claim.UNSAID}, other and not (named and not known)]
    off = [False, False, False]
    return [
        float(len({lineage_of(each.source) for each in known})),
        min(len(strangers) ** 0.5, 3.3),
        *(float(flag) for flag in (flags if known else off) + (off if known else flags)),
    ]


def main() -> None:
    """Print each weight, and the mean intercept of the networks."""
    linear = importlib.import_module("sklearn.linear_model")
    cases = [(number, case) for number in range(_NETWORKS) for case in incidents(stream(_FIRST_SEED + number))]
    networks = np.zeros((len(cases), _NETWORKS))
    networks[np.arange(len(cases)), [number for number, _ in cases]] = 1.0
    shown = np.hstack([np.array([_row(case) for _, case in cases]), networks])
    model = linear.LogisticRegression(C=10.0, max_iter=5_000, fit_intercept=False)
    weights = model.fit(shown, [case.real for _, case in cases]).coef_[0]
    for name, weight in zip(_NAMES, weights[: len(_NAMES)], strict=True):
        print(f"{name}: {weight:+.2f}")
    print(f"intercept: {weights[len(_NAMES) :].mean():+.2f} over {len(cases)} incidents")


if __name__ == "__main__":
    main()
