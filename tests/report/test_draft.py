"""A file is written in full or not at all."""

from __future__ import annotations

import pytest

from medlab.report import OutputError
from medlab.report.draft import replaced_when_done


def test_the_draft_takes_the_place_of_the_target_at_the_end(tmp_path):
    target = tmp_path / "a.html"
    with replaced_when_done(target, ".html") as draft:
        draft.write_text("done")
        assert not target.exists()
    assert target.read_text() == "done"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_the_older_file_and_nothing_else(tmp_path):
    target = tmp_path / "a.html"
    target.write_text("older")

    def fail_half_way():
        with replaced_when_done(target, ".html") as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["a.pdf", "a", "no-folder/a.html", "file/a.html", "folder.html"])
def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.html").mkdir()
    entered = False
    with pytest.raises(OutputError, match=name), replaced_when_done(tmp_path / name, ".html"):
        entered = True
    assert not entered


def test_the_file_gets_the_permissions_that_the_user_asks_for(tmp_path):
    ordinary = tmp_path / "ordinary.html"
    ordinary.write_text("")
    with replaced_when_done(tmp_path / "a.html", ".html") as draft:
        draft.write_text("")
    assert (tmp_path / "a.html").stat().st_mode == ordinary.stat().st_mode
