"""Texts like radiology reports of the chest, written from templates, with known labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from medlab.datasets.dataset import Case, Dataset

if TYPE_CHECKING:
    import pandas as pd

    from medlab.datasets.record import Record

__all__ = ["FINDINGS", "load", "radiology_reports"]

#: How each finding is said to be there; ``{side}`` and ``{size}`` are filled in.
FINDINGS: dict[str, tuple[str, ...]] = {
    "cardiomegaly": ("The heart is enlarged.", "Cardiomegaly.", "The cardiac silhouette is widened."),
    "effusion": (
        "{size} {side} pleural effusion.",
        "Blunting of the {side} costophrenic angle in keeping with a {size} effusion.",
    ),
    "pneumonia": (
        "Airspace consolidation in the {side} lower zone, consistent with pneumonia.",
        "Patchy opacity in the {side} lung, in keeping with infection.",
    ),
    "pneumothorax": ("{size} {side} pneumothorax.", "A {size} {side}-sided pneumothorax is seen."),
    "oedema": ("Interstitial pulmonary oedema.", "Perihilar haze and septal lines, in keeping with oedema."),
    "nodule": ("A {mm} mm nodule projects over the {side} upper zone.", "{side} lung nodule of {mm} mm."),
    "fracture": ("Fracture of a {side} lateral rib.", "Displaced {side} rib fracture."),
}
_NAMES = {
    "cardiomegaly": "cardiomegaly",
    "effusion": "pleural effusion",
    "pneumonia": "consolidation",
    "pneumothorax": "pneumothorax",
    "oedema": "pulmonary oedema",
    "nodule": "focal lung lesion",
    "fracture": "rib fracture",
}
_RATES = {"cardiomegaly": 0.22, "effusion": 0.24, "pneumonia": 0.2, "pneumothorax": 0.07, "oedema": 0.13,
          "nodule": 0.12, "fracture": 0.08}  # fmt: skip
_DENIED = ("No {name}.", "There is no evidence of {name}.", "No sign of {name} is seen.")
_DENIED_TWO = ("No {name} or {other}.", "Neither {name} nor {other} is seen.")
_DOUBTED = ("Possible {name}; correlate clinically.", "{name} cannot be excluded.", "Questionable {name}.")
_GONE = ("The previously seen {name} has resolved.", "Interval resolution of the {name}.")
_NORMAL = (
    "Heart size is normal.",
    "The mediastinal contours are unremarkable.",
    "Lungs are clear elsewhere.",
    "Degenerative changes of the spine.",
    "A central venous line is in place.",
)
_REASONS = ("Cough and fever.", "Shortness of breath.", "Chest pain.", "Routine check before surgery.",
            "Fall from a ladder.", "Follow-up.", "?pneumonia", "Exclude pneumothorax.")  # fmt: skip


def radiology_reports(
    n: int = 300, *, seed: int = 0, difficulty: float = 0.5, labels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Write simulated chest-radiograph reports with known labels.

    Reports deny findings ("No pneumothorax"), doubt them, and mention what has gone, so that counting words
    is not enough. The request, too, names diseases that need not be there.

    Parameters
    ----------
    n : int, optional
        Number of patients, one report each; the length of `labels` where those are given.
    seed : int, optional
        Seed of findings and words.
    difficulty : float, optional
        0 … 1: how many findings are denied, doubted or resolved, and how many words are misspelt.
    labels : pandas.DataFrame, optional
        Truth to write about: a column ``patient``, and any of `FINDINGS` as columns of 0 and 1, for example
        of an image cohort.

    Returns
    -------
    pandas.DataFrame
        ``patient``, ``report``, ``split``, and for each of `FINDINGS` 1 (there), 0 (denied or not
        mentioned) or −1 (doubted).

    Notes
    -----
    The three values follow CheXpert (Irvin J. et al. AAAI 33, 590–597 (2019).
    doi:10.1609/aaai.v33i01.3301590); the sentences are made up.

    Examples
    --------
    >>> table = radiology_reports(3)
    >>> table.loc[0, "report"].startswith("CLINICAL INFORMATION")
    True
    """
    import pandas as pd

    if labels is not None:
        unknown = "patient" not in labels or not set(labels) & set(FINDINGS)
        if unknown:
            msg = (
                f"labels needs a column 'patient' and one or more of {', '.join(FINDINGS)}; got {[*labels]}."
            )
            raise ValueError(msg)
        n = len(labels)
    rows = []
    for i in range(n):
        rng = np.random.default_rng([seed, i, 41])
        truth = {name: int(rng.random() < rate) for name, rate in _RATES.items()}
        if labels is not None:
            row = labels.iloc[i]
            truth = {name: int(row[name]) if name in row else 0 for name in FINDINGS}
        patient = f"P{i:04d}" if labels is None else str(labels["patient"].iloc[i])
        text, truth = _report(truth, difficulty, rng, doubt=labels is None)
        part = rng.choice(["train", "val", "test"], p=(0.6, 0.2, 0.2))
        rows.append({"patient": patient, "report": text, "split": str(part)} | truth)
    return pd.DataFrame(rows)


