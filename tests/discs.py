"""Simulated lesions that are hard enough to be missed now and then."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def discs(n, seed, *, contrast=2.0, size=32):
    """Simulated noise texture; every second image has a soft bright disc. Images, classes, masks."""
    rng = np.random.default_rng(seed)
    x = ndimage.gaussian_filter(rng.normal(size=(n, size, size)), (0, 1, 1))
    x /= x.std()
    y, masks = np.arange(n) % 2, np.zeros(x.shape, bool)
    rows, columns = np.mgrid[:size, :size]
    for i in np.flatnonzero(y):
        centre, radius = rng.uniform(8, size - 8, 2), rng.uniform(4, 6)
        away = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
        masks[i] = away < radius**2
        x[i] += contrast * np.exp(-away / radius**2)
    return x[..., None].astype("float32"), y, masks
