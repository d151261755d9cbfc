"""A beating left ventricle in short-axis slices, with exactly the volumes that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, first, on_grid
from medlab.datasets.phantoms.texture import smooth, streams

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw", "left_ventricle"]

LABELS = {1: "right ventricle", 2: "myocardium", 3: "left ventricle"}
#: Signal of steady-state free precession relative to blood; fat is bright, lung has almost no protons.
_SIGNAL = {"blood": 1.0, "muscle": 0.42, "fat": 0.95, "lung": 0.06, "liver": 0.38, "body": 0.5}


def left_ventricle(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int, int] = (10, 96, 96),
    frames: int = 16,
    difficulty: float = 0.5,
    edv: float = 130.0,
    ef: float = 60.0,
    mass: float = 110.0,
    infarct: float = 0.0,
    heart_rate: float = 66.0,
    sequence: Literal["cine", "late"] = "cine",
) -> Case:
    """Simulate a short-axis MR of a heart: a cine over one beat, or a late-enhancement stack.

    The cavity is a half ellipsoid of the volume V(t) that falls from `edv` to edv·(1 − ef/100) and comes
    back; its voxels are counted out, so that the mask has that volume to half a voxel. The muscle keeps
    its volume (it cannot be squeezed), so its wall thickens in systole. In an infarct the inner wall stays.

    Parameters
    ----------
    seed, view : int, optional
        The patient (shape, place), and the picture (noise).
    size : (3,) tuple of int, optional
        Slices, rows, columns. The field of view is 150 mm; slices lie 10 mm apart.
    frames : int, optional
        Time points of the cine.
    difficulty : float, optional
        0 (little noise, plain) … 1 (noisy, blurred, strong papillary muscles and trabeculae).
    edv : float, optional
        End-diastolic volume in ml.
    ef : float, optional
        Ejection fraction in %.
    mass : float, optional
        Mass of the left ventricle's muscle in g; its density is 1.05 g/ml.
    infarct : float, optional
        Part of the circumference that is scar, 0 … 0.5.
    heart_rate : float, optional
        Beats per minute, for the time axis.
    sequence : {"cine", "late"}, optional
        ``"late"`` shows end diastole with the muscle nulled and the scar bright.

    Returns
    -------
    Case
        ``image``: axes ``"tzyx"`` (cine) or ``"zyx"`` (late). ``masks["heart"]``: four classes, as in ACDC
        (1 right ventricle, 2 myocardium, 3 left ventricle), of the same axes; ``masks["infarct"]``.
        ``facts``: ``edv_ml``, ``esv_ml``, ``ef``, ``mass_g``, ``end_diastole``, ``end_systole`` (frames),
        ``volumes_ml``, ``right_volumes_ml``, ``infarct_fraction``, ``infarct_ml``.

    Raises
    ------
    ValueError
        If the volumes do not fit into the slices.

    Notes
    -----
    Contrast of balanced SSFP and nulled muscle as described by Kramer C. M. et al. J Cardiovasc Magn Reson
    22, 17 (2020). doi:10.1186/s12968-020-00607-1. Noise is Rician.

    Examples
    --------
    >>> case = left_ventricle(ef=35, frames=8, size=(10, 64, 64))
    >>> case.image
    <Image MR tzyx (8, 10, 64, 64) ...>
    >>> round(case.facts["ef"])
    35
    """
    if not (10 <= ef <= 85 and 30 <= edv <= 350 and 0 <= infarct <= 0.5):
        msg = (
            f"ef must be 10 … 85 %, edv 30 … 350 ml and infarct 0 … 0.5 of the circumference; got "
            f"ef={ef}, edv={edv}, infarct={infarct}."
        )
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    spacing = (10.0, 150.0 / size[1], 150.0 / size[2])
    ventricle = _Ventricle(size, spacing, anatomy, infarct, edv, mass)
    phase = np.arange(frames) / frames if sequence == "cine" else np.zeros(1)
    squeeze = _squeeze(phase)
    volumes = edv * (1 - ef / 100 * squeeze)
    labels = np.stack([ventricle.labels(v, c) for v, c in zip(volumes, squeeze, strict=True)])
    scar = ventricle.scar & (labels[0] == 2)
    signal = np.stack([ventricle.signal(frame, difficulty, sequence, scar) for frame in labels])
    values = _acquired(signal, difficulty, acquisition)
    counted = (labels == 3).sum((1, 2, 3)) * np.prod(spacing) / 1000
    facts = {
        "edv_ml": float(counted.max()),
        "esv_ml": float(counted.min()) if sequence == "cine" else edv * (1 - ef / 100),
        "ef": ef,
        "mass_g": float((labels[0] == 2).sum() * np.prod(spacing) / 1000 * 1.05),
        "end_diastole": int(volumes.argmax()),
        "end_systole": int(volumes.argmin()),
        "volumes_ml": counted.tolist(),
        "right_volumes_ml": ((labels == 1).sum((1, 2, 3)) * np.prod(spacing) / 1000).tolist(),
        "infarct_fraction": infarct,
        "infarct_ml": float(scar.sum() * np.prod(spacing) / 1000),
        "heart_rate": heart_rate,
    }
    times = phase * 60_000 / heart_rate
    return _case(values, labels, scar, spacing, times, sequence, facts)


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a patient: 1 is a failing ventricle (EF below 40 %), 0 is not."""
    ef = float(rng.uniform(18, 39) if label else rng.normal(61, 5))
    edv = float(rng.normal(190, 35) if label else rng.normal(135, 22))
    return [
        {
            "ef": round(float(np.clip(ef, 12, 75)), 1),
            "edv": round(float(np.clip(edv, 80, 290)), 1),
            "mass": round(float(np.clip(rng.normal(115 + 30 * label, 18), 70, 200)), 1),
            "infarct": round(float(rng.uniform(0.1, 0.35)), 2) if label and rng.random() < 0.6 else 0.0,
        }
    ] * images


