"""Looking at images: interactive slices, static figures, and pages that need no kernel."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["transfer", "window"],
    submod_attrs={
        "annotation": ["Annotator", "annotate"],
        "comparison": ["CompareViewer", "compare"],
        "exploring": ["Explorer", "explore"],
        "figures": ["mosaic", "overlay", "show"],
        "meshes": ["mesh"],
        "surfaces": ["SurfaceFigure", "surface"],
        "volume": ["volume3d"],
        "widget": ["SliceViewer", "slices"],
    },
)
