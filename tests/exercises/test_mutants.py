"""Small changes to the solutions: whatever changes a result must lose its points.

A mutant that agrees with the solution on every one of the independent inputs is equivalent and
left out. Those that differ somewhere and still pass are survivors; at most 3 % may survive.
"""

import ast
import copy
import signal
from contextlib import contextmanager

import numpy as np
import pytest

from dlcourse.checks.bank import all_questions
from dlcourse.checks.checker import run_check
from dlcourse.checks.compare import agree_all
from tests.exercises.test_solutions import authored, checked_objects, definitions

SWAPS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
}


def variations(node):
    """Each small change of one node, as a function that makes it."""
    for kind in (getattr(node, "op", None), *getattr(node, "ops", ())):
        for other in SWAPS.get(type(kind), ()):
            yield (lambda n, o=other: setattr(n, "op", o()) if hasattr(n, "op") else n.ops.__setitem__(0, o()))
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        values = (not node.value,) if isinstance(node.value, bool) else (node.value + 1, -node.value, 0)
        for value in values:
            if value != node.value:
                yield (lambda n, v=value: setattr(n, "value", v))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield (lambda n: setattr(n, "op", ast.UAdd()))
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield (lambda n: setattr(n, "attr", "real"))  # no transpose
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield (lambda n: n.elts.reverse())
    if isinstance(node, (ast.FunctionDef, ast.If, ast.For)) and len(node.body) > 1:
        for index in range(len(node.body)):
            if not isinstance(node.body[index], (ast.FunctionDef, ast.Return)):
                yield (lambda n, i=index: n.body.__setitem__(i, ast.Pass()))


def mutants(source):
    """Every mutant of a piece of code, as source."""
    tree = ast.parse(source)
    for position, node in enumerate(ast.walk(tree)):
        for change in variations(node):
            mutant = copy.deepcopy(tree)
            change(list(ast.walk(mutant))[position])
            yield ast.unparse(ast.fix_missing_locations(mutant))


@contextmanager
def at_most(seconds):
    """A mutant may loop for ever (``while`` with its step taken away): it then fails like any other error."""

    def stop(signum, frame):
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def passes(question, student):
    try:
        with at_most(5):
            return run_check(question, student, seed=7).passed
    except TimeoutError:
        return False


def outputs(question, student, seed):
    inputs = question.draw(seed)
    try:
        with np.errstate(all="ignore"), at_most(5):
            got = question.run(student, inputs)
    except Exception:
        return False
    return agree_all(got, question.expected(inputs), question.rtol)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("inputs", [60, pytest.param(1000, marks=pytest.mark.proof)])
def test_mutants_of_the_solutions_are_rejected(root, number, inputs):
    notebook = authored(root, number)
    names = checked_objects(notebook)
    cells = {cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if "nbgrader" in cell.metadata}
    base = definitions(notebook)
    tested, rejected, survivors = 0, 0, []
    for question in all_questions(number):
        if "torch" in question.drive.__module__ and inputs > 100:
            continue  # a thousand small trainings for each mutant take too long; 60 are in the other run
        if question.trains:
            continue  # a mutant that trains for seconds says little more than the small questions do
        tested += 1
        for mutant in mutants(cells[f"answer-{question.id[3:]}"]):
            namespace = dict(base)
            exec(compile(mutant, "<mutant>", "exec"), namespace)
            student = namespace[names[question.id]]
            if not passes(question, student):
                rejected += 1
            elif not all(outputs(question, student, seed) for seed in range(10_000, 10_000 + inputs)):
                survivors.append(f"{question.id}:\n{mutant}")
    assert rejected > 6 * tested  # the mutations do reach the code
    assert len(survivors) <= 0.03 * (rejected + len(survivors)), "\n\n".join(survivors)
