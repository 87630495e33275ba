"""What a student sees: messages, hints, inputs, ids that do not exist, progress."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from dlcourse.checks import check, checker, progress
from dlcourse.checks.checker import Check
from dlcourse.checks.errors import UnknownQuestionError
from dlcourse.checks.render import Message, verdict_message
from dlcourse.grading.sandbox import Limits


class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return self.y * dz, self.x * dz


class OwnValue(MultiplyGate):
    def backward(self, dz):
        return self.x * dz, self.y * dz


def test_a_pass_says_what_was_verified(capsys):
    result = check("01.multiply_gate", MultiplyGate)
    assert result.passed
    assert bool(result) is True
    assert capsys.readouterr().out == (
        "PASSED: 01.multiply_gate (The multiply gate), 3 of 3 points\n"
        "    Tested: forward and both gradients, x, y and dz random with shape (2, 3), while a second\n"
        "    gate is in use; no array may change.\n"
    )


def test_a_mistake_is_shown_in_the_promised_order(capsys):
    result = check("01.multiply_gate", OwnValue)
    assert not result.passed
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NOT YET: 01.multiply_gate (The multiply gate), 0 of 3 points"
    assert lines[1].strip().startswith("Tested: forward and both gradients")
    assert lines[3].strip() == "dx: all 6 entries differ."
    assert lines[4].split()[0] == "you"
    assert lines[5].split()[0] == "want"
    assert lines[6].strip() == "Your dx is exactly the right dy."
    text = " ".join(line.strip() for line in lines)
    assert "This is what you get when each input is multiplied by its own value" in text
    assert "Is it x or y that says how far z moves?" in text
    assert 'check.hint("01.multiply_gate")' in text


def test_the_message_is_the_same_on_every_run(capsys):
    texts = set()
    for _ in range(3):
        check("01.multiply_gate", OwnValue)
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1


def test_a_result_shows_its_heading_and_keeps_the_verdict():
    result = check("01.multiply_gate", OwnValue)
    assert repr(result) == "NOT YET: 01.multiply_gate (The multiply gate), 0 of 3 points"
    assert result.verdict.variant == "own_value"


@pytest.mark.parametrize("wrong", ["01.multiply_gates", "01.multiplygate", "1.multiply_gate", "01.multiply"])
def test_an_unknown_id_lists_near_ones(wrong):
    with pytest.raises(UnknownQuestionError, match=re.escape(wrong)) as caught:
        check(wrong, MultiplyGate)
    assert "'01.multiply_gate'" in str(caught.value)


def test_a_question_answered_in_words_is_no_unknown_one():
    with pytest.raises(UnknownQuestionError, match=r"08\.explain_the_gap is answered in words: your instructor"):
        check("08.explain_the_gap", "In training, a batch's own statistics …")


def test_an_answer_that_is_too_slow_for_grading_is_told_so(monkeypatch):
    assert Limits().call == checker.LONGEST
    assert not any("seconds" in line for line in check("01.multiply_gate", MultiplyGate).message.lines)
    ticks = iter([100.0, 131.4])
    monkeypatch.setattr(checker.time, "perf_counter", lambda: next(ticks))
    result = check("01.multiply_gate", MultiplyGate)
    assert result.passed
    assert result.message.lines[-1] == "This took 31 seconds on this computer. Grading stops an answer after 20."


def test_an_unknown_quiz_lists_known_ones():
    with pytest.raises(UnknownQuestionError, match=r"01\.quiz\.1"):
        check("01.quiz.99", "a")


def test_hints_climb_a_ladder_and_stay_on_the_last_step(capsys):
    fresh = Check()
    shown = []
    for _ in range(5):
        fresh.hint("01.multiply_gate")
        shown.append(capsys.readouterr().out)
    assert "hint 1 of 3" in shown[0]
    assert "hint 2 of 3" in shown[1]
    assert "hint 3 of 3" in shown[2]
    assert shown[2] == shown[3] == shown[4]
    assert "self.y * dz" not in "".join(shown), "a hint is never the code"


def test_show_prints_the_very_inputs_that_are_tested(capsys):
    check.show("00.mean")
    text = capsys.readouterr().out
    seen = {}

    def spy(X):
        seen["X"] = X
        return X.mean(0)

    check("00.mean", spy)
    for value in seen["X"].ravel():
        assert f"{value:.4g}" in text
    assert "column_mean(X)" in text


def test_a_question_without_an_answer_is_shown(capsys):
    assert not check("01.linear").passed
    assert "layer.backward(dz)" in capsys.readouterr().out


def test_quiz_questions_are_shown_and_answered(capsys):
    for empty in ("", None, ...):
        assert not check("01.quiz.1", empty).passed
        text = capsys.readouterr().out
        assert "Which input gets the larger gradient?" in text
        assert "b)  the input 0.01" in text
    assert not check("01.quiz.1", "a").passed
    assert "NOT YET" in capsys.readouterr().out
    assert check("01.quiz.1", " B ").passed
    assert "PASSED" in capsys.readouterr().out
    assert not check("01.quiz.1", "z").passed
    assert "The options are a, b, c." in capsys.readouterr().out


# ---- HTML


class Text(HTMLParser):
    """Collects the text, and fails on tags that do not close."""

    def __init__(self):
        super().__init__()
        self.text, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if "role" in dict(attrs):
            assert dict(attrs)["role"] == "group"
            self.label = dict(attrs)["aria-label"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_html_says_the_same_as_the_text_without_colour_alone():
    message = check("01.multiply_gate", OwnValue).message
    parser = Text()
    parser.feed(message._repr_html_())
    assert parser.open == []
    words = " ".join(" ".join(parser.text).split())
    assert words == " ".join(str(message).split())
    assert parser.label.startswith("NOT YET: 01.multiply_gate")


def test_html_of_a_students_text_is_escaped():
    def evil(X):
        raise ValueError('<script>alert(1)</script> & "quotes"')

    page = check("00.mean", evil).message._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_report_for_the_grader_offers_no_live_hint():
    verdict = check("01.multiply_gate", OwnValue).verdict
    assert "check.hint" not in str(verdict_message(verdict, live=False))


def test_a_message_has_both_kinds_of_output():
    bundle = Message("Heading", ["line"])._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}


def test_in_ipython_a_check_shows_once_in_its_cell_and_again_when_asked(tmp_path):
    code = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_cell("from dlcourse.checks import check", store_history=True)
with capture_output() as first:
    shell.run_cell("r = check('00.mean', lambda X: X.mean(0))\\nr", store_history=True)
with capture_output() as second:
    shell.run_cell("r", store_history=True)
print(len(first.outputs), len(second.outputs), sorted(first.outputs[0].data))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.stdout.strip().endswith("1 1 ['text/html', 'text/plain']"), done.stdout + done.stderr


# ---- progress


def test_progress_is_kept_and_a_pass_stays():
    check("01.multiply_gate", OwnValue)
    entry = progress.records()["01.multiply_gate"]
    assert (entry["passed"], entry["points"], entry["attempts"]) == (False, 0, 1)
    assert "its own value" in entry["said"]
    check("01.multiply_gate", MultiplyGate)
    check("01.multiply_gate", OwnValue)
    entry = progress.records()["01.multiply_gate"]
    assert (entry["passed"], entry["points"], entry["attempts"]) == (True, 3, 3)


def test_a_folder_that_cannot_be_written_does_not_stop_a_check(monkeypatch, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    monkeypatch.setenv("DLCOURSE_PROGRESS", str(blocker / "progress"))
    assert check("01.multiply_gate", MultiplyGate).passed
    assert progress.records() == {}


def test_damaged_entries_count_as_none(tmp_path):
    check("01.multiply_gate", MultiplyGate)
    (progress.folder() / "01.multiply_gate.json").write_text('{"passed": tr')
    assert progress.records() == {}
    check("01.multiply_gate", MultiplyGate)
    assert progress.records()["01.multiply_gate"]["passed"]


def test_progress_can_be_switched_off_and_forgotten(monkeypatch, tmp_path):
    check("01.multiply_gate", MultiplyGate)
    assert progress.forget() == 1
    assert progress.records() == {}
    monkeypatch.setenv("DLCOURSE_PROGRESS", "off")
    check("01.multiply_gate", MultiplyGate)
    assert progress.folder() is None
    assert progress.records() == {}


def test_the_usual_place_is_the_state_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("DLCOURSE_PROGRESS")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert progress.folder() == tmp_path / "dlcourse" / "progress"


def test_no_half_written_file_is_left(monkeypatch):
    check("01.multiply_gate", OwnValue)
    before = progress.records()

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    check("01.multiply_gate", MultiplyGate)
    assert progress.records() == before
    assert [path.name for path in progress.folder().iterdir()] == ["01.multiply_gate.json"]


def test_entries_are_json_that_people_can_read():
    check("00.mean", lambda X: X.mean(0))
    entry = json.loads((progress.folder() / "00.mean.json").read_text())
    assert entry["question"] == "00.mean"
    assert np.isfinite(entry["points"])


# ---- answers that no check recognises


class Odd(MultiplyGate):
    def backward(self, dz):
        return np.cos(self.y * dz), self.x * dz


def test_an_unrecognised_answer_is_said_to_be_one(capsys):
    check("01.multiply_gate", Odd)
    assert "This check does not recognise the mistake." in capsys.readouterr().out


def test_unrecognised_answers_are_kept_only_on_request(monkeypatch, tmp_path):
    file = tmp_path / "unrecognised.jsonl"
    check("01.multiply_gate", Odd)
    assert not file.exists()
    monkeypatch.setenv("DLCOURSE_UNRECOGNISED", str(file))
    for student in (Odd, OwnValue, MultiplyGate, Odd):
        check("01.multiply_gate", student)
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert [entry["question"] for entry in entries] == ["01.multiply_gate"] * 2
    assert entries[0]["outputs"]["dx"]["shape"] == [2, 3]
    assert len(entries[0]["outputs"]["dx"]["values"]) == 6
    assert set(entries[0]) == {"question", "version", "seed", "outputs"}, "nothing about the student"


def test_a_file_for_them_that_cannot_be_written_does_no_harm(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCOURSE_UNRECOGNISED", str(tmp_path / "no" / "such" / "folder"))
    assert not check("01.multiply_gate", Odd).passed
