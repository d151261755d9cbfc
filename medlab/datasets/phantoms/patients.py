"""Tables of simulated patients whose outcome follows a model with known coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.phantoms.reports import table_only

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from medlab.datasets.dataset import Dataset
    from medlab.datasets.record import Record

__all__ = ["EFFECTS", "load", "patient_table"]

#: ln of the odds ratio (and of the hazard ratio) per step: ten years, male, ten pack-years, doubling of CRP,
#: 1 g/dl of haemoglobin, one standard deviation of the image's column.
EFFECTS = {
    "age": 0.40,
    "male": 0.25,
    "pack_years": 0.30,
    "crp": 0.35,
    "haemoglobin": -0.20,
    "image": 0.90,
}


def patient_table(
    n: int = 500,
    *,
    seed: int = 0,
    images: pd.DataFrame | None = None,
    column: str = "label",
    effects: Mapping[str, float] | None = None,
    rate: float = 0.35,
    missing: float = 0.0,
) -> pd.DataFrame:
    """Simulate a table of patients with an outcome and a survival time that depend on it in a known way.

    ``logit P(outcome) = intercept + Σ effect · value`` with the values centred and in the steps of
    `EFFECTS`; survival is Weibull (shape 1.3) with proportional hazards of the same coefficients, and is
    censored at the end of a study of five years with patients entering over two.

    Parameters
    ----------
    n : int, optional
        Number of patients; the length of `images` where that is given.
    seed : int, optional
        Seed of the table.
    images : pandas.DataFrame, optional
        A row per patient of an image cohort: ``patient``, and if there, ``age`` and ``sex`` are taken over,
        and `column` acts on the outcome with ``effects["image"]`` per standard deviation. Without it a
        normal variable stands in for what an image might show.
    column : str, optional
        Which column of `images` acts.
    effects : mapping, optional
        Coefficients in place of those in `EFFECTS`.
    rate : float, optional
        Outcomes wanted on average; the intercept is chosen for it.
    missing : float, optional
        Part of the laboratory values that is missing, more often in the young.

    Returns
    -------
    pandas.DataFrame
        ``patient``, ``age``, ``sex``, ``pack_years``, ``crp`` (mg/l), ``haemoglobin`` (g/dl), ``image``,
        ``outcome`` (0 or 1), ``years`` (to event or end), ``event``, ``risk`` (the true probability of the
        outcome) and ``split``. ``attrs["effects"]`` and ``attrs["intercept"]`` hold the truth.

    Raises
    ------
    ValueError
        If `images` has several rows of a patient or lacks a column, or an effect is unknown.

    Notes
    -----
    Survival times by inversion: Bender R., Augustin T., Blettner M. Stat Med 24, 1713–1723 (2005).
    doi:10.1002/sim.2059. The coefficients are chosen, not estimated from people.

    Examples
    --------
    >>> table = patient_table(400)
    >>> table.attrs["effects"]["age"], bool(0.25 < table["outcome"].mean() < 0.45)
    (0.4, True)
    """
    import pandas as pd

    wanted = dict(EFFECTS) | dict(effects or {})
    if set(wanted) != set(EFFECTS):
        msg = f"effects may name {', '.join(EFFECTS)}; got {', '.join(sorted(set(wanted) - set(EFFECTS)))}."
        raise ValueError(msg)
    rng = np.random.default_rng([seed, 51])
    table = _people(n, images, column, rng)
    score = _scores(table, wanted)
    intercept = _intercept(score, rate)
    risk = 1 / (1 + np.exp(-(intercept + score)))
    years, event = _survival(score, rng)
    truth = {
        "outcome": (rng.random(len(table)) < risk).astype(int),
        "years": years,
        "event": event,
        "risk": risk.round(4),
        "split": rng.choice(["train", "val", "test"], len(table), p=(0.6, 0.2, 0.2)),
    }
    young = np.clip(1.6 - table["age"].to_numpy() / 100, 0.2, 1.6)
    for name in ("crp", "haemoglobin"):
        table[name] = table[name].mask(rng.random(len(table)) < missing * young)
    table = pd.concat([table, pd.DataFrame(truth)], axis=1)
    table.attrs = {"effects": wanted, "intercept": intercept}
    return table


def load(record: Record, *, n: int | None = None, seed: int = 0) -> Dataset:
    """Return the table as a set that has no images."""
    return table_only(record, patient_table(record.options["n"] if n is None else n, seed=seed))


def _people(n: int, images: pd.DataFrame | None, column: str, rng: np.random.Generator) -> pd.DataFrame:
    import pandas as pd

    if images is not None:
        if column not in images or "patient" not in images or images["patient"].duplicated().any():
            msg = (
                f"images needs one row per patient, with the columns 'patient' and {column!r}; got "
                f"{len(images)} rows with {', '.join(map(str, images))}."
            )
            raise ValueError(msg)
        n = len(images)
    age = np.clip(rng.normal(62, 11, n), 25, 92).round()
    male = rng.random(n) < 0.5
    shown = rng.normal(size=n)
    names = [f"P{i:04d}" for i in range(n)]
    if images is not None:
        names = images["patient"].astype(str).tolist()
        age = images["age"].to_numpy(float) if "age" in images else age
        male = (images["sex"] == "M").to_numpy() if "sex" in images else male
        shown = images[column].to_numpy(float)
    smoker = rng.random(n) < 0.25 + 0.2 * male
    packs = np.where(smoker, rng.gamma(2.2, 11, n), 0).round(1)
    return pd.DataFrame(
        {
            "patient": names,
            "age": age,
            "sex": np.where(male, "M", "F"),
            "pack_years": packs,
            "crp": np.exp(rng.normal(1.2 + 0.012 * packs, 0.9)).round(1),
            "haemoglobin": rng.normal(13.4 + 1.3 * male - 0.012 * (age - 62), 1.2).round(1),
            "image": shown,
        }
    )


def _scores(table: pd.DataFrame, effects: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the linear predictor without its intercept."""
    shown = table["image"].to_numpy(float)
    terms = {
        "age": (table["age"].to_numpy(float) - 62) / 10,
        "male": (table["sex"] == "M").to_numpy(float) - 0.5,
        "pack_years": table["pack_years"].to_numpy(float) / 10 - 0.8,
        "crp": np.log2(np.maximum(table["crp"].to_numpy(float), 0.1) / 4),
        "haemoglobin": table["haemoglobin"].to_numpy(float) - 14,
        "image": (shown - shown.mean()) / (shown.std() or 1),
    }
    return np.sum([effects[name] * values for name, values in terms.items()], axis=0)


def _intercept(score: NDArray[np.float64], rate: float) -> float:
    from scipy.optimize import brentq

    if not 0.01 <= rate <= 0.99:
        msg = f"rate must lie between 0.01 and 0.99; got {rate}."
        raise ValueError(msg)
    return float(brentq(lambda b: (1 / (1 + np.exp(-(b + score)))).mean() - rate, -40, 40))


def _survival(
    score: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    shape, median = 1.3, 6.0
    scale = np.log(2) / median**shape
    time = (-np.log(rng.random(score.size)) / (scale * np.exp(score))) ** (1 / shape)
    end = 5 - rng.uniform(0, 2, score.size)
    return np.minimum(time, end).round(3), (time <= end).astype(np.int64)