def _squeeze(phase: NDArray[Any]) -> NDArray[Any]:
    """How far the beat has gone: 0 at end diastole, 1 at end systole at 38 % of the beat, then filling."""
    systole, early = 0.38, 0.62
    up = 0.5 - 0.5 * np.cos(np.pi * np.clip(phase / systole, 0, 1))
    down = 0.5 + 0.5 * np.cos(np.pi * np.clip((phase - systole) / (early - systole), 0, 1))
    kick = 0.5 + 0.5 * np.cos(np.pi * np.clip((phase - 0.85) / 0.15, 0, 1))
    values = np.where(phase <= systole, up, 0.78 * down + 0.22 * kick)
    nearest = np.abs(phase - systole).argmin()
    if phase.size > 1:
        values[nearest] = 1.0
    return values


class _Ventricle:
    """Anatomy of one patient on a grid."""

    def __init__(
        self,
        size: tuple[int, int, int],
        spacing: tuple[float, float, float],
        rng: np.random.Generator,
        infarct: float,
        edv: float,
        mass: float,
    ) -> None:
        self.size, self.voxel = size, float(np.prod(spacing)) / 1000
        z, y, x = axes_mm(size, spacing)
        self.muscle = mass / 1.05
        self.base = float(z[-1, 0, 0] - 5)
        room = (self.base - float(z[0, 0, 0])) * 0.93
        self.length = min(room - 8, float(92 * (edv / 135) ** (1 / 3)))
        radius = np.sqrt(1.5 * edv * 1000 / (np.pi * self.length))
        if radius + 14 > min(size[1] * spacing[1], size[2] * spacing[2]) / 2:
            msg = (
                f"A ventricle of {edv:.0f} ml does not fit into {size[0]} slices of 10 mm: take more slices."
            )
            raise ValueError(msg)
        turn, squash = rng.uniform(0, np.pi), rng.uniform(0.0, 0.08)
        self.z, self.y, self.x = z, y - rng.uniform(-4, 4), x - rng.uniform(6, 14)
        u = self.x * np.cos(turn) + self.y * np.sin(turn)
        v = self.y * np.cos(turn) - self.x * np.sin(turn)
        self.ring = np.hypot(u * (1 + squash), v * (1 - squash)) / radius
        self.angle = np.arctan2(self.y, self.x)
        self.down = np.clip(self.base - z, 0, None)
        self.above = (z > self.base) & np.ones(size, bool)
        middle = rng.uniform(-np.pi, np.pi)
        self.away = np.abs(np.angle(np.exp(1j * (self.angle - middle))))
        self.scar_weight = np.clip((np.pi * infarct - self.away) / 0.15 + 0.5, 0, 1) if infarct else 0.0
        deep = self.down < 0.8 * self.length
        self.scar = (self.away < np.pi * infarct) & deep & np.ones(size, bool)
        self.radius = radius
        self.rest = (rng.uniform(0.9, 1.1), rng.uniform(-0.3, 0.3), rng.standard_normal(4))
        self.mottle = smooth(size, (0.6, size[1] / 60, size[2] / 60), rng)

    def labels(self, volume: float, squeeze: float) -> NDArray[np.uint8]:
        """Label every voxel at a moment with the given cavity volume."""
        length = self.length * (1 - 0.08 * squeeze)
        inner = self.ring * (1 - 0.3 * squeeze * self.scar_weight) / self._taper(length)
        cavity = first(inner, volume / self.voxel)
        outer = np.where(cavity, -1.0, self.ring / self._taper(length + 8))
        heart = first(outer, cavity.sum() + self.muscle / self.voxel)
        labels = np.zeros(self.size, np.uint8)
        labels[self._right(squeeze, heart)] = 1
        labels[heart] = 2
        labels[cavity] = 3
        return labels

    def _taper(self, length: float) -> NDArray[Any]:
        """Return the radius along the long axis relative to the base: a half ellipsoid."""
        taper = np.sqrt(np.clip(1 - (self.down / length) ** 2, 1e-12, 1))
        return np.where(self.above, 1e-6, taper)

    def _right(self, squeeze: float, heart: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the right ventricle: a crescent around the septum, on the patient's right."""
        wide = (1.25 - 0.4 * squeeze) * self.rest[0] * self.radius
        high = (1.2 - 0.2 * squeeze) * self.radius
        taper = self._taper(0.85 * self.length * (1 - 0.12 * squeeze))
        ellipse = np.hypot((self.x + 0.85 * self.radius) / wide, (self.y + 6 * self.rest[1]) / high)
        return (ellipse < taper) & (self.x < 0.2 * self.radius) & ~heart & (taper > 0.2)

    def signal(
        self, labels: NDArray[np.uint8], difficulty: float, sequence: str, scar: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Signal of each voxel before noise."""
        late = sequence == "late"
        muscle = 0.08 if late else _SIGNAL["muscle"]
        blood = 0.62 if late else _SIGNAL["blood"]
        out = self._chest(labels)
        out[labels == 1] = blood * 0.95
        out[labels == 2] = muscle
        out[labels == 3] = blood
        for side in (-0.7, 1.1):
            out[self._papillary(labels, side + self.rest[2][0] * 0.2)] = muscle * (
                1.1 + 0.3 * (1 - difficulty)
            )
        if late:
            out[scar] = np.clip(0.9 + (0.12 + 0.2 * difficulty) * self.mottle[scar], 0.1, 1.3)
        return out + 0.03 * self.mottle * (out > 0.1)

    def _papillary(self, labels: NDArray[np.uint8], angle: float) -> NDArray[np.bool_]:
        inside = labels == 3
        area = inside.sum((1, 2), keepdims=True) / self.size[1] / self.size[2]
        radius = np.sqrt(area / np.pi) * 150
        y, x = 0.62 * radius * np.sin(angle), 0.62 * radius * np.cos(angle)
        away = np.hypot(self.y - y, self.x - x)
        return inside & (away < np.clip(0.2 * radius, 0, 4.5)) & (self.down > 0.25 * self.length)

    def _chest(self, labels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what lies around: fat, chest wall in front, left lung, liver below the right ventricle."""
        out = np.full(self.size, _SIGNAL["lung"], np.float32)
        out[np.broadcast_to(self.y + 0.25 * self.x > 30 + 8 * self.rest[0], self.size)] = _SIGNAL["liver"]
        wall = np.hypot((self.x + 12) / 92, (self.y - 18) / 84)
        out[np.broadcast_to((wall > 1) & (self.y < 30), self.size)] = _SIGNAL["body"]
        out[np.broadcast_to((wall > 1.1) & (self.y < 30), self.size)] = _SIGNAL["fat"]
        sac = _grown(labels > 0, 9)
        out[sac & (labels == 0)] = 0.8 * _SIGNAL["fat"]
        rim = _grown(labels > 0, 3)
        out[rim & (labels == 0)] = _SIGNAL["muscle"]
        return out


def _grown(mask: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    """Grow a mask within its slices by about `reach` mm, corners rounded."""
    from scipy.ndimage import gaussian_filter

    sigma = reach / 1.645 / (150 / mask.shape[-1])
    return gaussian_filter(mask.astype(np.float32), (0, sigma, sigma)) > 0.05


def _acquired(signal: NDArray[Any], difficulty: float, rng: np.random.Generator) -> NDArray[np.uint16]:
    from scipy.ndimage import gaussian_filter

    blur = (0.35 + 0.8 * difficulty) * signal.shape[-1] / 128
    values = gaussian_filter(signal, (0, 0, blur, blur))
    size = signal.shape[-1]
    values *= 1 + 0.18 * smooth(signal.shape[1:], (3, size / 3, size / 3), rng)
    sigma = 0.02 + 0.09 * difficulty
    noise = rng.standard_normal((2, *signal.shape), dtype=np.float32) * sigma
    return np.round(np.hypot(values + noise[0], noise[1]) * 600).astype(np.uint16)


def _case(
    values: NDArray[np.uint16],
    labels: NDArray[np.uint8],
    scar: NDArray[np.bool_],
    spacing: tuple[float, float, float],
    times: NDArray[Any],
    sequence: str,
    facts: dict[str, Any],
) -> Case:
    note = ("Simulated short-axis MR of a heart.",)
    meta = {"time_unit": "ms", "sequence": sequence}
    if sequence == "late":
        image = on_grid(values[0], spacing, modality="MR", meta=meta, notes=note)
        heart = image.as_mask(labels[0], LABELS)
    else:
        image = on_grid(values, spacing, modality="MR", times=times, meta=meta, notes=note)
        heart = image.replace(
            array=labels, modality="SEG", units="label", labels=LABELS, meta={"time_unit": "ms"}, notes=()
        )
    return Case(image, {"heart": heart, "infarct": image.as_mask(scar, {1: "infarct"})}, facts)
