"""The command line. Every command is one call into the package; the work is done there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A course on training deep networks: lectures, exercises, slides, grading.",
)
console = Console(highlight=False, soft_wrap=True)

EXTRAS = {"nbgrader": "grade", "playwright": "slides", "jupyterlab_slideshow": "slides"}
"""Packages that come with an optional part of the course, and the name of that part."""

Notebooks = Annotated[list[Path] | None, typer.Argument(help="Notebooks; all lectures when left out.")]


def main() -> None:
    """Run the command line; expected errors become one line and exit code 1."""
    try:
        app()
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        console.print(f"dlcourse: this command needs {error.name}: pip install 'dlcourse[{extra}]'", markup=False)
        sys.exit(1)
    except (FileNotFoundError, FileExistsError, ValueError, RuntimeError, PermissionError) as error:
        if os.environ.get("DLCOURSE_TRACEBACK"):
            raise
        console.print(f"dlcourse: {error}", style="bold red", markup=False)
        sys.exit(1)


def _lectures(paths: list[Path] | None) -> list[Path]:
    from dlcourse.lab import course_root

    for path in paths or ():
        if not path.is_file():
            raise FileNotFoundError(f"no notebook at {path}; the lectures are in {course_root() / 'lectures'}")
    return list(paths) if paths else sorted((course_root() / "lectures").glob("[0-9]*.ipynb"))


@app.command(epilog="Example: dlcourse lab --port 8890")
def lab(
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 8888 when left out.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser where there is one.")] = True,
) -> None:
    """Copy lectures and exercises into [bold]work/[/] (never over your changes) and open JupyterLab there."""
    from dlcourse.lab import course_root, jupyter_command, jupyter_environment
    from dlcourse.notebooks.work import sync

    root = course_root()
    console.print(str(sync(root, root / "work")), markup=False)
    command = jupyter_command(root / "work", port, browser)
    console.print("Starting JupyterLab; open the address that it prints. Ctrl+C twice stops it.")
    sys.stdout.flush()
    os.execve(command[0], command, jupyter_environment())


@app.command(epilog="Example: dlcourse doctor")
def doctor(
    system: Annotated[bool, typer.Option("--system", help="Only what comes from the system, as a reminder.")] = False,
) -> None:
    """Look at this machine and print what is fine and what to mend."""
    from dlcourse.doctor import examine, system_findings
    from dlcourse.lab import course_root

    findings = []
    for finding in system_findings() if system else examine(course_root()):
        findings.append(finding)
        console.print(str(finding), markup=False)
    if system:
        missing = [f.remedy.split()[-1] for f in findings if not f.ok]
        if missing:
            console.print(f"Tests that need them did not run. To run them: apt-get install {' '.join(missing)}")
        return
    failed = [f for f in findings if not f.ok and not f.optional]
    console.print(
        "Ready: make lab" if not failed else f"{len(failed)} to mend: see the lines marked [FAIL]", markup=False
    )
    raise typer.Exit(1 if failed else 0)


@app.command(epilog="Example: dlcourse check work/exercises/01_backprop/01_backprop.ipynb")
def check(notebook: Annotated[Path, typer.Argument(help="Your copy of an exercise notebook.")]) -> None:
    """Run an exercise notebook and print what passes and what comes next."""
    from dlcourse.checks.run import run_notebook

    report = run_notebook(notebook)
    console.print(report)
    raise typer.Exit(0 if report.all_passed else 1)


@app.command(epilog="Example: dlcourse progress")
def progress() -> None:
    """Show which questions you have solved so far."""
    from dlcourse.checks.run import overview

    console.print(overview())


@app.command(epilog="Example: dlcourse refresh lectures/01_backprop.ipynb")
def refresh(
    notebooks: Notebooks = None,
    anew: Annotated[bool, typer.Option("--anew", help="Replace stored outputs even where the new ones agree.")] = False,
) -> None:
    """Execute notebooks and store their outputs in normal form; a second run changes no byte."""
    from dlcourse.lab import course_root
    from dlcourse.notebooks import refresh as refresh_notebooks
    from dlcourse.notebooks.coverage import write_coverage

    for line in refresh_notebooks(_lectures(notebooks), keep=not anew):
        console.print(str(line), markup=False)
    if write_coverage(course_root() / "lectures"):
        console.print("lectures/COVERAGE.md: written")


@app.command(epilog="Example: dlcourse lint lectures/01_backprop.ipynb")
def lint(notebooks: Notebooks = None) -> None:
    """Check lectures against the course's rules: ids, slides, alternative text, references."""
    from dlcourse.notebooks import lint as lint_notebooks

    paths = _lectures(notebooks)
    problems = lint_notebooks(paths)
    for problem in problems:
        console.print(str(problem), markup=False)
    console.print(f"{len(paths)} notebooks, {len(problems)} problems")
    raise typer.Exit(1 if problems else 0)


@app.command(epilog="Example: dlcourse release 01")
def release(
    numbers: Annotated[list[str], typer.Argument(help="Numbers of exercises, as in 01 02.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Also put them into this grading folder, for nbgrader's exchange.")
    ] = None,
) -> None:
    """Regenerate exercises/ from solutions/, without the solutions."""
    from dlcourse.lab import course_root
    from dlcourse.notebooks.release import release as release_exercise
    from dlcourse.notebooks.release import solution_folder

    for number in numbers:
        for path in release_exercise(number, course_root()):
            console.print(f"Wrote {path}", markup=False)
        if into:
            from dlcourse.grading.exchange import offer

            name = solution_folder(number, course_root()).name
            console.print(f"Wrote {offer(course_root() / 'exercises' / name, into)}", markup=False)
            console.print(f"next: cd {into} && nbgrader release_assignment {name}", markup=False)
    if not into:
        console.print("next: git diff exercises/")


