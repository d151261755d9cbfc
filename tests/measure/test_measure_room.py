"""The room as a whole."""

import subprocess
import sys

import medlab


def test_every_public_name_is_there_and_documented():
    for name in medlab.measure.__all__:
        assert getattr(medlab.measure, name).__doc__, name
        assert name in dir(medlab.measure)


def test_the_room_opens_without_heavy_packages():
    code = (
        "import sys, medlab.measure as m; m.suv; "
        "print([p for p in ('pandas', 'scipy', 'skimage', 'SimpleITK') if p in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_suv_stays_a_function_after_its_module_is_imported():
    import medlab.measure.suv

    assert callable(medlab.measure.suv)
