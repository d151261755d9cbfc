"""Copies of the course: what goes where, and what is never written."""

from __future__ import annotations

import nbformat
import pytest
from course_cells import code, small_lesson

from medlab import notebooks
from medlab.course import CourseError, build
from medlab.course.editions import role


def below(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


def roles(path):
    return {role(cell) for cell in nbformat.read(path, as_version=4).cells}


@pytest.mark.usefixtures("course_folder")
def test_each_notebook_keeps_its_place_and_brings_the_pictures_it_shows(tmp_path):
    build(student=tmp_path / "s", teacher=tmp_path / "t")
    student = ["00-one.ipynb", "grid 1.png"]
    teacher = [*student, "solution.png"]
    assert below(tmp_path / "s" / "01-first") == student
    assert below(tmp_path / "t" / "01-first") == teacher
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["01-first", "02-second"]


@pytest.mark.usefixtures("course_folder")
def test_students_get_no_solutions_and_the_teacher_gets_all(tmp_path):
    build(student=tmp_path / "s", teacher=tmp_path / "t")
    assert roles(tmp_path / "s" / "01-first" / "00-one.ipynb") == {"lesson", "exercise", "check"}
    assert roles(tmp_path / "t" / "01-first" / "00-one.ipynb") == {"lesson", "exercise", "check", "solution"}


def test_a_file_that_the_code_reads_comes_too(course_folder, tmp_path):
    path = course_folder / "01-first" / "00-one.ipynb"
    lesson = small_lesson()
    lesson.cells.append(code("%matplotlib inline\nopen('table.csv').read()"))
    nbformat.write(lesson, path)
    (path.parent / "table.csv").write_text("a")
    build(["00-one"], student=tmp_path / "s")
    assert "01-first/table.csv" in below(tmp_path / "s")


@pytest.mark.parametrize(
    "names", [["01-first"], ["00-one"], ["01-first/00-one.ipynb"], ["01-first", "00-one"]]
)
@pytest.mark.usefixtures("course_folder")
def test_a_part_may_be_chosen(tmp_path, names):
    build(names, student=tmp_path / "s")
    assert below(tmp_path / "s") == ["01-first/00-one.ipynb", "01-first/grid 1.png"]


@pytest.mark.usefixtures("course_folder")
def test_a_link_out_of_the_copy_is_told(tmp_path):
    assert build(student=tmp_path / "all").notes == ()
    (note,) = build(["00-two"], student=tmp_path / "some").notes
    assert note == "02-second/00-two: it links to ../01-first/00-one.ipynb, which is not part of this copy"


@pytest.mark.usefixtures("course_folder")
def test_a_lesson_without_solutions_is_told(tmp_path):
    lesson = small_lesson()
    lesson.cells = [cell for cell in lesson.cells if role(cell) == "lesson"][1:]
    nbformat.write(lesson, tmp_path / "bare.ipynb")
    (note,) = build([tmp_path / "bare.ipynb"], student=tmp_path / "s").notes
    assert note == "bare: it has no cell tagged solution"


@pytest.mark.usefixtures("course_folder")
def test_ones_own_notebook_is_built_without_its_neighbours(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    nbformat.write(small_lesson(), own / "mine.ipynb")
    (own / "grid 1.png").write_bytes(b"grid")
    (own / "private.txt").write_text("marks")
    build([own / "mine.ipynb"], student=own / "s")
    assert below(own / "s") == ["grid 1.png", "mine.ipynb"]


def test_a_folder_of_ones_own_is_a_course(course_folder, tmp_path):
    own = course_folder.rename(tmp_path / "own")
    course_folder.mkdir()
    assert len(build([own], student=tmp_path / "s").written) == 4
    assert (tmp_path / "s" / "02-second" / "00-two.ipynb").is_file()


def test_a_picture_outside_the_course_stays_there(course_folder, tmp_path):
    path = course_folder / "01-first" / "00-one.ipynb"
    lesson = small_lesson()
    lesson.cells[0].source += " ![key](../../key.png)"
    lesson.cells.append(code("open('../../key.png')"))
    nbformat.write(lesson, path)
    (tmp_path / "key.png").write_bytes(b"key")
    assert "key.png" in build(["00-one", "00-two"], student=tmp_path / "s").notes[0]
    assert list(tmp_path.rglob("key.png")) == [tmp_path / "key.png"]


@pytest.mark.usefixtures("course_folder")
def test_what_is_there_already_is_left_alone(tmp_path):
    first = build(student=tmp_path / "s")
    second = build(student=tmp_path / "s")
    assert (second.written, set(second.unchanged)) == ((), set(first.written))


@pytest.mark.usefixtures("course_folder")
def test_a_file_with_other_content_is_not_replaced_and_nothing_is_written(tmp_path):
    work = tmp_path / "s" / "02-second" / "00-two.ipynb"
    work.parent.mkdir(parents=True)
    work.write_text("a student's work")
    with pytest.raises(CourseError, match=r"00-two\.ipynb.*--replace"):
        build(student=tmp_path / "s")
    assert below(tmp_path / "s") == ["02-second/00-two.ipynb"]
    assert work.read_text() == "a student's work"


@pytest.mark.usefixtures("course_folder")
def test_a_file_is_replaced_when_asked_for(tmp_path):
    work = tmp_path / "s" / "02-second" / "00-two.ipynb"
    work.parent.mkdir(parents=True)
    work.write_text("an older copy")
    assert work in build(student=tmp_path / "s", replace=True).written
    assert roles(work) == {"lesson", "exercise", "check"}


@pytest.mark.usefixtures("course_folder")
def test_a_link_is_replaced_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    link = tmp_path / "s" / "01-first" / "grid 1.png"
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with pytest.raises(CourseError, match="grid 1"):
        build(student=tmp_path / "s")
    build(student=tmp_path / "s", replace=True)
    assert elsewhere.read_text() == "mine"
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("student", "teacher", "word"),
    [
        (None, None, "--student"),
        ("out", "out", "Keep solutions apart"),
        ("out", "out/teacher", "Keep solutions apart"),
        ("out/student", "out", "Keep solutions apart"),
        ("notebooks", None, "built from"),
        (None, "notebooks/teacher", "built from"),
        ("file", None, "Cannot make the folder"),
    ],
)
def test_folders_that_do_not_fit_are_refused(course_folder, tmp_path, monkeypatch, student, teacher, word):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    before = below(tmp_path)
    with pytest.raises(CourseError, match=word):
        build(student=student, teacher=teacher)
    assert below(tmp_path) == before
    assert roles(course_folder / "01-first" / "00-one.ipynb") >= {"solution"}


@pytest.mark.usefixtures("course_folder")
def test_the_notebook_itself_is_never_replaced(tmp_path):
    own = tmp_path / "mine.ipynb"
    nbformat.write(small_lesson(), own)
    with pytest.raises(CourseError, match="the notebook itself"):
        build([own], student=tmp_path, replace=True)
    assert roles(own) >= {"solution"}


@pytest.mark.usefixtures("course_folder")
def test_two_notebooks_of_one_name_are_not_mixed_up(tmp_path):
    for folder, factor in (("a", "7"), ("b", "8")):
        (tmp_path / folder).mkdir()
        lesson = small_lesson()
        lesson.cells[1].source = f"factor = {factor}"
        nbformat.write(lesson, tmp_path / folder / "mine.ipynb")
    with pytest.raises(CourseError, match="Two different"):
        build([tmp_path / "a" / "mine.ipynb", tmp_path / "b" / "mine.ipynb"], student=tmp_path / "s")


def test_an_exercise_that_needs_its_solution_is_not_handed_out(course_folder, tmp_path):
    path = course_folder / "02-second" / "00-two.ipynb"
    lesson = small_lesson()
    lesson.cells[1].source = "import medlab"
    lesson.cells[5].source = "factor = 7; answer = 42"
    nbformat.write(lesson, path)
    with pytest.raises(CourseError, match=r"02-second/00-two: code cell 4 .* uses factor"):
        build(student=tmp_path / "s")
    assert not (tmp_path / "s").exists()
    build(teacher=tmp_path / "t")


def test_a_broken_notebook_is_named(course_folder, tmp_path):
    (course_folder / "01-first" / "00-one.ipynb").write_text("{")
    with pytest.raises(CourseError, match=r"00-one\.ipynb is not a notebook"):
        build(student=tmp_path / "s")


@pytest.mark.usefixtures("course_folder")
def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(notebooks.UnknownNotebookError, match="01-first/00-one"):
        build(["01-frist/00-one"], student=tmp_path / "s")


def test_a_folder_without_notebooks_is_refused(course_folder, tmp_path):
    (course_folder / "03-empty").mkdir()
    with pytest.raises(CourseError, match="holds no notebook"):
        build(["03-empty"], student=tmp_path / "s")
