"""A report on paper: the page printed by Chromium without a window."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from medlab import machine
from medlab.report.draft import replaced_when_done
from medlab.report.errors import ReportError

__all__ = ["print_to_pdf", "printer"]

_SECONDS = 120


def printer() -> str:
    """Return the path of the browser that prints.

    Raises
    ------
    ReportError
        If there is none; the message says how to get one.
    """
    if browser := machine.chromium():
        return browser
    msg = (
        "A PDF needs Chromium or Chrome, and there is none on PATH (Debian: apt-get install chromium). "
        "The HTML file prints from any browser as well."
    )
    raise ReportError(msg)


def print_to_pdf(page: str | Path, output: str | Path | None = None) -> Path:
    """Print an HTML file to PDF on A4.

    Parameters
    ----------
    page : str or Path
        The HTML file.
    output : str or Path, optional
        The PDF file. Default: the same name with ``.pdf``.

    Raises
    ------
    ReportError
        If there is no Chromium, or it fails; no file is left behind then.
    """
    browser = printer()
    source = Path(page).resolve()
    target = source.with_suffix(".pdf") if output is None else Path(output)
    with replaced_when_done(target, ".pdf") as draft, tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--virtual-time-budget=10000",
            f"--print-to-pdf={draft.resolve()}",
            source.as_uri(),
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            msg = f"{browser} could not print {source.name}: {error}"
            raise ReportError(msg) from None
        if not draft.read_bytes().startswith(b"%PDF"):
            msg = f"{browser} wrote no PDF for {source.name}."
            raise ReportError(msg)
    return target
