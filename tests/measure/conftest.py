"""Data that several tests of this room share."""

from __future__ import annotations

import pytest

from medlab import datasets


@pytest.fixture(scope="session")
def public(mirror):
    """Load a public set from the mirror; no stand-in is taken."""
    loaded = {}

    def load(name):
        assert mirror.is_dir()
        if name not in loaded:
            loaded[name] = datasets.load(name, strict=True)
        return loaded[name]

    return load
