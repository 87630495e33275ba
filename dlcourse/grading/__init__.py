"""Grade a folder of submissions: hostile code stays in a sandbox, scores are computed outside it.

nbgrader keeps the records, unpatched. The one entry point is `dlcourse.grading.grade.grade`. The parts, in the order in
which a submission meets them: `intake`, `merge`, `runner` (with `kernel`, `provisioner`, `template`, `sandbox` and
`channel`), `score`, `record`, `report`.
"""

import importlib
import sys

# jsonschema, which nbformat imports, can check internationalised addresses where rfc3987_syntax is installed, and
# building that grammar takes a second at every start. No notebook has such an address: it is told that there is none.
if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    importlib.import_module("jsonschema")

    del sys.modules["rfc3987_syntax"]
