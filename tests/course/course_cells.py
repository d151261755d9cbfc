"""A solved lesson that the course tests copy, with everything that a copy could forget or give away."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SECRETS = ("Multiply", "6 * 7", "✓ Right: 42", "drawn from 42", "solution.png", "model_id_of_42")


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def code(source, *tags, prints=""):
    outputs = [new_output("stream", name="stdout", text=prints)] if prints else []
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=outputs, execution_count=1)


def small_lesson():
    """A solved lesson with one exercise; `SECRETS` are what a student's copy must not hold."""
    cells = [
        text("# Times\n\n**How much is it?** ![a grid](grid%201.png) [before](../01-first/00-one.ipynb)"),
        code("# NBVAL_CHECK_OUTPUT\nimport medlab\nfactor = 7\nprint(factor)", prints="7\n"),
        text("How much is six times `factor`?", "exercise"),
        code("answer = ...", "exercise"),
        text("Multiply: ![how](solution.png)", "solution"),
        code("answer = 6 * 7", "solution", prints="computed\n"),
        code(
            'medlab.check(answer, 6 * factor, hint="Use factor.")',
            "check",
            prints="✓ Right: 42\n",
        ),
        code("print('the end')", prints="drawn from 42\n"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    own = {"question": "How much?", "minutes": 5, "memory_gb": 1, "data": "simulated", "needs": []}
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"model_id_of_42": {}}}}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "medlab": own, "widgets": widgets})
