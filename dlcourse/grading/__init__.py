"""Grade a folder of submissions: hostile code stays in a sandbox, scores are computed outside it.

nbgrader keeps the records, unpatched. The one entry point is `dlcourse.grading.grade.grade`. The parts, in the order in
which a submission meets them: `intake`, `merge`, `runner` (with `kernel`, `provisioner`, `template`, `sandbox` and
`channel`), `score`, `record`, `report`.
"""

from dlcourse import light_jsonschema  # noqa: F401  # before anything here imports nbformat
