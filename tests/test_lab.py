"""The tour in a real JupyterLab, started by ``medlab lab``, in a real browser."""

from __future__ import annotations

import lab_driver
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def tour(browser, tmp_path_factory):
    """The tour after 'Run All Cells', on a copy of the course."""
    folder = tmp_path_factory.mktemp("course")
    scratch = tmp_path_factory.mktemp("scratch")
    with lab_driver.lab_page(browser, folder, scratch, "00-start/00-tour") as lab:
        lab.popups_at_start = lab.popups()
        lab.run_all()
        yield lab


def test_nothing_stands_before_the_notebook(tour):
    assert tour.popups_at_start == []
    assert tour.popups() == []


def test_every_cell_runs(tour):
    assert tour.failures() == []


@pytest.mark.usefixtures("mirror")  # the stand-in without it has a single slice
def test_scrolling_changes_the_picture_and_the_number_in_python(tour):
    numbers = tour.slice_numbers()
    before, after = tour.scroll()
    assert before != after
    scrolled = tour.slice_numbers()
    assert len(scrolled) == len(numbers) >= 1
    assert scrolled != numbers


def test_nothing_leaves_this_computer_and_the_page_has_no_error(tour):
    assert tour.elsewhere == []
    assert tour.errors == []
