"""`Image` to and from nibabel: NIfTI's axes, orientation, scaling and units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from medlab import facts
from medlab.image import Image
from medlab.io.errors import UnsupportedFormatError
from medlab.io.values import as_type, native, rescaled

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["from_nibabel", "to_nibabel"]

#: NIfTI counts x to the right and y to the front; DICOM to the left and to the back.
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_KJI = [2, 1, 0, 3]
_MM = {1: 1000.0, 3: 0.001}
_TIME = {
    8: (1.0, "s"),
    16: (1e-3, "s"),
    24: (1e-6, "s"),
    32: (1.0, "Hz"),
    40: (1.0, "ppm"),
    48: (1.0, "rad/s"),
}
_COMMENT = 6
_LABEL_INTENT = 1002
_LARGEST = 32767
_TYPES = {"f2": np.float32, "b1": np.uint8}


def from_nibabel(nifti: Any, *, dtype: DTypeLike | None = None) -> Image:
    """Return a nibabel image as an `Image`: axes reversed to (t, z, y, x), RAS positions turned to LPS.

    The sform gives the geometry where its code is set, else the qform. With neither, only voxel sizes are
    known and `space` is ``"plane"``. A note tells where the two differ. Lengths in metres or microns become
    millimetres.

    Parameters
    ----------
    nifti : nibabel.Nifti1Image or another nibabel spatial image
        The image; its voxels are read if they are still on disk.
    dtype : dtype, optional
        Type of the values; default: integers where the scaling allows, else float32.

    Raises
    ------
    UnsupportedFormatError
        If it has more axes than time, space and colour.

    References
    ----------
    NIfTI-1 standard, ``nifti1.h``, "methods" 1–3 for image orientation.

    Examples
    --------
    >>> import nibabel
    >>> image = from_nibabel(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.diag([1, 2, 3, 1])))
    >>> image.shape, image.orientation
    ((6, 5, 4), 'HAR')
    """
    affine, space, notes = _nifti_geometry(nifti)
    array, axes = _nifti_axes(_nifti_values(nifti))
    array = as_type(array, dtype)
    fields: dict[str, Any] = {"space": space, "affine": affine}
    if isinstance(nifti.header, _nifti_header()):
        if nifti.header.get_intent("code")[0] == _LABEL_INTENT:
            fields |= {"units": "label", "modality": "SEG"}
        if axes[0] == "t":
            fields |= _nifti_times(nifti.header, array.shape[0])
        for comment in (e.get_content() for e in nifti.header.extensions if e.get_code() == _COMMENT):
            array, axes = facts.without_added_slice(comment, array, axes)
            known = facts.restored(comment, array, axes)
            if known and space != "patient":
                fields["affine"], notes = _unnamed_sform(nifti.header), []
            elif known:
                known["space"] = "patient"
            fields |= known
    return Image(array, axes=axes, notes=tuple(notes), **fields)


def to_nibabel(image: Image) -> Any:
    """Return the image as a `nibabel.Nifti1Image` (Nifti2 where an axis is longer than 32,767).

    Axes are reversed to (x, y, z, t), LPS positions turned to RAS. The sform holds the affine; the qform too,
    unless the affine is sheared, which a qform cannot express. Where `space` is not ``"patient"`` both codes
    are 0. Modality, units and labels travel in a header extension.

    Parameters
    ----------
    image : Image
        Any image; a two-dimensional one becomes one slice. Three or four 8-bit channels become NIfTI colour,
        other channels its fifth dimension.
    """
    import nibabel as nib

    array = image.array.astype(_TYPES.get(image.dtype.str[1:], image.dtype), copy=False)
    extension = nib.nifti1.Nifti1Extension(_COMMENT, facts.of(image.replace(array=array)).encode())
    if "z" not in image.axes:
        array = np.expand_dims(array, image.axes.index("y"))
    if "c" in image.axes:
        array = _nifti_colour(array, "t" in image.axes)
    ras = _RAS_LPS @ image.affine[:, _KJI]
    kind = nib.Nifti2Image if max(array.shape) > _LARGEST else nib.Nifti1Image
    nifti = kind(array.T, ras, dtype=array.dtype)
    known = int(image.space == "patient")
    nifti.set_sform(ras, code=known)
    nifti.set_qform(ras, code=known and int(not image.sheared), strip_shears=True)
    time_unit = image.meta.get("time_unit")
    nifti.header.set_xyzt_units("mm" if image.space != "pixel" else 0, "sec" if time_unit == "s" else 0)
    if image.times is not None and len(image.times) > 1:
        nifti.header["pixdim"][4] = image.times[1] - image.times[0]
        nifti.header["toffset"] = image.times[0]
    if image.is_mask:
        nifti.header.set_intent(_LABEL_INTENT, name="label")
    nifti.header.extensions.append(extension)
    return nifti


def _nifti_header() -> Any:
    import nibabel as nib

    return nib.Nifti1Header


def _nifti_colour(array: NDArray[Any], has_time: bool) -> NDArray[Any]:
    """Return channels as NIfTI has them: RGB(A) voxels for 8 bits, else an axis beyond time."""
    channels = array.shape[-1]
    if array.dtype == np.uint8 and channels in (3, 4):
        voxel = np.dtype([(c, "u1") for c in "RGBA"[:channels]])
        return np.ascontiguousarray(array).view(voxel)[..., 0]
    first = np.moveaxis(array, -1, 0)
    return first if has_time else first[:, np.newaxis]


def _nifti_values(nifti: Any) -> NDArray[Any]:
    """Return the voxels in C order with the axes reversed, scaled where the header says so."""
    proxy = nifti.dataobj
    if not hasattr(proxy, "get_unscaled"):
        return np.ascontiguousarray(np.asanyarray(proxy).T)
    values = native(proxy.get_unscaled().T)
    return rescaled(values, float(proxy.slope), float(proxy.inter)) if values.dtype.names is None else values


def _nifti_axes(array: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """Name the axes of a reversed NIfTI array and put channels last."""
    if array.dtype.names:
        return _nifti_axes_of_colour(array)
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim <= 4 and array.ndim >= 2:
        return array, {2: "yx", 3: "zyx", 4: "tzyx"}[array.ndim]
    if array.ndim != 5:
        msg = f"An image with {array.ndim} axes ({array.shape[::-1]}) is more than space, time and channels."
        raise UnsupportedFormatError(msg)
    array = np.ascontiguousarray(np.moveaxis(array, 0, -1))
    return (array[0], "zyxc") if array.shape[0] == 1 else (array, "tzyxc")


def _nifti_axes_of_colour(array: NDArray[Any]) -> tuple[NDArray[Any], str]:
    names = array.dtype.names or ()
    channels = np.ascontiguousarray(array).view(np.uint8).reshape(*array.shape, len(names))
    return channels, {2: "yxc", 3: "zyxc", 4: "tzyxc"}[array.ndim]


def _nifti_times(header: Any, count: int) -> dict[str, Any]:
    """Return times and their unit from ``pixdim[4]`` and ``toffset``, where the header gives a step."""
    step, start = float(header["pixdim"][4]), float(header["toffset"])
    factor, unit = _TIME.get(int(header["xyzt_units"]) & 56, (1.0, ""))
    if not (np.isfinite(step) and np.isfinite(start)) or step == 0 or not unit:
        return {}
    return {"times": (start + step * np.arange(count)) * factor, "meta": {"time_unit": unit}}


def _nifti_geometry(nifti: Any) -> tuple[NDArray[np.float64], str, list[str]]:
    """Return affine (k, j, i → LPS mm), space, and notes on what was decided."""
    if not isinstance(nifti.header, _nifti_header()):
        lps = _RAS_LPS @ np.asarray(nifti.affine, np.float64)[:, _KJI]
        note = "An Analyze file does not say how its voxels lie in the patient."
        is_analyze = nifti.header.__class__.__name__.startswith(("Analyze", "Spm"))
        return (_sized(nifti), "plane", [note]) if is_analyze else (lps, "patient", [])
    notes: list[str] = []
    forms = {name: _form(nifti, name, notes) for name in ("sform", "qform")}
    scale = np.diag([*[_MM.get(int(nifti.header["xyzt_units"]) & 7, 1.0)] * 3, 1.0])
    chosen = next((n for n, form in forms.items() if form is not None), None)
    if chosen is None:
        notes.append(
            "Neither sform nor qform is set: voxel sizes are known, orientation and position are not."
        )
        return scale @ _sized(nifti), "plane", notes
    if forms["sform"] is not None and forms["qform"] is not None:
        apart = _largest_distance(forms["sform"], forms["qform"], nifti.shape[:3]) * scale[0, 0]
        if apart > 0.01 * np.linalg.norm(forms["sform"][:3, :3], axis=0).min() * scale[0, 0]:
            notes.append(f"sform and qform place the voxels up to {apart:.3g} mm apart; the sform was used.")
    return scale @ _RAS_LPS @ forms[chosen][:, _KJI], "patient", notes


def _form(nifti: Any, name: str, notes: list[str]) -> Any:
    """Return a form's matrix, or None where its code is 0 or it cannot be used (which is noted)."""
    try:
        matrix, code = getattr(nifti.header, f"get_{name}")(coded=True)
    except ValueError as error:
        notes.append(f"The {name} is not valid ({error}) and was left out.")
        return None
    if matrix is None or code == 0:
        return None
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
        notes.append(f"The {name} is not invertible and was left out.")
        return None
    return np.asarray(matrix, np.float64)


def _unnamed_sform(header: Any) -> NDArray[np.float64]:
    """Return the affine that `to_nibabel` writes with code 0 for an image that lies in no patient."""
    return np.asarray(_RAS_LPS @ header.get_sform()[:, _KJI], np.float64)


def _sized(nifti: Any) -> NDArray[np.float64]:
    """Return an affine that holds nothing but voxel sizes."""
    known = [float(abs(z)) if np.isfinite(z) and z else 1.0 for z in nifti.header.get_zooms()[:3]]
    sizes = [*known, 1.0, 1.0, 1.0][:3]
    return np.diag([*sizes, 1.0])[:, _KJI]


def _largest_distance(a: NDArray[Any], b: NDArray[Any], shape: tuple[int, ...]) -> float:
    sides = [(0, n - 1) for n in (*shape, 1, 1)[:3]]
    corners = np.array(np.meshgrid(*sides)).reshape(3, -1)
    return float(np.linalg.norm((a - b)[:3, :3] @ corners + (a - b)[:3, 3:], axis=0).max())
