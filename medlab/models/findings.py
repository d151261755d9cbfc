"""Names of findings that data sets and networks share."""

from __future__ import annotations

__all__ = ["CHESTXRAY14_FINDINGS"]

#: The 14 findings of ChestX-ray14, in the order of Wang et al., CVPR 2017, https://arxiv.org/abs/1705.02315,
#: and Rajpurkar et al., *CheXNet*, 2017, https://arxiv.org/abs/1711.05225. Several may be present at once.
CHESTXRAY14_FINDINGS = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
