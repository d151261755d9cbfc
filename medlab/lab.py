"""JupyterLab on the course: this machine only, with a token, straight to the notebook."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medlab import notebooks

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FIRST", "LabError", "free_port", "launch", "workplace"]

#: The notebook that a newcomer begins with.
FIRST = "00-start/00-tour"

_ADDRESS = "127.0.0.1"
_FIRST_PORT = 8888
_PORTS = 200

# No pop-up, no question, and no request to anywhere stands before the first notebook.
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True, "windowingMode": "none"},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}
_PAGE = {
    "disabledExtensions": {
        "@jupyterlab/apputils-extension:announcements": True,
        "@jupyterlab/extensionmanager-extension": True,
    }
}


class LabError(RuntimeError):
    """JupyterLab cannot start as asked."""


def workplace(name: str = FIRST, folder: Path | None = None) -> tuple[Path, Path]:
    """Return the folder that JupyterLab shows and the notebook to open, as a path in it.

    In a clone this is the clone's notebooks folder. From an installed wheel the notebooks are copied to
    ``medlab-notebooks`` in the working directory; files that are there already stay as they are.

    Parameters
    ----------
    name : str
        A name that `medlab list` shows, or the path of any notebook.
    folder : Path, optional
        Copy the course there instead, in the same way.

    Raises
    ------
    UnknownNotebookError
        If there is no such notebook.
    LabError
        If the folder cannot be made.
    """
    wanted = notebooks.find(name).resolve()
    course = notebooks.folder().resolve()
    if not wanted.is_relative_to(course):
        return wanted.parent, Path(wanted.name)
    inside = wanted.relative_to(course)
    if folder is None and notebooks.clone_root():
        return course, inside
    target = (folder or Path("medlab-notebooks")).resolve()
    try:
        _copy_missing(course, target)
    except OSError as error:
        msg = f"Cannot copy the notebooks to {target}: {error.strerror}. Name another place with --folder."
        raise LabError(msg) from None
    return target, inside


def launch(root: Path, notebook: Path, port: int | None = None, *, browser: bool = True) -> None:
    """Run JupyterLab until Ctrl-C.

    Parameters
    ----------
    root : Path
        The folder it shows.
    notebook : Path
        What to open, relative to `root`.
    port : int, optional
        Default: the first free one from 8888 on.
    browser : bool, optional
        Open the page in the default browser.

    Raises
    ------
    LabError
        If the port is taken.
    """
    port = free_port(port)
    token = secrets.token_hex(24)
    page = f"/lab/tree/{notebook.as_posix()}"
    _say(f"medlab: JupyterLab starts at http://{_ADDRESS}:{port}{page}?token={token}")
    _say("Only this computer can reach it. Stop it with Ctrl-C.")
    from jupyterlab.labapp import LabApp

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _own_settings() as scratch:
        # Given in this process and not on a command line, where other users could read the token.
        LabApp.launch_instance(
            [
                f"--ServerApp.root_dir={root}",
                f"--ServerApp.ip={_ADDRESS}",
                f"--ServerApp.port={port}",
                "--ServerApp.port_retries=0",
                "--ServerApp.allow_root=True",
                "--ServerApp.answer_yes=True",
                f"--ServerApp.open_browser={browser}",
                f"--IdentityProvider.token={token}",
                "--ServerApp.password=",
                "--Application.log_level=ERROR",
                f"--LabApp.default_url={page}",
                f"--LabApp.app_settings_dir={scratch / 'settings'}",
                f"--LabApp.workspaces_dir={scratch / 'workspaces'}",
                "--LabApp.extension_manager=readonly",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                "--LabApp.news_url=None",
                "--LanguageServerManager.autodetect=False",
            ]
        )


def free_port(wanted: int | None = None) -> int:
    """Return a port that nothing listens on: the one wanted, or the first free one from 8888 on.

    Raises
    ------
    LabError
        If it is taken.
    """
    candidates = range(_FIRST_PORT, _FIRST_PORT + _PORTS) if wanted is None else [wanted]
    for port in candidates:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            if os.name == "posix":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((_ADDRESS, port))
            except (OSError, OverflowError):
                continue
            return port
    msg = (
        f"Port {wanted} cannot be used. Leave --port out to get a free one."
        if wanted is not None
        else f"No port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1} is free."
    )
    raise LabError(msg)


@contextmanager
def _own_settings() -> Iterator[Path]:
    """Give a folder with settings for this run, so that a person's own JupyterLab stays as it is."""
    with tempfile.TemporaryDirectory(prefix="medlab-") as name:
        scratch = Path(name)
        settings = scratch / "settings"
        settings.mkdir()
        (scratch / "workspaces").mkdir()
        (settings / "overrides.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        (settings / "page_config.json").write_text(json.dumps(_PAGE), encoding="utf-8")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            filter(None, [str(_own_kernel(scratch)), os.environ.get("JUPYTER_PATH")])
        )
        yield scratch


def _own_kernel(scratch: Path) -> Path:
    """Describe a kernel that is this Python, whatever else is registered, and that starts quietly."""
    kernel = scratch / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    description = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(description), encoding="utf-8")
    return scratch / "share"


def _copy_missing(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir() or ".ipynb_checkpoints" in path.parts or copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
