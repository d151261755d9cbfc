"""A fetal head in ultrasound, of the size that its gestational age asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from medlab.datasets.dataset import Case
from medlab.datasets.phantoms.shapes import axes_mm, blur_edge, on_grid
from medlab.datasets.phantoms.texture import smooth, streams
from medlab.datasets.phantoms.ultrasound import fan, sector

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FAULTS", "columns", "draw", "fetal_head", "head_circumference", "pixel_size"]

#: What can be wrong with a poor frame.
FAULTS = ("shadow", "low gain", "wrong plane", "cut off", "motion")


def head_circumference(weeks: float, z: float = 0.0) -> float:
    """Return the head circumference in mm at a gestational age, by the INTERGROWTH-21st standard.

    Parameters
    ----------
    weeks : float
        Gestational age in weeks, 14 … 40.
    z : float, optional
        How many standard deviations above the mean of that age.

    References
    ----------
    Papageorghiou A. T. et al. International standards for fetal growth based on serial ultrasound
    measurements. Lancet 384, 869–879 (2014). doi:10.1016/S0140-6736(14)61490-2.

    Examples
    --------
    >>> round(head_circumference(20), 1)
    172.5
    """
    if not 14 <= weeks <= 40:
        msg = f"The INTERGROWTH-21st standard holds from 14 to 40 weeks; got {weeks} weeks."
        raise ValueError(msg)
    log = np.log(weeks)
    mean = -28.2849 + 1.69267 * weeks**2 - 0.397485 * weeks**2 * log
    spread = 1.98735 + weeks**3 * (0.0136772 - 0.00726264 * log + 0.000976253 * log**2)
    return float(mean + z * spread)


def fetal_head(
    *,
    seed: int = 0,
    view: int = 0,
    size: tuple[int, int] = (160, 208),
    frames: int = 1,
    difficulty: float = 0.5,
    weeks: float = 24.0,
    z: float = 0.0,
    fault: Literal["", "shadow", "low gain", "wrong plane", "cut off", "motion"] = "",
) -> Case:
    """Simulate an ultrasound picture of a fetal head in the plane in which it is measured.

    The outer border of the skull is an ellipse whose circumference is that of `head_circumference` exactly.
    Inside: midline echo with the cavum septi pellucidi, thalami, choroid plexus; around: amniotic fluid,
    placenta, uterine wall. The skull is bright where the beam meets it at a right angle, and faint at the
    sides.

    Parameters
    ----------
    seed, view : int, optional
        The fetus (proportions), and the picture (place, angle, speckle).
    size : (2,) tuple of int, optional
        Rows, columns. The depth is chosen to fit the head.
    frames : int, optional
        More than 1 gives a cine in which the head drifts and turns; ``facts["motion"]`` has its path.
    difficulty : float, optional
        0 … 1: contrast of skull and midline, echoes around that resemble a skull.
    weeks : float, optional
        Gestational age, 14 … 40.
    z : float, optional
        Standard deviations above the mean for that age.
    fault : str, optional
        ``""`` for a good frame, or one of `FAULTS`.

    Returns
    -------
    Case
        ``image`` of axes ``"yx"`` (or ``"tyx"``), 0 … 255; ``masks["head"]``: the filled ellipse.
        ``facts``: ``circumference_mm``, ``bpd_mm`` and ``ofd_mm`` (outer to outer), ``weeks``, ``z``,
        ``centre_mm`` (x, y in the picture's coordinates), ``angle_deg``, ``quality``, ``fault``, ``motion``
        (dx mm, dy mm, degrees for each frame).

    Examples
    --------
    >>> case = fetal_head(weeks=28)
    >>> round(case.facts["circumference_mm"]), case.facts["quality"]
    (260, 'good')
    """
    if fault and fault not in FAULTS:
        msg = f"fault must be '' or one of {', '.join(FAULTS)}; got {fault!r}."
        raise ValueError(msg)
    anatomy, acquisition = streams(seed, view)
    circumference = head_circumference(weeks, z)
    ofd, bpd = _diameters(circumference, _index(anatomy))
    # A fault changes how the head is seen, not where: the numbers below are drawn for every picture.
    spacing = _pixel(size, ofd, bpd)
    angle = float(np.clip(acquisition.normal(0, 14), -32, 32))
    centre = acquisition.normal(0, 0.03, 2) * ofd
    if fault == "cut off":
        centre += np.array([0, 0.42 * ofd * np.sign(acquisition.normal())])
    motion = _motion(frames, acquisition)
    scene = _Scene(size, spacing, ofd, bpd, difficulty, fault, int(anatomy.integers(2**32)))
    pictures, masks = [], []
    for dx, dy, turn in motion:
        place = _Place(centre[0] + dy, centre[1] + dx, np.deg2rad(angle + turn))
        picture, mask = scene.frame(place, acquisition)
        pictures.append(picture)
        masks.append(mask)
    facts = {
        "circumference_mm": circumference,
        "bpd_mm": bpd,
        "ofd_mm": ofd,
        "weeks": weeks,
        "z": z,
        "centre_mm": [float(centre[1]), float(centre[0])],
        "angle_deg": angle,
        "quality": "poor" if fault else "good",
        "fault": fault,
        "motion": motion.tolist(),
    }
    return _case(np.stack(pictures), np.stack(masks), spacing, facts)


def pixel_size(size: tuple[int, int], *, seed: int = 0, weeks: float = 24.0, z: float = 0.0) -> float:
    """Return the pixel size in mm of the picture that `fetal_head` makes of a fetus, without making it.

    Examples
    --------
    >>> made = fetal_head(size=(96, 128), seed=4).image.spacing[0]
    >>> round(pixel_size((96, 128), seed=4), 6) == round(made, 6)
    True
    """
    return _pixel(size, *_diameters(head_circumference(weeks, z), _index(streams(seed)[0])))


def _index(anatomy: np.random.Generator) -> float:
    """Draw a fetus's cephalic index, short over long diameter."""
    return float(np.clip(anatomy.normal(0.785, 0.03), 0.7, 0.87))


def _pixel(size: tuple[int, int], ofd: float, bpd: float) -> float:
    return max(1.32 * ofd / size[1], 1.55 * bpd / size[0])


def draw(rng: np.random.Generator, label: int, images: int) -> list[dict[str, Any]]:
    """Draw the truth of a pregnancy: 1 is a fetus small for its age, 0 one that is not; three weeks apart."""
    z = float(rng.normal(-2.1, 0.5) if label else rng.normal(0.1, 0.8))
    start = float(rng.uniform(15, max(16, 39 - 3 * (images - 1))))
    return [
        {
            "weeks": round(min(start + 3 * i, 40.0), 2),
            "z": round(z * (0.7 + 0.3 * i / max(images - 1, 1)), 3),
            "fault": str(rng.choice(FAULTS)) if rng.random() < 0.12 else "",
        }
        for i in range(images)
    ]


def columns(truth: dict[str, Any]) -> dict[str, Any]:
    """Return what a table says about the truth."""
    return truth | {"circumference_mm": round(head_circumference(truth["weeks"], truth["z"]), 2)}


def _diameters(circumference: float, index: float) -> tuple[float, float]:
    """Return both diameters of the ellipse with this circumference and ratio short / long."""
    from scipy.special import ellipe

    long = circumference / (2 * float(ellipe(1 - index**2)))
    return long, index * long


def _motion(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    time = np.arange(frames)[:, None] / 12
    waves = np.zeros((frames, 3))
    for size, rate in (((3.0, 1.5, 5.0), 0.4), ((1.0, 1.0, 2.0), 1.3)):
        phase = rng.uniform(0, 2 * np.pi, 3)
        waves += np.array(size) * (np.sin(2 * np.pi * rate * time + phase) - np.sin(phase))
    return np.round(waves, 4)


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where the head lies in a frame: mm from the middle, angle in radians."""

    y: float
    x: float
    angle: float


class _Scene:
    """A fetus in the womb, seen again and again."""

    def __init__(
        self,
        size: tuple[int, int],
        spacing: float,
        ofd: float,
        bpd: float,
        difficulty: float,
        fault: str,
        seed: int,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.size, self.spacing, self.fault = size, (spacing, spacing), fault
        self.ofd, self.bpd, self.hard = ofd, bpd, difficulty
        self.y, self.x = axes_mm(size, self.spacing)
        self.cloud = smooth(size, [n / 14 for n in size], rng)
        self.wall = smooth(size, [n / 8 for n in size], rng)
        self.flip = 1 if rng.random() < 0.5 else -1
        self.shadow_at = float(rng.uniform(-0.5, 0.5))

    def frame(self, place: _Place, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return a picture and the filled outer ellipse."""
        y, x = self.y - place.y, self.x - place.x
        u = x * np.cos(place.angle) + y * np.sin(place.angle)
        v = y * np.cos(place.angle) - x * np.sin(place.angle)
        ring = np.hypot(u / (self.ofd / 2), v / (self.bpd / 2))
        depth = (1 - ring) * self.bpd / 2
        strength = self._around()
        brain = self._brain(u, v)
        edge = max(self.spacing[0], 0.4)
        inside = blur_edge(depth - 2.2, edge)
        strength = strength * (1 - inside) + brain * inside
        skull = blur_edge(depth, edge) * blur_edge(2.6 - depth, edge)
        normal = self._facing(u, v, place)
        bright = (0.5 + 3.2 * normal**3) * (1.15 - 0.55 * self.hard)
        strength = strength * (1 - skull) + skull * bright * (1 + 0.25 * self.cloud)
        loss = 0.35 + 1.8 * skull * (1 - 0.8 * normal) + 0.1 * inside
        picture = self._scanned(strength, loss, skull, rng)
        mask = ring <= 1
        return picture, mask

    def _facing(self, u: NDArray[Any], v: NDArray[Any], place: _Place) -> NDArray[Any]:
        """How squarely the beam meets the skull, 0 … 1."""
        nu, nv = u / (self.ofd / 2) ** 2, v / (self.bpd / 2) ** 2
        ny = nu * np.sin(place.angle) + nv * np.cos(place.angle)
        nx = nu * np.cos(place.angle) - nv * np.sin(place.angle)
        by, bx = self.y + self.size[0] * self.spacing[0] / 2 + 45, self.x
        return np.abs(ny * by + nx * bx) / (np.hypot(ny, nx) * np.hypot(by, bx) + 1e-9)

    def _around(self) -> NDArray[Any]:
        """Uterine wall above and below, placenta, fluid between."""
        half = self.size[0] * self.spacing[0] / 2
        tissue = np.abs(self.y) / half + 0.16 * self.wall
        fluid = blur_edge(0.78 - tissue, 0.06)
        layers = 0.75 + 0.35 * self.cloud + 0.5 * self.hard * np.sin(self.y / 2.2 + 2 * self.wall)
        return np.clip(layers, 0.15, 2) * (1 - fluid) + (0.035 + 0.03 * self.hard) * fluid

    def _brain(self, u: NDArray[Any], v: NDArray[Any]) -> NDArray[Any]:
        u = u * self.flip
        a, b = self.ofd / 2, self.bpd / 2
        out = np.clip(0.16 * (1 + 0.35 * self.cloud), 0.03, 1) + 0 * u
        plexus = 1 - np.hypot((u + 0.32 * a) / (0.3 * a), (v - 0.42 * b) / (0.16 * b))
        out = np.where(plexus > 0, 0.55, out)
        if self.fault == "wrong plane":
            orbit = 1 - np.hypot((u - 0.6 * a) / (0.2 * a), (np.abs(v) - 0.42 * b) / (0.28 * b))
            return np.where(orbit > 0, 0.03, np.where(orbit > -0.25, 0.8, out))
        for side in (-1, 1):
            thalamus = 1 - np.hypot((u + 0.02 * a) / (0.22 * a), (v - side * 0.16 * b) / (0.13 * b))
            out = np.where(thalamus > 0, 0.07, out)
        line = (np.abs(v) < 0.7) & (np.abs(u) < 0.9 * a)
        box = (np.abs(v) < 0.11 * b) & (np.abs(u - 0.45 * a) < 0.12 * a)
        rim = (np.abs(v) < 0.14 * b) & (np.abs(u - 0.45 * a) < 0.14 * a) & ~box
        out = np.where(line | rim, 1.1 - 0.55 * self.hard, out)
        return np.where(box, 0.04, out)

    def _scanned(
        self, strength: NDArray[Any], loss: NDArray[Any], skull: NDArray[Any], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        noise = 0.008 + 0.012 * self.hard
        reference = 2.2
        if self.fault == "shadow":
            width = self.size[1] * self.spacing[1]
            dark = np.abs(self.x - self.shadow_at * width * 0.7) < 0.16 * width
            start = np.abs(self.y / (self.size[0] * self.spacing[0]) + 0.44) < 0.05
            loss = loss + (36 / self.size[0] / self.spacing[0] * 12) * (dark & start)
        if self.fault == "low gain":
            reference *= 11
        picture = sector(
            np.clip(strength, 0.005, 6),
            loss,
            self.spacing,
            angle=72,
            lines=round(1.2 * self.size[1]),
            radius=45,
            frequency=float(np.clip(340 / self.ofd, 3.5, 8)),
            aperture=24,
            focus=0.55 * self.size[0] * self.spacing[0],
            compensation=0.42,
            noise=noise,
            dynamic_range=52,
            reference=reference,
            specular=0.8 * skull,
            rng=rng,
        )
        if self.fault == "motion":
            from scipy.ndimage import uniform_filter1d

            seen = fan(self.size, self.spacing, angle=72, radius=45)
            smeared = uniform_filter1d(picture.astype(np.float32), self.size[1] // 10, axis=1)
            picture = (smeared * seen).astype(np.uint8)
        return picture


def _case(
    pictures: NDArray[np.uint8], masks: NDArray[np.bool_], spacing: float, facts: dict[str, Any]
) -> Case:
    cine = len(pictures) > 1
    image = on_grid(
        pictures if cine else pictures[0],
        (spacing, spacing),
        axes="tyx" if cine else "yx",
        space="plane",
        modality="US",
        times=np.arange(len(pictures)) / 12 if cine else None,
        meta={"time_unit": "s"} if cine else {},
        notes=("Simulated ultrasound of a fetal head.",),
    )
    labels = image.replace(
        array=masks.astype(np.uint8) if cine else masks[0].astype(np.uint8),
        modality="SEG",
        units="label",
        labels={1: "fetal head"},
        notes=(),
    )
    return Case(image, {"head": labels}, facts)
