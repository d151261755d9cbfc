"""Exercises that check themselves: `medlab.check` tells a reader whether an answer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NotYet", "check"]


class NotYet(Exception):  # noqa: N818  a reader meets this name; nothing went wrong
    """The answer is not there yet; the message says what is off and gives a hint."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook: a traceback teaches nothing here."""
        return [f"✗ {self}"]


def check(answer: Any, expected: Any, *, tolerance: float | None = None, hint: str = "") -> None:
    """Compare the answer to an exercise with what is expected, and say so.

    Parameters
    ----------
    answer : number, str, bool, array, Image, or a collection of them
        What the reader found; ``...`` stands for an exercise not yet tried.
    expected : same kind, or callable
        What it should be. A callable gets the answer and returns whether it holds.
    tolerance : float, optional
        Largest relative difference allowed between numbers (absolute where 0 is expected).
        Default: 1e-6 for floating-point numbers, none for integers.
    hint : str, optional
        What to try when the answer is off. It must not give the answer away.

    Raises
    ------
    NotYet
        If the answer does not hold.

    Examples
    --------
    >>> import medlab
    >>> medlab.check(4 / 3 * 3.14159 * 2**3, 33.5, tolerance=0.01)
    ✓ Right: 33.51
    >>> medlab.check(12, 33.5, tolerance=0.01, hint="A ball of radius r holds 4/3 π r³.")
    Traceback (most recent call last):
        ...
    medlab.exercise.NotYet: Not yet: 12 is too small. Hint: A ball of radius r holds 4/3 π r³.
    """
    if answer is ...:
        problem = "the answer still holds `...`; replace it with your own"
    elif callable(expected):
        problem = "" if expected(answer) else f"{_show(answer)} does not hold"
    else:
        problem = _difference(answer, expected, tolerance)
    if problem:
        raise NotYet(f"Not yet: {problem}." + (f" Hint: {hint}" if hint else ""))
    print(f"✓ Right: {_show(answer)}")  # noqa: T201


def _difference(answer: Any, expected: Any, tolerance: float | None) -> str:
    """Say how an answer differs without giving the expected one away; ``""`` where it does not."""
    import numpy as np

    try:
        got, want = np.asarray(answer), np.asarray(expected)
    except (ValueError, TypeError):
        return "" if answer == expected else f"{_show(answer)} is something else"
    if not _numeric(want):
        same = got.shape == want.shape and bool(np.all(got == want))
        return "" if same else f"{_show(answer)} is something else"
    if not _numeric(got):
        return f"a number is expected, {_show(answer)} is a {type(answer).__name__}"
    if got.shape != want.shape:
        return f"the shape is {got.shape}, {want.shape} is expected"
    exact = want.dtype.kind in "iub" and tolerance is None
    relative = 0.0 if exact else 1e-6 if tolerance is None else tolerance
    return _distance(got.astype(float), want.astype(float), relative, _show(answer))


def _distance(got: NDArray[np.float64], want: NDArray[np.float64], relative: float, shown: str) -> str:
    """Say how numbers of one shape differ."""
    import numpy as np

    if not np.isfinite(got).all() and np.isfinite(want).all():
        return "the answer holds values that are not finite"
    limit = relative * np.where(want == 0, 1, np.abs(want))
    off = ~((np.abs(got - want) <= limit) | (np.isnan(got) & np.isnan(want)))
    if not off.any():
        return ""
    if want.ndim == 0:
        return f"{shown} is too {'small' if got < want else 'large'}"
    return f"{int(off.sum())} of {off.size} values are off"


def _numeric(array: Any) -> bool:
    return array.dtype.kind in "iufb"


def _show(value: Any) -> str:
    """Show a value in one short line."""
    if isinstance(value, float) or type(value).__name__.startswith("float"):
        return f"{float(value):.4g}"
    if getattr(value, "shape", ()) and not hasattr(value, "affine"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
