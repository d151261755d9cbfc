"""Why the course could not be built."""

from __future__ import annotations

__all__ = ["CourseError"]


class CourseError(ValueError):
    """The course cannot be built as asked; nothing was written."""
