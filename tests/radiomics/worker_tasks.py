"""Jobs for worker processes, which import them from this module."""

from __future__ import annotations

import os
import sys


def die_of_three(job):
    """Return twice the job, but end the process at 3."""
    if job == 3:
        os._exit(1)
    return 2 * job


def fail_at_three(job):
    """Return twice the job, but raise at 3."""
    if job == 3:
        msg = "three"
        raise ValueError(msg)
    return 2 * job


def loaded(job):  # noqa: ARG001
    """Compute a case's rows and tell which large packages that imported."""
    import medlab.radiomics.batch  # noqa: F401

    return sorted({"tensorflow", "keras", "matplotlib", "sklearn"} & set(sys.modules))
