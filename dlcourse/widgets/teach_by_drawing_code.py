"""The teach-by-drawing explorer's "code for this setting": the lesson as a cell of plain steps."""

from __future__ import annotations

from dlcourse.widgets.teach_by_drawing_run import BACKBONE, COPIES, ROUNDS, Lesson

__all__ = ["code_for"]

_IMPORTS = {
    "borrowed": "import dlcourse.numpy as dl\nfrom dlcourse.models import zoo\n"
    "from dlcourse.transfer import LinearProbe, features\n",
    "pixels": "from dlcourse.transfer import LinearProbe\n",
    "scratch": "from dlcourse.transfer.plans import Plan, logits, train\n",
}
_SEEN = {
    "borrowed": f'body = zoo.load("{BACKBONE}", dl)\nsee = lambda X: features(body, X)  # (N, 64)\n',
    "pixels": "see = lambda X: X.reshape(len(X), -1)  # (N, 1024)\n",
    "scratch": "",
}
_HEAD = """\
def answers(X, y, X_later):
{copies}    head = LinearProbe(classes={classes}).fit(see(X), y)
    return head.probabilities(see(X_later)).argmax(axis=1)
"""
_COPIES = """\
    change = augmentation({number})
    X = np.concatenate([X, *[change(X) for _ in range({copies})]])
    y = np.tile(y, {copies} + 1)
"""
_NETWORK = """\
def answers(X, y, X_later):  # trains {steps} steps, from random weights
    plan = Plan(source="", lr=3e-3, head_lr=3e-3, steps={steps}, augment={augment})
    return logits(train(plan, X, y, {classes}, {number}), X_later).argmax(axis=1)
"""
_LATER = """\
X_later, y_later = images(lesson.later), np.array([label for label, _ in lesson.later])
right = answers(X, y, {shown}) == y_later
print(f"{{right.sum()}} of {{len(right)}} later drawings named right")
"""
_IN_ROUNDS = """\
turns = np.array(lesson.turns)  # in which round each drawing is left out, -1 for a class's only one
right = 0
for held in sorted(set(turns[turns >= 0])):
    out = turns == held
    right += (answers(X[~out], y[~out], {shown}) == y[out]).sum()
print(f"{{right}} of {{(turns >= 0).sum()}} drawings named right, {rounds} rounds")
"""


def code_for(lesson: Lesson, way: str, augment: bool, swapped: bool, is_own: bool) -> str:
    """A cell that teaches the lesson in one of the ways and prints how many of its tests are named right."""
    from dlcourse.widgets.teach_by_drawing_scratch import STEPS, STEPS_AUGMENTED

    if is_own and not lesson.can_teach:
        return "# Two classes with a drawing each are enough to begin.\n"
    maker = "own_lesson" if is_own else "signs_lesson"
    imports = "import numpy as np\n\n" + _IMPORTS[way]
    if augment and way != "scratch":
        imports += "from dlcourse.transfer.plans import augmentation\n"
    imports += f"from dlcourse.widgets.teach_by_drawing_run import images, {maker}\n"
    steps = STEPS_AUGMENTED if augment else STEPS
    filled = {"classes": len(lesson.names), "number": lesson.number, "augment": augment, "steps": steps}
    copies = _COPIES.format(number=lesson.number, copies=COPIES) if augment else ""
    learning = _NETWORK.format(**filled) if way == "scratch" else _HEAD.format(**filled, copies=copies)
    shown = ("X[out]" if is_own else "X_later") if not swapped else ("1 - X[out]" if is_own else "1 - X_later")
    test = (_IN_ROUNDS if is_own else _LATER).format(shown=shown, rounds=ROUNDS)
    data = f"{_lesson(lesson, is_own)}X, y = images(lesson.taught), np.array([label for label, _ in lesson.taught])\n"
    return f"{imports}\n{data}{_SEEN[way]}\n\n{learning}\n\n{test}"


def _lesson(lesson: Lesson, is_own: bool) -> str:
    if not is_own:
        return f"lesson = signs_lesson(each={len(lesson.taught) // len(lesson.names)}, number={lesson.number})\n"
    drawn = "".join(f"    {drawing!r},\n" for drawing in lesson.taught)
    about = "a class and its strokes, two digits of base 64 for each corner"
    return f"drawn = [  # {about}\n{drawn}]\nlesson = own_lesson({', '.join(lesson.names)!r}, drawn)\n"
