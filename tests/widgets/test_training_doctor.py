"""The training doctor: its patients have the illness they are there for, and treatments do what they say."""

import contextlib
import io

import numpy as np
import pytest

from dlcourse.widgets import TrainingDoctor
from dlcourse.widgets.training_doctor import diagnosis
from dlcourse.widgets.training_runs import PATIENTS, Setting, learns_20_by_heart, train, treated

ILLNESS = {
    "A": "learning rate too high",
    "B": "learning rate too low",
    "C": "plateau then drop",
    "D": "not a number",
    "E": "periodic",
    "F": "overfitting",
    "G": "healthy",
    "H": "underfitting",
    "I": "not learning",
    "J": "memorising",
    "K": "explodes",
    "L": "noisy",
    "M": "slow",
    "N": "validation better than training",
}
CURES = {
    "A": "rate ÷ 10",
    "C": "usual first weights",
    "D": "rate ÷ 10",
    "E": "shuffle every epoch",
    "H": "100 hidden units",
    "I": "usual first weights",
    "J": "1000 images, true labels",
    "K": "rate ÷ 10",
    "M": "rate × 10",
}


@pytest.mark.parametrize("patient", PATIENTS)
def test_each_patient_has_an_illness_of_its_own(patient):
    assert diagnosis(train(PATIENTS[patient])).names[0] == ILLNESS[patient]
    words = TrainingDoctor(patient=patient).result["texts"][0]
    assert words.lower().startswith(ILLNESS[patient])


@pytest.mark.parametrize(("patient", "treatment"), CURES.items())
def test_the_right_treatment_cures(patient, treatment):
    explorer = TrainingDoctor(patient=patient, treatment=treatment)
    assert "healthy" in explorer.result["texts"][0].splitlines()[0]
    assert [c["name"] for c in explorer.result["picture"]["curves"]] == [
        "training before",
        "validation before",
        "training after",
        "validation after",
    ]


def test_a_treatment_that_does_not_fit_changes_nothing():
    explorer = TrainingDoctor(patient="I", treatment="100 hidden units")
    assert "still not learning" in explorer.result["texts"][0]
    assert treated(PATIENTS["G"], "shuffle every epoch") == PATIENTS["G"]
    assert treated(PATIENTS["A"], "rate ÷ 10").lr == 0.2


def test_the_same_setting_gives_the_same_run():
    again = train.__wrapped__(PATIENTS["G"])
    np.testing.assert_array_equal(again.train, train(PATIENTS["G"]).train)
    assert len(again.train) == PATIENTS["G"].steps
    assert learns_20_by_heart(PATIENTS["G"]) == 1
    assert learns_20_by_heart(Setting(init=0.0)) < 0.5


def test_the_checks_tell_zero_weights_from_a_low_rate():
    checks = {p: TrainingDoctor(patient=p).result["picture"]["checks"] for p in "BIG"}
    assert all(ok for _, _, ok in checks["G"])
    assert checks["I"][2][1:] == ["none: weights are 0", False]
    assert checks["B"][2][2] is False
    assert checks["B"][0][2] is True


@pytest.mark.parametrize("state", [{}, {"patient": "J", "treatment": "rate ÷ 10"}, {"losses": "2.3 2.2,2.1 9 nan"}])
def test_the_code_cell_gives_the_diagnosis(state):
    explorer = TrainingDoctor(**state)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    named = out.getvalue().splitlines()[1].split("] ")[1].split(":")[0].strip()
    assert named in explorer.result["texts"][0].splitlines()[0].lower()


def test_losses_of_the_readers_own():
    explorer = TrainingDoctor(losses="2.3 2.2, 2.1 9 nan")
    assert explorer.result["texts"][0].startswith("Not a number")
    assert explorer.result["picture"]["curves"][0]["breaks"]
    assert explorer.still()[1].startswith("Not a number")
    for text, message in (("2.3 x 2", "'x' is no number"), ("1 2", "too few"), ("-1 2 3 4 5", "positive")):
        explorer.update(losses=text)
        assert message in explorer.result["texts"][0]
        assert explorer.result["error"]["control"] == "losses"
    explorer.update(losses="")
    assert explorer.result["error"] is None


def test_predictions():
    ill = TrainingDoctor(patient="H").result["questions"][0]
    assert ill["low"] == ill["high"] == 2
    assert "underfitting" in ill["answer"]
    assert TrainingDoctor(patient="G").result["questions"][0]["answer"] == "0: healthy"
    end = TrainingDoctor(patient="A", treatment="rate ÷ 10").result["questions"][0]
    assert end["low"] < train(treated(PATIENTS["A"], "rate ÷ 10")).train[-1] < end["high"]
    assert TrainingDoctor(patient="A", treatment="rate × 10").result["questions"] == [None]


def test_a_run_that_breaks_says_so_and_leaves_the_picture():
    picture = TrainingDoctor(patient="D").result["picture"]
    curve = picture["curves"][0]
    assert curve["breaks"]
    values = TrainingDoctor(patient="D").compute("D", "none", "")["curves"][0]["values"]
    assert len(values) < curve["count"]
    assert values.max() <= 1.2 * picture["top"] + 1e-9
    text = TrainingDoctor(patient="D").result["texts"][0]
    assert "Not a number" in text


def test_the_state_comes_back():
    explorer = TrainingDoctor(patient="F", treatment="weight decay")
    assert TrainingDoctor.from_state(explorer.state).values == explorer.values
