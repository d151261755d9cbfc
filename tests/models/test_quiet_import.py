import os
import subprocess
import sys

import pytest

_TRAIN = """
import numpy as np, medlab
model = medlab.models.classifier((8, 8, 1), filters=(4,))
x, y = np.random.default_rng(0).normal(size=(8, 8, 8, 1)), np.arange(8) % 2
medlab.train.fit(model, (x, y), (x, y), epochs=1)
medlab.explain.grad_cam(model, x)
"""

_MESSAGES = """
from medlab.models import backend
print(backend.name() != "tensorflow" or "oneDNN" in backend.import_messages())
"""

_ERROR = """
import os
from medlab.models.quiet import quiet_stderr
with quiet_stderr(lambda text: None):
    os.write(2, b"the reason")
    raise ImportError("broken")
"""


def _run(code, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")} | more
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture(scope="module")
def trained():
    return _run(_TRAIN)


def test_import_training_and_explaining_write_nothing_to_stderr(trained):
    assert (trained.returncode, trained.stderr) == (0, "")


def test_progress_in_a_log_file_is_one_line(trained):
    assert len(trained.stdout.splitlines()) == 1
    assert trained.stdout.startswith("1 epochs in")


def test_what_was_kept_quiet_can_be_read_afterwards():
    told = _run(_MESSAGES, TF_CPP_MIN_LOG_LEVEL="0")
    assert told.stdout.strip() == "True"
    assert "oneDNN" not in told.stderr


def test_what_was_kept_quiet_is_shown_when_the_import_fails():
    failed = _run(_ERROR)
    assert failed.returncode == 1
    assert "the reason" in failed.stderr
    assert "ImportError: broken" in failed.stderr


def test_importing_medlab_imports_no_keras():
    code = "import sys, medlab, medlab.models, medlab.train, medlab.evaluate, medlab.explain\n"
    found = _run(
        code + "print([m for m in ('keras', 'tensorflow', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    assert found.stdout.strip() == "[]"
