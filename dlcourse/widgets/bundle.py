"""Join the front end's ES modules into one, so that a notebook or a slide file needs no other file.

The modules in ``js/`` are plain: each line ``import { a, b } from "./other.js";`` stands alone, and
what is exported is written ``export function``, ``export const`` or ``export class``. Each module
becomes a function that returns its exports; a module is placed after those it imports.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["bundle"]

FOLDER = Path(__file__).with_name("js")
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|const|class) (\w+)", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(import|export)\b.*", re.MULTILINE)


@cache
def bundle(*entries: Path) -> str:
    """One module's text with everything that ``entries`` need; it exports each entry's exports.

    Raises ``ValueError`` for an import or export in another form, for a circle of imports, and for
    two entries that export the same name.
    """
    done: dict[Path, str] = {}
    for entry in entries:
        _collect(entry.resolve(), done, ())
    names: list[str] = []
    lines = []
    for entry in entries:
        exported = _EXPORT.findall(entry.read_text("utf-8"))
        names += [name for _, name in exported]
        lines.append(f"export const {{ {', '.join(name for _, name in exported)} }} = {_variable(entry)};")
    if len(names) != len(set(names)):
        raise ValueError(f"bundle: two entries export the same name among {', '.join(names)}")
    return "\n".join([*done.values(), *lines]) + "\n"


def _collect(path: Path, done: dict[Path, str], above: tuple[Path, ...]) -> None:
    if path in above:
        raise ValueError(f"bundle: {path.name} imports itself through {', '.join(p.name for p in above)}")
    if path in done:
        return
    source = path.read_text("utf-8")
    for _, other in _IMPORT.findall(source):
        _collect(_find(path, other), done, (*above, path))
    names = [name for _, name in _EXPORT.findall(source)]
    body = _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = {_variable(_find(path, found[2]))};", source)
    body = _EXPORT.sub(r"\1 \2", body)
    wrong = _LEFT_OVER.search(body)
    if wrong:
        raise ValueError(
            f"bundle: {path.name} has {wrong.group().strip()!r}; see dlcourse/widgets/bundle.py for the forms"
        )
    done[path] = f"const {_variable(path)} = (() => {{\n{body.strip()}\nreturn {{ {', '.join(names)} }};\n}})();"


def _find(importer: Path, name: str) -> Path:
    """A module beside the importer, or one of the frame's own."""
    beside = importer.with_name(name)
    return (beside if beside.exists() else FOLDER / name).resolve()


def _variable(path: Path) -> str:
    return "module_" + re.sub(r"\W", "_", path.stem)
