"""Simulated images and simulated changes of real ones, seeded, with exact truth."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    # physics: what a scanner makes of a body
    submodules=["bodies", "ct", "materials", "mr", "nuclear", "ultrasound", "xray"],
    submod_attrs={
        "nodule": ["insert_nodule"],
        # acquisitions: test objects and bodies as a scanner sees them
        "brain_scan": ["brain_mr"],
        "cysts": ["lesion_ultrasound"],
        "radiographs": ["chest_radiograph"],
        "tomograms": ["contrast_inserts", "iodine_inserts", "thorax_ct", "water_cylinder"],
        "tracers": ["heart_spect", "liver_spect", "nema_pet", "thorax_pet"],
        # anatomy: each gives a case, an image with exact truth
        "atrophy": ["atrophy_visits", "brain_atrophy"],
        "fetal": ["fetal_head", "head_circumference"],
        "fundus": ["fundus_photograph"],
        "haemorrhage": ["brain_haemorrhage"],
        "heart": ["left_ventricle"],
        "histology": ["histology_tile"],
        "lung": ["lung_nodules"],
        "mammogram": ["mammogram_view"],
        "patch": ["nodule_patch"],
        "skin": ["skin_lesion"],
        "tumour": ["brain_tumour"],
        # studies: many patients
        "cohort": ["Scanner", "Site", "make_cohort"],
        "patients": ["patient_table"],
        "reports": ["radiology_reports"],
    },
)
