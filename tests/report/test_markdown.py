"""Text cells become HTML that stands alone."""

from __future__ import annotations

import pytest

from medlab.report.markdown import Writer


@pytest.fixture
def write(tmp_path) -> Writer:
    return Writer(tmp_path)


@pytest.mark.parametrize(
    "source", ["$x^2$", "$$\\frac{a}{b}$$", "\\begin{align} a &= b \\\\ c &= d \\end{align}"]
)
def test_formulas_become_mathml(write, source):
    page = write(f"As {source} shows")
    assert page.count("<math ") == 1
    assert "$" not in page
    assert "begin" not in page


def test_displayed_formulas_stand_on_their_own(write):
    assert 'display="block"' in write("$$a$$")
    assert 'display="inline"' in write("$a$")


def test_a_formula_that_cannot_be_read_stays_readable(write):
    assert '<span class="latex">a_b_c</span>' in write("$a_b_c$")


def test_headings_are_collected_with_anchors_of_their_own(write):
    page = write("# Title\n\n## Look\n\n## Look") + write("## Größe & *form*")
    assert [(h.level, h.anchor, h.text) for h in write.headings] == [
        (1, "title", "Title"),
        (2, "look", "Look"),
        (2, "look-2", "Look"),
        (2, "größe-form", "Größe & form"),
    ]
    for heading in write.headings:
        assert f'id="{heading.anchor}"' in page


def test_links_to_the_web_stay_and_links_to_files_become_text(write):
    page = write("[web](https://example.org) [next](../01/next.ipynb) [below](#look)")
    assert '<a href="https://example.org">web</a>' in page
    assert '<a href="#look">below</a>' in page
    assert "next.ipynb" not in page
    assert ">next<" in page


def test_a_picture_beside_the_notebook_is_embedded(write, tmp_path):
    (tmp_path / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in write("![dot](dot.png)")
