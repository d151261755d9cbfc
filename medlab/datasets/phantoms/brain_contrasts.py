"""MR contrasts of a simulated brain: which tissue gives which signal in which sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab.datasets.phantoms.mr import (
    TISSUES,
    Tissue,
    acquire,
    bias_field,
    flair,
    inversion_recovery,
    spin_echo,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["CHANNELS", "acquired", "signals"]

CHANNELS = ("T1", "T1c", "T2", "FLAIR")
#: The parts of a tumour differ from one tumour to the next: typical values, not a measurement.
_TISSUE = {
    "fluid": TISSUES[1.5]["CSF"],
    "grey": TISSUES[1.5]["grey matter"],
    "white": TISSUES[1.5]["white matter"],
    "scalp": TISSUES[1.5]["fat"]._replace(pd=0.3),  # far from the coil and partly saturated
    "necrosis": Tissue(0.95, 2600, 260),
    "oedema": Tissue(0.9, 1350, 180),
    "enhancing": Tissue(0.9, 1400, 140),
}
_WITH_AGENT = {"enhancing": Tissue(0.9, 380, 110)}


def signals(fractions: Mapping[str, NDArray[Any]], contrasts: Sequence[str]) -> NDArray[np.float32]:
    """Return the noiseless signal of each voxel, one channel per contrast.

    Parameters
    ----------
    fractions : mapping of str to ndarray
        How much of each voxel is which tissue.
    contrasts : sequence of str
        Names out of `CHANNELS`. In ``"T1c"`` the contrast agent shortens T1 of what enhances to 380 ms.
    """
    unknown = [c for c in contrasts if c not in _SEQUENCE]
    if unknown:
        msg = f"contrasts must be taken from {', '.join(CHANNELS)}; got {unknown}."
        raise ValueError(msg)
    channels = []
    for name in contrasts:
        tissue = _TISSUE | (_WITH_AGENT if name == "T1c" else {})
        channels.append(sum(f * _SEQUENCE[name](*tissue[t]) for t, f in fractions.items()))
    return np.stack(channels, -1).astype(np.float32)


def _inversion(pd: float, t1: float, t2: float) -> float:
    return abs(float(inversion_recovery(pd, t1, t2, tr=2000, te=4, ti=800)))


def _spin_echo(pd: float, t1: float, t2: float) -> float:
    return float(spin_echo(pd, t1, t2, tr=4500, te=95))


def _flair(pd: float, t1: float, t2: float) -> float:
    return float(flair(pd, t1, t2))


_SEQUENCE = {"T1": _inversion, "T1c": _inversion, "T2": _spin_echo, "FLAIR": _flair}


def acquired(values: NDArray[np.float32], difficulty: float, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Return signals (z, y, x, c) as a scanner stores them: coil inhomogeneity, Rician noise, integers."""
    bright = np.percentile(values, 98, axis=(0, 1, 2))
    scale = 1000 / np.where(bright > 0, bright, 1)
    field = bias_field(values.shape[:3], 0.1 + 0.4 * difficulty, rng=rng)
    noise = 15 + 60 * difficulty
    channels = [
        acquire(values[..., c] * scale[c], noise=noise, bias=field, rng=rng) for c in range(values.shape[-1])
    ]
    return np.round(np.stack(channels, -1)).astype(np.uint16)
