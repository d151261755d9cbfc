import numpy as np
import pytest
from scipy import ndimage


def _phantoms(n, seed, *, contrast=2.0, size=32):
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


@pytest.fixture(scope="session")
def phantoms():
    return _phantoms


@pytest.fixture(scope="session")
def trained(phantoms):
    """A classifier that sees the simulated lesions, and test images in which it sees one, with masks."""
    import medlab

    medlab.train.set_seed(1)
    model = medlab.models.classifier((32, 32, 1), filters=(8, 16))
    x, y, _ = phantoms(240, 1, contrast=2.5)
    x_val, y_val, _ = phantoms(80, 11, contrast=2.5)
    medlab.train.fit(model, (x, y), (x_val, y_val), epochs=10, learning_rate=5e-3, verbose=False)
    x, y, masks = phantoms(120, 21, contrast=2.5)
    probability = model.predict(x, verbose=0)[:, 0]
    scores = medlab.evaluate.classification(y, probability)
    assert scores.value["AUC"] > 0.93, "no explanation is judged on a model that has not learned"
    seen = (y == 1) & (probability > 0.5)
    return model, x[seen][:30], masks[seen][:30]


@pytest.fixture(scope="session")
def untrained():
    import medlab

    medlab.train.set_seed(2)
    return medlab.models.classifier((32, 32, 1), filters=(8, 16))
