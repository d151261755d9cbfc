"""A notebook becomes one self-contained HTML file: run anew, with its parameters and its provenance.

>>> import medlab
>>> medlab.report.build("00-start/00-tour", "tour.html")           # doctest: +SKIP
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "assemble": ["build"],
        "errors": ["CellError", "ExternalAddressError", "OutputError", "ParameterError", "ReportError"],
        "offline": ["external_addresses"],
        "pdf": ["print_to_pdf"],
    },
)
