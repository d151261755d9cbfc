"""Numbers from an image and a mask.

>>> import medlab
>>> pet = medlab.read("pet/folder")        # doctest: +SKIP
>>> medlab.measure.suv(pet)                # doctest: +SKIP
"""

from medlab.measure.suv import suv

__all__ = ["suv"]
