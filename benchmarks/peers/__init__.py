"""One training step, written in each library's own way: a file for each peer.

Every file has ``NAME`` and ``build(problem) -> Peer``. All do the same: a network D-H-C with ReLU,
softmax and cross-entropy averaged over the batch, one step of plain gradient descent, and the loss
before the step as a Python number. ``tests/project/test_benchmarks.py`` checks that they agree.
"""
