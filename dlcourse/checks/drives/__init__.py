"""Drives: each calls what a student wrote with arrays and returns arrays.

Drives run in the notebook, in the tests and inside the grading sandbox, so they import NumPy
(PyTorch where the question is about PyTorch) and each other, nothing else. They hold no answers.
What a drive returns is not trusted: the side that compares validates it first.
"""