def load(record: Record, *, n: int | None = None, seed: int = 0, difficulty: float = 0.5) -> Dataset:
    """Return the reports as a set that is a table without images."""
    table = radiology_reports(record.options["n"] if n is None else n, seed=seed, difficulty=difficulty)
    return table_only(record, table)


def table_only(record: Record, table: pd.DataFrame) -> Dataset:
    """Return a set that has a table and no images; asking it for a case says so."""

    def read(_: int) -> Case:
        msg = f"{record.name} is a table without images: use dataset.table."
        raise TypeError(msg)

    return Dataset(record, table, read)


def _report(
    truth: dict[str, int], difficulty: float, rng: np.random.Generator, *, doubt: bool
) -> tuple[str, dict[str, int]]:
    sentences: list[str] = []
    silent = [name for name, there in truth.items() if not there]
    for name, there in truth.items():
        if there:
            sentences.append(_filled(str(rng.choice(FINDINGS[name])), rng))
        elif doubt and rng.random() < 0.07 * difficulty:
            sentences.append(_named(_DOUBTED, rng, name=_NAMES[name]))
            truth = truth | {name: -1}
            silent.remove(name)
    rng.shuffle(silent)
    denied = silent[: int(rng.integers(1, 3 + round(3 * difficulty)))]
    if len(denied) > 1 and rng.random() < 0.5:
        sentences.append(_named(_DENIED_TWO, rng, name=_NAMES[denied[0]], other=_NAMES[denied[1]]))
        denied = denied[2:]
    for name in denied:
        gone = rng.random() < 0.2 * difficulty
        sentences.append(_named(_GONE if gone else _DENIED, rng, name=_NAMES[name]))
    sentences += [str(s) for s in rng.choice(_NORMAL, 2, replace=False)]
    rng.shuffle(sentences)
    body = " ".join(s[0].upper() + s[1:] for s in sentences)
    body = _misspelt(body, 0.012 * difficulty, rng)
    return f"CLINICAL INFORMATION: {rng.choice(_REASONS)}\nFINDINGS: {body}", truth


def _filled(sentence: str, rng: np.random.Generator) -> str:
    return sentence.format(
        side=rng.choice(["right", "left"]),
        size=rng.choice(["small", "moderate", "large"]),
        mm=int(rng.integers(5, 29)),
    )


def _named(sentences: tuple[str, ...], rng: np.random.Generator, **names: str) -> str:
    return str(rng.choice(sentences)).format(**names)


def _misspelt(text: str, rate: float, rng: np.random.Generator) -> str:
    """Swap two letters in some words."""
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) > 5 and rng.random() < rate * len(word):
            at = int(rng.integers(1, len(word) - 2))
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
