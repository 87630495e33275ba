"""Find the submissions in a folder of students, in an LMS's bulk download, or in a zip file of either."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dlcourse.grading.intake import UnreadableError, open_zip, read_bytes, read_zip_member, zip_members
from dlcourse.grading.lms import Account, account

__all__ = ["Collection", "Submission", "collect"]

_SIDE_FILES = ("timestamp.txt", "submission_secret.txt")
_FILES = 5000  # of one student; who hands in more is found out by what is missing
_STUDENT = re.compile(r"[\w][\w .@+-]{0,99}")


@dataclass(frozen=True)
class Submission:
    """One student's notebook for one exercise.

    Attributes:
        content: the notebook's bytes; empty when there is a problem.
        problem: why it cannot be graded, as a sentence; empty when it can.
        side: small files of nbgrader's exchange that belong to it, by name.
        account: the student's account in the LMS that it comes from, as text; empty for a plain folder.
    """

    student: str
    assignment: str
    content: bytes
    problem: str = ""
    side: dict[str, bytes] = field(default_factory=dict)
    account: str = ""


@dataclass(frozen=True)
class _File:
    """A file that was handed in, not read yet.

    Attributes:
        path: parts of its path below the student's folder.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]
    is_link: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass
class Collection:
    """Everything that was handed in, by student.

    Attributes:
        skipped: names that cannot be student ids; nothing in them is graded.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    files: dict[str, list[_File]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def exercises(self, known: list[str]) -> list[str]:
        """Return which of the `known` exercises somebody handed in: a folder, a notebook or a zip file of that name."""
        named = {PurePosixPath(part).stem for files in self.files.values() for file in files for part in file.path}
        return [name for name in known if name in named]

    def submissions(self, exercise: str, *, only: bool) -> Iterator[Submission]:
        """Yield the submissions of an exercise, sorted by student.

        Args:
            exercise: its name.
            only: whether it is the only exercise that was handed in; then a student whose files carry other names has
                handed in something wrong, and not nothing.
        """
        for student in sorted(self.files):
            files = self.files[student]
            if only or any(exercise == PurePosixPath(part).stem for file in files for part in file.path):
                yield self._submission(student, files, exercise)

    def _submission(self, student: str, files: list[_File], exercise: str) -> Submission:
        mine = [file for file in files if exercise in file.path[:-1]] or files
        content, problem, side = b"", "", {}
        try:
            content = _notebook(mine, exercise)
            side = {file.name: file.read()[:200] for file in mine if file.name in _SIDE_FILES}
        except UnreadableError as error:
            problem = str(error)
        return Submission(student, exercise, content, problem, side, str(self.accounts[student]))

    def add(self, who: Account, file: _File | None) -> None:
        """Add a student's file; None for a student who has handed in an empty folder."""
        if not _STUDENT.fullmatch(who.student):
            if who.student not in self.skipped:
                self.skipped.append(who.student)
            return
        self.accounts.setdefault(who.student, who)
        self.files.setdefault(who.student, [])
        if file is not None:
            self.files[who.student].append(file)


def collect(place: Path) -> Collection:
    """Find what was handed in.

    Args:
        place: a folder, or a zip file, of ``STUDENT/EXERCISE/EXERCISE.ipynb``, ``STUDENT/EXERCISE.ipynb``,
            ``STUDENT.zip``, or of the names that Canvas and Moodle give to downloads.

    Raises:
        FileNotFoundError: there is no such folder or zip file.
        ValueError: the zip file cannot be read.
    """
    found = Collection()
    if place.is_dir():
        for entry in sorted(place.iterdir()):
            if not entry.name.startswith("."):
                _add_entry(found, entry)
    elif place.suffix == ".zip" and place.is_file():
        _add_archive(found, place)
    else:
        raise FileNotFoundError(f"grade: {place} is not a folder (or zip file) of submissions")
    return found


def _add_entry(found: Collection, entry: Path) -> None:
    """Add what a folder of submissions holds at its top level: a student's folder, zip file, or LMS-named file."""
    who, name = account(entry.name)
    if entry.is_dir() and not entry.is_symlink():
        below = itertools.islice(entry.rglob("*"), _FILES)
        inside = [path for path in sorted(below) if not _hidden(path.relative_to(entry).parts)]
        found.add(who, None)
        for path in inside:
            if path.is_symlink() or not path.is_dir():
                found.add(who, _file(path, path.relative_to(entry).parts))
            elif not any(path.iterdir()):
                found.add(who, _File((*path.relative_to(entry).parts, ""), lambda: b""))
    elif entry.is_symlink() and not entry.suffix:
        found.add(who, _file(entry, (entry.name,)))
    elif name:
        found.add(who, _file(entry, (name,)))
    elif entry.suffix == ".zip":
        found.add(Account(entry.stem), _file(entry, (entry.name,)))


def _file(path: Path, parts: tuple[str, ...]) -> _File:
    return _File(parts, lambda: read_bytes(path), path.is_symlink())


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") for part in parts)


def _add_archive(found: Collection, place: Path) -> None:
    """Add what a zip file of submissions holds, without unpacking it."""
    try:
        archive = open_zip(place, place.name)
        entries = zip_members(archive, place.name)
    except UnreadableError as error:
        raise ValueError(f"grade: {error}") from None
    tops = {PurePosixPath(entry.filename).parts[0] for entry in entries}
    wrapped = len(tops) == 1 and all(len(PurePosixPath(entry.filename).parts) > 2 for entry in entries)
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts[int(wrapped) :]  # some zip the folder, some its contents
        who, name = account(parts[0])
        below = (name,) if name and len(parts) == 1 else parts[1:]
        if not below and parts[0].endswith(".zip"):
            who, below = Account(parts[0].removesuffix(".zip")), parts
        if below:
            found.add(who, _File(below, lambda entry=entry: read_zip_member(archive, entry)))  # type: ignore[misc]


def _notebook(files: list[_File], exercise: str) -> bytes:
    """Return the notebook among a student's files, or inside the one zip file that they are in.

    Raises:
        UnreadableError: there is none, or more than one.
    """
    wanted = f"{exercise}.ipynb"
    exact = [file for file in files if file.name == wanted]
    if len(exact) > 1:
        places = ", ".join("/".join(file.path) for file in exact[:3])
        raise UnreadableError(f"There are {len(exact)} files named {wanted}: {places}. Hand in one.")
    if exact:
        return exact[0].read()
    if any(file.is_link for file in files):
        raise UnreadableError("The submission is a symbolic link. Hand in the files themselves.")
    zips = [file for file in files if file.name.endswith(".zip")]
    if len(zips) == 1:
        return _notebook_in_zip(zips[0].read(), zips[0].name, wanted)
    others = sorted(file.name for file in files if file.name.endswith(".ipynb"))
    also = f"; found {', '.join(others[:3])}" if others else ""
    raise UnreadableError(f"There is no {wanted} in the submission{also}.")


def _notebook_in_zip(content: bytes, name: str, wanted: str) -> bytes:
    archive = open_zip(content, name)
    entries = zip_members(archive, name)
    found = [entry for entry in entries if PurePosixPath(entry.filename).name == wanted]
    if len(found) != 1:
        raise UnreadableError(f"{name} holds {len(found) or 'no'} files named {wanted}, expected one.")
    return read_zip_member(archive, found[0])
