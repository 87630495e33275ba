"""How the grader opens nbgrader's gradebook: the same file and the same nbgrader, with SQLAlchemy's work done once.

nbgrader opens its gradebook anew for every step, eight times for a submission, and SQLAlchemy then forgets the SQL
that it has put together. A dialect is SQLAlchemy's way to add to a database: this one is SQLite's own, except that one
memory of compiled statements serves all engines of the process, which nearly halves the time of a record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbgrader
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from sqlalchemy import Engine, create_engine, text, util
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

__all__ = ["OnceCompiled", "create_gradebook", "gradebook_url"]

_NAME = "dlcourse"
_STATEMENTS = 2000
_compiled: Any = util.LRUCache(_STATEMENTS)


class OnceCompiled(SQLiteDialect_pysqlite):
    """SQLite as it is, with one memory of compiled statements for all engines."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)  # statements are remembered by dialect, and one is like another

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Give a new engine the memory; SQLAlchemy calls this."""
        engine.update_execution_options(compiled_cache=_compiled)


def gradebook_url(root: Path) -> str:
    """Return the address of a grading folder's gradebook for nbgrader's classes in this process."""
    registry.register(f"sqlite.{_NAME}", __name__, OnceCompiled.__name__)
    return f"sqlite+{_NAME}:///{root / 'gradebook.db'}"


def create_gradebook(root: Path) -> None:
    """Make the empty gradebook that nbgrader would make, if there is none.

    nbgrader asks the program ``alembic`` for the newest version of its tables, which takes a second to start; the
    same is asked of alembic's library here.
    """
    path, draft = root / "gradebook.db", root / ".gradebook.tmp"
    if path.exists():
        return
    draft.unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{draft}")
    version = ScriptDirectory(str(Path(nbgrader.__file__).with_name("alembic"))).get_current_head()
    with engine.begin() as connection:
        Base.metadata.create_all(bind=connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
    engine.dispose()
    draft.replace(path)
