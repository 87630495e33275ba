"""The explorer of a network in training: its numbers against torch in float64, its words, bug, code and export."""

import contextlib
import io
import re

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.widgets import ConvolutionTraining
from dlcourse.widgets.convolution_run import LETTERS
from dlcourse.widgets.convolution_training import KINDS, SHADES
from dlcourse.widgets.convolution_training_run import (
    BATCH,
    HELD,
    MOMENTS,
    MOMENTUM,
    SAMPLES,
    STEPS,
    TRAIN,
    build,
    held,
    letters,
    sample_rows,
    train,
)
from dlcourse.widgets.convolution_training_words import most_confused, score
from dlcourse.widgets.export import LIMIT, payload

BUG = {"equal": True}


def in_torch(seed=0, equal=False):
    """The same network in torch, with the same weights at the start."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 10),
    ).double()  # fmt: skip
    with torch.no_grad():
        for theirs, ours in zip(model.parameters(), build(seed, equal).parameters(), strict=True):
            theirs.copy_(torch.from_numpy(ours.data))
    return model


def picture(**values):
    explorer = ConvolutionTraining(**values)
    return explorer.compute(**{c.name: explorer.values[c.name] for c in explorer.controls if c.name != "step"})


def texts(**values):
    return ConvolutionTraining(**values).result["texts"]


@pytest.mark.parametrize("equal", [False, True])
def test_the_whole_training_is_torchs(equal):
    X, y = (torch.from_numpy(part) for part in letters())
    model, run = in_torch(equal=equal), train(0.05, 0, equal)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=MOMENTUM)
    rng = np.random.default_rng(0)
    batches = np.concatenate([rng.permutation(TRAIN) for _ in range(9)]).reshape(-1, BATCH)
    for step in range(STEPS + 1):
        rows = batches[step]
        optimizer.zero_grad()
        cost = torch.nn.functional.cross_entropy(model(X[rows]), y[rows])
        cost.backward()
        assert run.costs[step] == pytest.approx(cost.item(), rel=1e-6)
        if step in MOMENTS:
            compare(run.moments[MOMENTS.index(step)], model)
        optimizer.step()


def compare(moment, model):
    X, y = (torch.from_numpy(part) for part in held())
    with torch.no_grad():
        a1 = model[:2](X[sample_rows()])
        logits = model(X)
    theirs = {
        "W1": model[0].weight.detach(), "W2": model[3].weight.detach(), "grad1": model[0].weight.grad,
        "grad2": model[3].weight.grad, "a1": a1, "P": logits.softmax(dim=1)[sample_rows()],
    }  # fmt: skip
    for name, values in theirs.items():
        np.testing.assert_allclose(getattr(moment, name), values.numpy(), rtol=1e-5, atol=1e-8, err_msg=name)
    assert moment.held_cost == pytest.approx(torch.nn.functional.cross_entropy(logits, y).item(), rel=1e-6)
    assert np.array_equal(moment.guesses, logits.argmax(dim=1).numpy())


def test_what_is_judged_was_not_trained_on_and_samples_are_what_they_are_called():
    X = letters()[0]
    assert len(X) == TRAIN + HELD
    assert len(np.unique(X.reshape(len(X), -1), axis=0)) == len(X)
    assert [LETTERS[held()[1][row]] for row in sample_rows()] == list(SAMPLES)


def test_training_leaves_the_readers_random_numbers_alone():
    dl.manual_seed(5)
    before = dl.get_rng_state()
    train(0.02)  # a rate of no other test, so that it is trained here
    assert dl.get_rng_state() == before


def test_a_run_is_made_once():
    assert train(0.05) is train(0.05, 0, equal=False)


@pytest.mark.parametrize("shown", KINDS)
def test_images_are_the_runs_numbers_to_a_step_of_colour(shown):
    found, run = picture(shown=shown, sample="K"), train(0.05)
    names = {"activations": ("a1", "a2"), "weights": ("W1", "W2"), "gradients": ("grad1", "grad2")}[shown]
    for place in (0, 7, len(MOMENTS) - 1):
        for layer, name, limit in zip(("first", "second"), names, run.limits(shown), strict=True):
            exact = getattr(run.moments[place], name)
            exact = exact[list(SAMPLES).index("K")] if shown == "activations" else exact
            drawn = np.array(found["frames"][place][layer]).reshape(exact.shape) / SHADES * limit
            assert np.abs(drawn - np.clip(exact, -limit, limit)).max() <= limit / SHADES / 2 * 1.0001
    largest = max(np.abs(getattr(moment, names[0])).max() for moment in run.moments)
    assert run.limits(shown)[0] == pytest.approx(largest / 2)


def test_answers_and_counts_are_the_runs():
    found, moment = picture(sample="A"), train(0.05).moments[-1]
    frame, y = found["frames"][-1], held()[1]
    assert np.abs(np.array(frame["P"]) / 1000 - moment.P[1]).max() <= 0.0005001
    counts = np.array(frame["counts"]).reshape(10, 10)
    for true in range(10):
        for said in range(10):
            assert counts[true, said] == sum((y == true) & (np.array(frame["guesses"]) == said))
    assert np.trace(counts) == score(moment) / 100 * HELD
    true, said = found["cell"]
    assert (true, said) == most_confused(moment)
    assert true != said
    assert counts[true, said] == (counts - np.diag(np.diag(counts))).max()


def test_the_words_say_cost_score_answer_and_confusion():
    said, run = texts(), train(0.05)
    assert len(said) == len(MOMENTS)
    for place in (0, 8, 15):
        step, cost, right = re.match(r"After step (\d+): cost ([\d.]+); (\d+) % of 200", said[place]).groups()
        assert int(step) == MOMENTS[place]
        assert float(cost) == pytest.approx(run.costs[MOMENTS[place]], abs=0.005)
        assert float(right) == pytest.approx(score(run.moments[place]), abs=0.5)
    assert "To this R it says R 99 %" in said[-1]
    assert "Most often confused: B called D, 4 times." in said[-1]
    assert "moved by 0 %" in texts(shown="weights")[0]
    assert "Length of the batch's gradient" in texts(shown="gradients")[-1]


def test_kernels_that_start_equal_stay_equal():
    for moment in train(0.05, 0, True).moments:
        np.testing.assert_allclose(moment.W1, np.broadcast_to(moment.W1[:1], moment.W1.shape), atol=1e-12)
        np.testing.assert_allclose(moment.grad1, np.broadcast_to(moment.grad1[:1], moment.grad1.shape), atol=1e-12)
    assert texts(shown="weights", **BUG)[-1].count("All six of layer 1 are the same.") == 1
    assert "the same" not in texts(shown="weights")[-1]
    assert score(train(0.05, 0, True).moments[-1]) < score(train(0.05).moments[-1])


def test_at_the_largest_rate_the_network_falls_silent_and_says_so():
    last = train(0.5).moments[-1]
    assert not last.grad1.any()
    assert not last.a2.any()
    assert "No gradient arrives at any kernel" in texts(shown="gradients", rate="0.5")[-1]
    assert "Layer 2: all 8 maps are 0 everywhere." in texts(rate="0.5")[-1]


def test_two_questions_are_asked_and_their_answers_lie_inside():
    questions = ConvolutionTraining().result["questions"]
    assert [place for place, question in enumerate(questions) if question] == [0, len(MOMENTS) - 1]
    run = train(0.05)
    assert questions[0]["low"] < np.log(10) < questions[0]["high"]
    assert questions[0]["low"] < run.costs[0] < questions[0]["high"]
    assert questions[-1]["low"] < score(run.moments[-1]) < questions[-1]["high"]


@pytest.mark.parametrize("values", [{}, {"rate": "0.01", "sample": "K", "equal": True, "seed": "3"}])
def test_the_code_cell_prints_the_numbers_of_the_picture(values):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(ConvolutionTraining(**values).result["code"], {})
    run = train(float(values.get("rate", 0.05)), int(values.get("seed", 0)), values.get("equal", False))
    last, place = run.moments[-1], list(SAMPLES).index(values.get("sample", "R"))
    lines = out.getvalue().splitlines()
    assert f"step {STEPS}: cost {run.costs[-1]:.2f}, {score(last):.0f} % right" in lines
    printed = [float(line.split()[-1]) for line in lines[-4:-1]]
    wanted = [last.a1[place].max(), np.abs(last.W1).max(), np.linalg.norm(last.grad1)]
    np.testing.assert_allclose(printed, wanted, atol=5.1e-4)
    answers = eval(lines[-1].split(": ", 1)[1])
    np.testing.assert_allclose(list(answers.values()), last.P[place], atol=5.1e-4)


def test_controls_state_and_stored_picture():
    explorer = ConvolutionTraining(shown="gradients", rate="0.5", sample="B", equal=True, step=9)
    assert explorer.state == "shown=gradients&rate=0.5&sample=B&equal=1&step=9"
    assert dict(ConvolutionTraining.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 100_000
    assert metadata["image/png"]["alt"].startswith("Gradients, rate 0.5, kernels equal at the start. After step 40:")
    with pytest.raises(ValueError, match=r"rate: got '0\.2'"):
        ConvolutionTraining(rate="0.2")


def test_the_whole_table_fits_into_an_export(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(ConvolutionTraining().recipe())) < LIMIT
