"""Why a model said so: heat maps over the image, and checks of whether they can be believed.

Every method takes a Keras model and a batch ``(n, rows, columns, channels)`` or ``(n, slices, rows, columns,
channels)`` and returns float32 maps ``(n, rows, columns)`` or ``(n, slices, rows, columns)`` between 0 and 1,
each divided by its own maximum: maps say *where*, not *how much*, and a map without evidence is all 0.

They explain the score before the last sigmoid or softmax, so that a confident model still has gradients.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "cam": ["grad_cam"],
        "checks": ["localisation", "randomisation_test"],
        "figure": ["show"],
        "gradients": ["value_and_grad"],
        "inside": ["activation_maximisation", "attention", "feature_maps", "show_feature_maps"],
        "occluding": ["occlusion"],
        "rules": ["tree_rules"],
        "sampling": ["lime"],
        "sensitivity": ["guided_backprop", "integrated_gradients", "saliency", "smooth_grad"],
    },
)
