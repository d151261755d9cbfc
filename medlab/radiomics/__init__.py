"""Radiomics: hundreds of numbers from an image and a mask, that another group can reproduce.

>>> import medlab
>>> scan, mask = medlab.read("ct.nii.gz"), medlab.read("tumour.nii.gz")         # doctest: +SKIP
>>> medlab.radiomics.extract(scan, mask)                                        # doctest: +SKIP
>>> medlab.radiomics.extract_batch("cases.csv", out="features.parquet")         # doctest: +SKIP
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "agreement": ["icc", "stability"],
        "batch": ["extract_batch"],
        "extracting": ["extract"],
        "harmonising": ["Harmoniser", "harmonise"],
        "parameters": ["Parameters"],
        "perturbing": ["add_noise", "grow", "perturb", "shift"],
        "region": ["Region", "RegionError"],
        "selecting": ["SelectingClassifier", "select"],
        "tables": ["features", "provenance", "read_table", "tidy", "write_table"],
        "texture": ["glcm", "haralick"],
        "validating": ["validate"],
    },
)
