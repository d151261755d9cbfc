"""What this computer is: processor, memory, graphics cards, system."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

__all__ = ["chromium", "gpus", "memory_gib", "processor", "system"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def processor() -> str:
    """Return the model of the processor and the number of cores this process may use."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    model = model or platform.processor() or platform.machine()
    able = getattr(os, "sched_getaffinity", None)
    cores = len(able(0)) if able else os.cpu_count() or 1
    return f"{model}, {cores} core{'s' if cores != 1 else ''}"


def memory_gib() -> float | None:
    """Return the size of the memory in GiB, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return None


def gpus() -> list[str]:
    """Return the NVIDIA cards that the driver shows; whether Keras can use them is another matter."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def system() -> str:
    """Return the operating system, its release and the machine type."""
    return f"{platform.system()} {platform.release()} ({platform.machine()})"


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)
