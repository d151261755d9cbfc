"""Drawing on an image: masks with a brush, boxes, ellipses, points and lengths, back in Python at once."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from medlab.view import drawn, packet, shapes
from medlab.view.masks import Entry, Masks, palette
from medlab.view.stack import as_image, stacked
from medlab.view.widget import SliceViewer
from medlab.view.window import sample

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from medlab.image import Image
    from medlab.view.planes import Plane
    from medlab.view.stack import Stack
    from medlab.view.window import WindowSpec

__all__ = ["Annotator", "annotate"]

_BRUSH_VOXELS = 8
_MASK_BYTES = 2_000_000


def annotate(
    image: Image | NDArray[Any],
    labels: Sequence[str] = ("region",),
    mask: Image | NDArray[Any] | None = None,
    *,
    window: WindowSpec = None,
    index: int | None = None,
    colormap: str | None = None,
    title: str | None = None,
    colors: Mapping[str, str] | Sequence[str] | None = None,
    opacity: float = 0.4,
    outline: bool = False,
    three_planes: bool = False,
    height: int = 480,
) -> Annotator:
    """Draw on an image.

    Brush, eraser, boxes, ellipses, points and lengths, undo and redo; the ? button lists the keys. Drawing
    works on the slices as they were taken; the other planes show it. What is drawn reaches Python at the end
    of each stroke, and stays in the browser as well until it is saved: after a kernel restart, run the cell
    again, and the view offers it.

    Parameters
    ----------
    image : Image or ndarray
        A volume, a picture or a cine; of an image with several time points pick one first.
    labels : sequence of str, optional
        What can be drawn; the mask's values are 1, 2, … in this order.
    mask : Image or ndarray, optional
        A mask to go on with, on the image's grid, with values from 0 to the number of labels.
    window, index, colormap, title, colors, opacity, outline, three_planes, height
        As for `medlab.view.slices`.

    Returns
    -------
    Annotator
        A widget with `mask`, `boxes`, `measurements`, `save` and `load`.

    Raises
    ------
    TypeError, ValueError
        If the image cannot be drawn on, the labels are empty or not distinct, or the mask does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from medlab import Image
    >>> ct = Image(np.zeros((40, 64, 64), np.int16), modality="CT", units="HU")
    >>> drawing = annotate(ct, labels=["nodule", "vessel"])
    >>> drawing.mask
    <Image SEG zyx (40, 64, 64) uint8 label; spacing unknown; labels 1: nodule, 2: vessel; 160 KiB>
    """
    return Annotator(
        image,
        labels,
        mask,
        window=window,
        index=index,
        colormap=colormap,
        title=title,
        colors=colors,
        opacity=opacity,
        outline=outline,
        three_planes=three_planes,
        height=height,
    )


class Annotator(SliceViewer):
    """A viewer to draw with; `medlab.view.annotate` makes one and says what its options mean.

    Attributes
    ----------
    labels : tuple of str
        Names of the mask's values 1, 2, …
    """

    _shapes: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        image: Image | NDArray[Any],
        labels: Sequence[str] = ("region",),
        mask: Image | NDArray[Any] | None = None,
        *,
        colors: Mapping[str, str] | Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        self.image = as_image(image)
        self.labels = _checked_labels(labels)
        self._values = drawn.voxels(_drawable(self.image), mask, self.labels)
        self._colors = palette(self.labels, colors)
        super().__init__(self.image, **options)

    @property
    def mask(self) -> Image:
        """What is drawn, as a mask on the image's grid; a copy. Setting it shows another one.

        Raises
        ------
        ValueError
            On setting: if the mask lies on another grid or holds other values than the labels'.
        """
        return drawn.mask(self._stack, self._values.copy(), self.labels)

    @mask.setter
    def mask(self, mask: Image | NDArray[Any] | None) -> None:
        before = self._values.copy()
        self._values[...] = drawn.voxels(self._stack, mask, self.labels)
        changed = np.flatnonzero((before != self._values).any(axis=(1, 2)))
        self._send_slices([int(k) for k in changed])

    @property
    def boxes(self) -> pd.DataFrame:
        """The boxes drawn: ``label``, ``slice``, ``row_start``, ``row_stop``, ``col_start``, ``col_stop``.

        Half-open like slices: ``image.array[slice, row_start:row_stop, col_start:col_stop]`` is the inside.
        """
        return shapes.boxes(self._checked_shapes(), self.labels)

    @property
    def measurements(self) -> pd.DataFrame:
        """A row for each box, ellipse, point and length; see `medlab.view.shapes.measurements`."""
        return shapes.measurements(self._checked_shapes(), self.labels, self._stack)

    def save(
        self,
        path: str | os.PathLike[str],
        source: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Save the drawing; the suffix names the format.

        Parameters
        ----------
        path : path
            ``.json``: COCO with mask, boxes and the rest, see `medlab.view.coco`. ``.nii.gz``, ``.nii``,
            ``.nrrd``, ``.mha``, ``.npz``: the mask. ``.dcm``: the mask as a DICOM segmentation.
        source : path, optional
            For ``.dcm``: folder of the DICOM series that the image was read from.
        overwrite : bool, optional
            Whether to replace a file.

        Returns
        -------
        Path
            What was written.

        Notes
        -----
        Once everything drawn is in a file, the browser no longer offers it after a restart.

        Warns
        -----
        UserWarning
            If shapes were drawn that the format does not hold.

        Raises
        ------
        ValueError
            If ``.dcm`` is asked for without `source`, or nothing is drawn.
        FileExistsError
            If the path exists and `overwrite` is not set.
        """
        target = Path(path).expanduser()
        written = drawn.save(
            self.mask, self._values, self._checked_shapes(), target, source, overwrite=overwrite
        )
        if target.suffix.lower() == ".json" or not self._shapes:
            self.send({"kind": "saved"})
        return written

    def load(self, path: str | os.PathLike[str]) -> None:
        """Show a drawing that `save` has written, or another mask or COCO file on this image's grid.

        Labels are matched by name where the file holds names. A ``.json`` replaces the shapes, too.

        Raises
        ------
        ValueError
            If the file lies on another grid, or holds labels that this view does not have.
        LoadError
            If it cannot be read.
        """
        values, found = drawn.load(Path(path).expanduser(), self._stack, self.labels)
        checked = [shapes.Shape.checked(s, self._stack, len(self.labels)).plain() for s in found or []]
        self.mask = values
        if found is not None:
            self._shapes = checked

    def _checked_shapes(self) -> list[shapes.Shape]:
        return [shapes.Shape.checked(s, self._stack, len(self.labels)) for s in self._shapes]

    def _layers(self) -> list[tuple[Stack, Masks]]:
        return [(self._stack, self._masks)]

    def _layered(self, mask: Any, colors: Any) -> Masks:
        del mask, colors
        entries = [Entry(name, self._colors[n], 0, n + 1) for n, name in enumerate(self.labels)]
        return Masks(tuple(entries), (np.broadcast_to(self._values, self._stack.grid),))

    def _described(self, look: dict[str, Any]) -> dict[str, Any]:
        spacing = float(np.linalg.norm(self.image.affine[:3, 2]))
        drawing = {
            "fingerprint": _fingerprint(self.image, self.labels),
            "session": uuid.uuid4().hex,
            "brush": float(f"{_BRUSH_VOXELS * spacing:.2g}"),
        }
        return super()._described(look) | {"drawing": drawing}

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"_shapes": list(self._shapes)}

    def _drawn_on(self, picture: Picture, plane: Plane) -> Picture:
        if plane.axis == 0:
            here = [s for s in self._checked_shapes() if s.slice == self.index]
            shapes.draw(picture, here, plane, self._stack.grid[2:], self._colors)
        return picture

    def _answer(self, sender: Any, content: Any, buffers: Any) -> None:
        """Take what was drawn, or send the planes the browser asks for."""
        if not isinstance(content, dict) or content.get("kind") != "draw":
            super()._answer(sender, content, buffers)
            return
        try:
            drawn.take(self._values, content, buffers, len(self.labels))
            self.send({"kind": "taken"})
        except Exception as error:  # noqa: BLE001  a message handler has no one to raise to: the viewer shows it
            self.send({"kind": "refused", "message": f"{type(error).__name__}: {error}"})

    def _send_slices(self, changed: list[int]) -> None:
        """Send mask slices that Python has changed, in messages of about two megabytes."""
        slices: list[list[Any]] = []
        blocks: list[bytes] = []
        for k in changed:
            block, coding = packet.encode_runs(self._values[k])
            slices.append([k, coding])
            blocks.append(block)
            if sum(map(len, blocks)) > _MASK_BYTES:
                self.send({"kind": "mask", "slices": slices}, blocks)
                slices, blocks = [], []
        if slices:
            self.send({"kind": "mask", "slices": slices}, blocks)


def _checked_labels(labels: Sequence[str]) -> tuple[str, ...]:
    names = () if isinstance(labels, str) else tuple(str(name) for name in labels)
    if not names or len(set(names)) < len(names) or len(names) > 255 or not all(names):
        msg = f"labels must be a list of 1 to 255 different names, e.g. ['nodule', 'vessel']; got {labels!r}."
        raise ValueError(msg)
    return names


def _drawable(image: Image) -> Stack:
    stack = stacked(image)
    if stack.grid[0] > 1 or "channel" in (stack.fast, stack.slow):
        msg = (
            f"Drawing needs one volume, picture or cine; this image has "
            f"{max(stack.grid[0], image.size('c'))} {stack.slow or stack.fast}s ({image.axes}). "
            "Pick one first, e.g. image.replace(array=image.array[0], axes='zyx', times=None)."
        )
        raise ValueError(msg)
    return stack


def _fingerprint(image: Image, labels: tuple[str, ...]) -> str:
    """Name the image and the labels, so that a drawing finds them again in another kernel."""
    digest = hashlib.sha256(sample(image).tobytes())
    digest.update(repr((image.shape, image.affine.round(6).tolist(), image.units, labels)).encode())
    return digest.hexdigest()[:32]
