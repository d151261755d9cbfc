"""What to compute: PyRadiomics' own parameter files, checked by PyRadiomics, with a checksum."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medlab.radiomics.quiet import collected

if TYPE_CHECKING:
    import os

__all__ = ["Parameters"]

#: Settings that medlab answers for itself: it aligns and cuts the images, and adds the provenance.
_OWN = ("additionalInfo", "correctMask", "geometryTolerance", "label", "label_channel")


@dataclasses.dataclass(frozen=True)
class Parameters:
    """Image types, feature classes and settings of an extraction, as PyRadiomics understands them.

    Attributes
    ----------
    image_types : dict
        Name of each filter (``"Original"`` for none) with its own settings.
    classes : dict or None
        Name of each feature class with its features (empty for all of them); None where the parameters do
        not say: then all classes that fit the image.
    settings : dict
        All other settings, PyRadiomics' defaults included.
    own : dict
        Settings that medlab carries out itself: ``label``, ``correctMask``, ``geometryTolerance``.
    """

    image_types: dict[str, dict[str, Any]]
    classes: dict[str, list[str] | None] | None
    settings: dict[str, Any]
    own: dict[str, Any]

    @classmethod
    def of(cls, params: str | os.PathLike[str] | Mapping[str, Any] | Parameters | None) -> Parameters:
        """Return parameters from a YAML or JSON file, from a mapping of the same form, or the defaults.

        Parameters
        ----------
        params : path, mapping, Parameters or None
            PyRadiomics' parameter file, or what it would hold.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If PyRadiomics does not know a name or a value in it.

        Examples
        --------
        >>> chosen = Parameters.of({"setting": {"binWidth": 10}, "featureClass": {"glcm": ["Contrast"]}})
        >>> chosen.settings["binWidth"], chosen.classes
        (10, {'glcm': ['Contrast']})
        """
        if isinstance(params, Parameters):
            return params
        extractor, given = _parsed(params)
        settings = {k: v for k, v in extractor.settings.items() if k not in _OWN}
        own = {k: v for k, v in extractor.settings.items() if k in _OWN and k != "additionalInfo"}
        if "label" not in (given.get("setting") or {}):
            own.pop("label")
        image_types = {k: dict(v or {}) for k, v in extractor.enabledImagetypes.items()}
        classes = {k: list(v) if v else [] for k, v in extractor.enabledFeatures.items()}
        plain = json.loads(json.dumps([image_types, classes, settings, own], default=float))
        return cls(plain[0], plain[1] if given.get("featureClass") else None, plain[2], plain[3])

    @property
    def sha256(self) -> str:
        """Checksum of everything that decides the values, whatever file it came from."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """Return all of it as canonical JSON."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Parameters:
        """Return what `as_json` wrote."""
        return cls(**json.loads(text))

    def classes_for(self, dimensions: int) -> dict[str, list[str] | None]:
        """Return the feature classes to compute for a picture (2) or a volume (3)."""
        if self.classes is not None:
            return self.classes
        shape = "shape" if dimensions == 3 else "shape2D"
        return {name: [] for name in ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", shape)}

    def of_original(self) -> dict[str, Any] | None:
        """Return the settings for the unfiltered image, None where it is not asked for."""
        return {**self.settings, **self.image_types["Original"]} if "Original" in self.image_types else None

    def extractor(self, dimensions: int, **changes: Any) -> Any:
        """Return a `radiomics.featureextractor.RadiomicsFeatureExtractor` with these parameters."""
        return _extractor(self.as_json(), dimensions, json.dumps(changes))


@functools.lru_cache(maxsize=16)
def _extractor(text: str, dimensions: int, changes: str) -> Any:
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    parameters = Parameters.from_json(text)
    with collected():
        extractor = RadiomicsFeatureExtractor()
    extractor.enabledImagetypes = parameters.image_types
    extractor.enabledFeatures = parameters.classes_for(dimensions)
    extractor.settings = {**parameters.settings, **json.loads(changes), "label": 1, "additionalInfo": False}
    return extractor


def _parsed(params: str | os.PathLike[str] | Mapping[str, Any] | None) -> tuple[Any, dict[str, Any]]:
    """Return PyRadiomics' extractor, which has checked the parameters, and the parameters as given."""
    from pykwalify.errors import PyKwalifyException
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    given = {} if params is None else _content(params)
    setting = dict(given.get("setting") or {})
    tolerance = setting.pop("geometryTolerance", None)  # PyRadiomics would set it for all of SimpleITK
    checked = {name: value for name, value in {**given, "setting": setting}.items() if value}
    try:
        with collected():
            extractor = RadiomicsFeatureExtractor(*([checked] if checked else []))
            if tolerance is not None:
                extractor.settings["geometryTolerance"] = float(tolerance)
    except (PyKwalifyException, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(getattr(error, "msg", None) or error).split())
        msg = (
            f"PyRadiomics does not accept these parameters: {reason} Expected a mapping or a YAML file with "
            "some of the sections setting, imageType and featureClass, e.g. {'setting': {'binWidth': 25}}."
        )
        raise ValueError(msg) from error
    return extractor, given


def _content(params: str | os.PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return what a parameter file or a mapping holds."""
    from ruamel.yaml import YAML, YAMLError

    if isinstance(params, Mapping):
        return json.loads(json.dumps(dict(params), default=float))
    path = Path(params).expanduser()
    if not path.is_file():
        msg = f"There is no parameter file {path}. Pass a PyRadiomics YAML file, a dict, or None."
        raise FileNotFoundError(msg)
    try:
        content = YAML(typ="safe").load(path)
    except YAMLError as error:
        msg = f"{path} is no YAML: {' '.join(str(error).split())}"
        raise ValueError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path} must hold the sections setting, imageType or featureClass; got {content!r}."
        raise ValueError(msg)  # noqa: TRY004 - the content of a file is a value
    return content
