"""dlcourse: a course on training deep networks.

``import dlcourse.numpy`` is the reference that students read, ``import dlcourse.torch`` the same
names on PyTorch. Importing the package itself loads NumPy at most; every part loads what it
needs when it is used.
"""

__version__ = "0.1.0"
