"""Parameters come from one tagged cell, and nothing slips in."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_notebook
from report_cells import code, text

from medlab.report import ParameterError
from medlab.report.parameters import apply, defaults, parse


@pytest.fixture
def notebook():
    source = "epochs = 5\nrate: float = 0.1\nfast = False\nwindow = 'lung'\nsize = 2 ** 5\nnothing = None"
    return new_notebook(cells=[text("# T"), code(source, "parameters"), code("epochs")])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("a=5", 5),
        ("a=1e-3", 0.001),
        ("a=true", True),
        ("a=None", None),
        ("a=[1, 2]", [1, 2]),
        ("a=lung", "lung"),
        ("a='5'", "5"),
        ("a=x=y", "x=y"),
        ("a=", ""),
    ],
)
def test_a_setting_is_read_as_a_literal_or_else_as_text(setting, value):
    assert parse(setting) == ("a", value)
    assert type(parse(setting)[1]) is type(value)


@pytest.mark.parametrize("setting", ["epochs", "=5", "1a=5", "a b=5"])
def test_a_setting_without_name_or_value_is_refused(setting):
    with pytest.raises(ParameterError, match="name=value"):
        parse(setting)


def test_defaults_are_read_from_the_tagged_cell(notebook):
    assert defaults(notebook) == {
        "epochs": 5,
        "rate": 0.1,
        "fast": False,
        "window": "lung",
        "size": "2 ** 5",
        "nothing": None,
    }


def test_new_values_stand_in_a_cell_of_their_own_behind_the_defaults(notebook):
    assert apply(notebook, {"epochs": 2})["epochs"] == 2
    assert notebook.cells[2].source == "epochs = 2"
    assert notebook.cells[2].metadata.tags == ["injected-parameters"]


def test_nothing_is_put_in_when_nothing_changes(notebook):
    apply(notebook, {})
    assert len(notebook.cells) == 3


def test_an_unknown_name_is_refused_and_the_known_are_listed(notebook):
    with pytest.raises(ParameterError, match=r"no parameter 'epoch'.*epochs=5, rate=0.1"):
        apply(notebook, {"epoch": 3})


def test_a_notebook_without_parameters_says_so():
    with pytest.raises(ParameterError, match="It has: none"):
        apply(new_notebook(cells=[code("a = 1")]), {"a": 3})


@pytest.mark.parametrize(("name", "value"), [("epochs", 2.5), ("epochs", True), ("rate", "low"), ("fast", 1)])
def test_a_value_of_the_wrong_kind_is_refused(notebook, name, value):
    with pytest.raises(ParameterError, match=f"parameter {name} must be"):
        apply(notebook, {name: value})


def test_a_whole_number_will_do_for_a_number(notebook):
    assert apply(notebook, {"rate": 1})["rate"] == 1
