"""Plain PyRadiomics to compare with."""

from __future__ import annotations

import medlab


def plain_pyradiomics(image, mask, params=None, label=1):
    """Return what PyRadiomics alone computes from the whole image."""
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    from medlab.radiomics.quiet import collected

    with collected():
        extractor = RadiomicsFeatureExtractor(*([] if params is None else [params]))
        found = extractor.execute(image.to_sitk(), mask.to_sitk(), label=label)
    return {k: float(v) for k, v in found.items() if not k.startswith("diagnostics")}


def values_of(row):
    """Return the features of a one-row table as a dictionary."""
    return medlab.radiomics.features(row).iloc[0].to_dict()
