"""One file from the network: resumed where it was cut, tried again, checked before it is taken for whole."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import requests

__all__ = ["DownloadError", "download", "progress_bar", "session"]


_TRIES = 4
#: Where not even a connection comes about, most likely there is no network: no reason to wait long.
_TRIES_WITHOUT_CONNECTION = 2
_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_TIMEOUT = (20, 60)
#: What a cut connection loses at most.
_CHUNK = 1 << 14
#: A connection that brought this many bytes before it was cut counts as progress: the tries start again.
_PROGRESS = 1 << 20
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}


class DownloadError(OSError):
    """A file cannot be had from an address; the message says why."""


class _Again(Exception):  # noqa: N818
    """Something that may be over in a moment."""

    def __init__(self, reason: str, after: float = 0.0, tries: int = _TRIES) -> None:
        super().__init__(reason)
        self.after = after
        self.tries = tries


def session() -> requests.Session:
    """Return a session that keeps its connections; may be shared by threads."""
    import requests
    from requests.adapters import HTTPAdapter

    made = requests.Session()
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_maxsize=16))
    made.headers["Accept-Encoding"] = "identity"
    return made


def download(
    urls: Sequence[str],
    target: Path,
    digest: str,
    *,
    size: int = 0,
    tell: Callable[[int], None] = lambda _: None,
    web: requests.Session | None = None,
) -> None:
    """Download a file and check it.

    While it is under way its bytes lie in ``<target>.part``; a later call goes on with them (HTTP ``Range``).
    `target` itself appears only when it is whole and has the right checksum.

    Parameters
    ----------
    urls : sequence of str
        Addresses of the same file, tried in order.
    target : Path
        Where it goes.
    digest : str
        ``"sha256:…"`` or ``"md5:…"``.
    size : int, optional
        About how many bytes are expected; much more is refused. 0: unknown.
    tell : callable, optional
        Called with the number of bytes that each step brought.
    web : requests.Session, optional
        As `session` makes it.

    Raises
    ------
    DownloadError
        If no address gives the file. One reason per address.
    """
    web = session() if web is None else web
    reasons = []
    for url in urls:
        try:
            _from(url, target, digest, _Resumed(web, target, size, tell))
        except DownloadError as error:
            reasons.append(f"{url}: {error}")
        else:
            return
    raise DownloadError("; ".join(reasons))


def _from(url: str, target: Path, digest: str, stream: _Resumed) -> None:
    """Download from one address with pooch, which checks and moves; anew if what was resumed is wrong."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    for _ in range(2):
        try:
            pooch.retrieve(url, digest, fname=target.name, path=target.parent, downloader=stream)
        except DownloadError:
            raise
        except ValueError as error:
            if not stream.resumed:
                reason = f"what came has not the published checksum ({digest})"
                raise DownloadError(reason) from error
        except OSError as error:
            reason = f"cannot be written below {target.parent}: {error}"
            raise DownloadError(reason) from error
        else:
            return
    reason = f"what came has not the published checksum ({digest})"
    raise DownloadError(reason)


class _Resumed:
    """A downloader for pooch that goes on with the bytes that an earlier try left."""

    def __init__(self, web: requests.Session, target: Path, size: int, tell: Callable[[int], None]) -> None:
        self.web = web
        self.part = target.with_name(target.name + ".part")
        self.most = size + size // 2 + 2**20 if size else 0
        self.tell = tell
        self.resumed = False

    def __call__(self, url: str, output_file: Any, pooch: Any = None) -> None:  # noqa: ARG002
        """Fetch `url` into `output_file`; `pooch` is not used."""
        self.resumed = self._held() > 0
        self.tell(self._held())
        tries = 0
        while True:
            before = self._held()
            try:
                self._once(url)
            except _Again as trouble:
                tries = 1 if self._held() - before > _PROGRESS else tries + 1
                if tries >= trouble.tries:
                    reason = f"{trouble} (tried {tries} times)"
                    raise DownloadError(reason) from None
                time.sleep(min(_LONGEST_PAUSE, max(trouble.after, _PAUSE * 2 ** (tries - 1))))
                self.resumed = True
            else:
                self.part.replace(output_file)
                return

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _drop(self) -> None:
        self.tell(-self._held())
        self.part.unlink(missing_ok=True)

    def _once(self, url: str) -> None:
        """Ask once for what is missing, and write what comes."""
        import requests

        held = self._held()
        headers = {"Range": f"bytes={held}-"} if held else {}
        try:
            with self.web.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
                total = self._expected(response, held)
                if total and self._held() == total and response.status_code == 416:
                    return
                self._write(response)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise DownloadError(str(error)) from None
        except requests.exceptions.ConnectionError as error:
            raise _Again(_plain(error), tries=_TRIES if held else _TRIES_WITHOUT_CONNECTION) from None
        except requests.exceptions.RequestException as error:
            raise _Again(_plain(error)) from None
        if total and self._held() != total:
            reason = f"the connection was cut after {self._held():,} of {total:,} bytes"
            raise _Again(reason)

    def _expected(self, response: requests.Response, held: int) -> int:
        """Return the size of the whole file, 0 if the server does not tell; drop what cannot be resumed."""
        status, headers = response.status_code, response.headers
        said = f"the server answers {status} {response.reason}"
        if status == 416 and held:
            total = headers.get("Content-Range", "").rpartition("/")[2]
            if total == str(held):
                return held
            self._drop()
            raise _Again(said)
        if status in _WORTH_ANOTHER_TRY:
            after = headers.get("Retry-After", "")
            raise _Again(said, float(after) if after.isdigit() else 0.0)
        if status not in {200, 206}:
            raise DownloadError(said)
        if status == 206 and headers.get("Content-Range", "").startswith(f"bytes {held}-"):
            total = headers["Content-Range"].rpartition("/")[2]
        else:
            self._drop()
            if status == 206:
                raise _Again("the server sent another part than was asked for")
            total = headers.get("Content-Length", "")
        expected = int(total) if total.isdigit() else 0
        self._refuse_more(expected)
        return expected

    def _write(self, response: requests.Response) -> None:
        with self.part.open("ab") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                self.tell(len(chunk))
                self._refuse_more(file.tell())

    def _refuse_more(self, size: int) -> None:
        if self.most and size > self.most:
            self._drop()
            reason = f"the file has {size:,} bytes or more, far more than was published; it is not taken"
            raise DownloadError(reason)


def _plain(error: Exception) -> str:
    """Say what went wrong with a connection in a few words."""
    name = type(error).__name__
    known = {
        "ConnectTimeout": "the server does not answer",
        "ReadTimeout": "the server stopped sending",
        "SSLError": "the server's certificate is not accepted",
        "ProxyError": "the proxy does not let it through",
        "ChunkedEncodingError": "the connection was cut",
        "ConnectionError": "there is no connection to the server",
    }
    return known.get(name, f"{name}: {error}")


@contextlib.contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar in a terminal or a notebook, and nothing elsewhere.

    Parameters
    ----------
    title : str
        What is downloaded.
    total : int
        How many bytes, 0 if nobody knows.

    Yields
    ------
    callable
        To be called with the number of bytes that arrived.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total or None)
        yield lambda n: progress.advance(task, n)
