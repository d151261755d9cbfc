"""Keras models for medical images: plain functions that return uncompiled Keras 3 models.

Every builder infers two or three dimensions from ``input_shape``, which ends with the channels:
``(rows, columns, channels)`` or ``(slices, rows, columns, channels)``.

>>> import medlab
>>> model = medlab.models.unet((64, 64, 1))
>>> model.output_shape
(None, 64, 64, 1)
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["backend"],
    submod_attrs={
        "adversarial": ["DCGAN", "dcgan"],
        "boxes": ["box_columns", "detection_targets", "detections"],
        "cards": ["card", "save"],
        "classifying": ["classifier"],
        "combining": ["multi_input"],
        "detecting": ["DetectionLoss", "detector"],
        "diffusing": ["NoisyImages", "diffusion", "diffusion_sample"],
        "findings": ["CHESTXRAY14_FINDINGS"],
        "fully_convolutional": ["fcn"],
        "registering": ["FieldSmoothness", "LocalCorrelation", "registration_net", "registration_pairs"],
        "restoring": ["autoencoder", "denoiser"],
        "saved": ["UnsafeModelError", "load"],
        "segmenting": ["attention_unet", "encoder_decoder", "unet"],
        "sequences": ["recurrent_segmenter", "sequence_classifier"],
        "transferring": ["chexnet", "freeze", "transfer", "unfreeze_last"],
        "warping": ["FieldIntegration", "SpatialTransformer"],
    },
)
