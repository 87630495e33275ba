"""Import jsonschema, which nbformat needs, without the second that it takes where rfc3987_syntax is installed.

With that package jsonschema can check internationalised addresses, and building the grammar for them costs a second
at every start. No notebook has such an address, so jsonschema is told that the package is not there.
"""

from __future__ import annotations

import importlib
import sys

if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    importlib.import_module("jsonschema")
    del sys.modules["rfc3987_syntax"]
