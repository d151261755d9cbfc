"""Every builder trains and reloads, on the backend of this run and on those that are installed beside it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from built_models import BUILT, reloaded, trained

from medlab.models import backend


def _check(facts):
    assert facts["still"] == []
    assert np.isfinite(facts["losses"]).all()
    assert facts["losses"][-1] < facts["losses"][0]


@pytest.mark.parametrize("what", BUILT)
def test_three_steps_move_every_weight_and_lower_the_loss(what):
    _check(trained(what))


@pytest.mark.parametrize("what", BUILT)
def test_a_saved_model_loads_in_safe_mode_and_predicts_the_same(what):
    assert reloaded(what) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("other", ["jax", "torch"])
def test_the_same_on_another_backend(other):
    if importlib.util.find_spec(other) is None:
        pytest.skip(f"{other} is not installed")
    if backend.name() == other:
        pytest.skip(f"this run is on {other} already")
    environment = {**os.environ, "KERAS_BACKEND": other, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    program = Path(__file__).with_name("built_models.py")
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=False, env=environment, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["backend"] == other
    np.testing.assert_allclose(told["gradient"][0], told["gradient"][1], rtol=0.05, atol=1e-4)
    assert np.isfinite(list(told["gan"].values())).all()
    for facts in told["trained"].values():
        _check(facts)
