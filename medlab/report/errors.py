"""Why a report could not be written."""

from __future__ import annotations

__all__ = ["CellError", "ExternalAddressError", "OutputError", "ParameterError", "ReportError"]


class ReportError(Exception):
    """A report could not be written; nothing was left behind."""


class ParameterError(ReportError, ValueError):
    """The notebook has no such parameter, or the value does not fit it."""


class OutputError(ReportError, OSError):
    """The report cannot be written where it was asked for."""


class CellError(ReportError):
    """A cell of the notebook failed."""


class ExternalAddressError(ReportError):
    """The page would load something from elsewhere, so it would not open without a network."""
