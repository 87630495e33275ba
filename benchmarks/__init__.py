"""Measurements: `python -m benchmarks.speed` (make bench) and `python -m benchmarks.proof` (make proof)."""