@app.command(epilog="Example: dlcourse bundle dlcourse-students.zip")
def bundle(out: Annotated[Path, typer.Argument(help="The zip file to write.")] = Path("dlcourse-students.zip")) -> None:
    """Write the package that students get: no solutions, no tests, no quiz keys."""
    from dlcourse.lab import course_root
    from dlcourse.notebooks.bundle import bundle as write_bundle

    files = write_bundle(course_root(), out)
    console.print(f"Wrote {out}: {len(files)} files, {out.stat().st_size / 1e6:.1f} MB", markup=False)
    console.print("next: students unpack it and type `make lab`")


@app.command(epilog="Example: dlcourse slides lectures/01_backprop.ipynb -o out/ --pdf")
def slides(
    notebooks: Notebooks = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("out"),
    pdf: Annotated[bool, typer.Option("--pdf", help="Also write a PDF (needs Chromium).")] = False,
    handout: Annotated[bool, typer.Option("--handout", help="Also write slides with notes for printing.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the first file in a browser.")] = False,
) -> None:
    """Write each lecture as one HTML file with slides that needs no network and no kernel."""
    from dlcourse.slides import export, write_index

    paths = _lectures(notebooks)
    written = [path for notebook in paths for path in export(notebook, out, pdf=pdf, handout=handout)]
    if len(paths) > 1:
        written.insert(0, write_index(out))
    for path in written:
        console.print(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB)", markup=False)
    console.print(f"next: open {written[0]} in a browser; S opens the speaker's notes", markup=False)
    if show:
        typer.launch(str(written[0]))


@app.command(epilog="Example: dlcourse present lectures/01_backprop.ipynb")
def present(
    notebook: Annotated[Path, typer.Argument(help="The notebook; of a lecture, its copy in work/ is shown.")],
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 8888 when left out.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser where there is one.")] = True,
) -> None:
    """Open a notebook in JupyterLab, to be shown as slides with a kernel: cells can be changed and run on the way."""
    from importlib import import_module

    from dlcourse.lab import course_root, jupyter_command, jupyter_environment, presented
    from dlcourse.notebooks.work import sync

    import_module("jupyterlab_slideshow")  # shows the slides in JupyterLab; a hint follows if it is missing

    root = course_root()
    shown = presented(notebook, root)
    console.print(str(sync(root, root / "work")), markup=False)
    command = jupyter_command(shown.parent, port, browser, shown.name)
    console.print("Starting JupyterLab; open the address that it prints. Ctrl+C twice stops it.")
    console.print("There: Run, Run All Cells. The last button above the notebook starts the slides; arrow keys turn.")
    sys.stdout.flush()
    os.execve(command[0], command, jupyter_environment())


@app.command(epilog="Example: dlcourse grade submissions/ --workers 8")
def grade(
    submissions: Annotated[
        Path | None, typer.Argument(help="Folder of STUDENT/01_backprop/01_backprop.ipynb, or a zip.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for grades.csv and feedback.")] = Path("grades"),
    workers: Annotated[int | None, typer.Option(help="Submissions at a time; all cores when left out.")] = None,
    engine: Annotated[
        Literal["local", "docker", "ray"],
        typer.Option(help="local: bubblewrap on this machine; docker: a container each; ray: a Ray cluster."),
    ] = "local",
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Run student code WITHOUT a sandbox.")] = False,
    reproduce: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="STUDENT QUESTION", help="Compute one stored score again, with its numbers, for an appeal."
        ),
    ] = None,
) -> None:
    """Grade a folder of submissions in a sandbox: grades.csv, a page per student, a class report."""
    from dlcourse.grading.grade import contained
    from dlcourse.grading.grade import grade as grade_submissions
    from dlcourse.grading.reproduce import reproduce as reproduce_score

    if reproduce:
        replay = reproduce_score(out, *reproduce, containment=contained(engine, unsafe=unsafe))
        console.print(str(replay), markup=False)
        raise typer.Exit(0 if replay.same else 1)
    if submissions is None:
        raise typer.BadParameter("name the folder, or the zip file, that holds the submissions")
    grade_submissions(submissions, out, workers=workers, engine=engine, unsafe=unsafe, console=console)


zoo_app = typer.Typer(no_args_is_help=True, help="The model zoo: list its pretrained networks, or train them anew.")
app.add_typer(zoo_app, name="zoo", epilog="Example: dlcourse zoo list")


@zoo_app.command("list", epilog="Example: dlcourse zoo list")
def zoo_list(
    folder: Annotated[
        Path | None, typer.Option(help="Networks of your own; those of the course when left out.")
    ] = None,
) -> None:
    """Show each network's size, accuracy, seed and hash, and check its file."""
    from dlcourse.models.zoo.report import overview

    lines = list(overview(folder))
    for line, _ in lines:
        console.print(line, markup=False)
    raise typer.Exit(0 if all(sound for _, sound in lines) else 1)


@zoo_app.command("train", epilog="Example: dlcourse zoo train glyph_resnet --out zoo")
def zoo_train(
    names: Annotated[list[str] | None, typer.Argument(help="Networks of the zoo; all of them when left out.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("zoo"),
    seed: Annotated[int, typer.Option(help="Of the first weights and of the order of the images.")] = 0,
) -> None:
    """Train networks of the zoo on glyphs: two to five minutes on two cores for all of them."""
    from dlcourse.models.zoo.report import train

    for line in train(names or (), out, seed):
        console.print(line, markup=False)
