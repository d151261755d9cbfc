"""Printing needs a browser and says so."""

from __future__ import annotations

import pytest

from medlab import machine, report


def test_without_a_browser_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "chromium", lambda: None)
    (tmp_path / "a.html").write_text("<p>")
    with pytest.raises(report.ReportError, match=r"Chromium or Chrome.*apt-get install chromium"):
        report.print_to_pdf(tmp_path / "a.html")


def test_a_browser_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "chromium", lambda: "false")
    (tmp_path / "a.html").write_text("<p>")
    with pytest.raises(report.ReportError, match="could not print"):
        report.print_to_pdf(tmp_path / "a.html")
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]
