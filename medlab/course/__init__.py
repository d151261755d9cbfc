"""The course for a class: copies of its notebooks with and without the solutions.

>>> from medlab import course
>>> course.build(["02-modalities"], student="handout", teacher="solved")       # doctest: +SKIP
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "answers": ["flaws", "unfinished"],
        "building": ["Built", "build"],
        "editions": ["student", "teacher"],
        "errors": ["CourseError"],
    },
)
