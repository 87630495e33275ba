"""The command center: its searches against the library, its frames, words, code and export, and following a folder."""

import contextlib
import io
import json
import re
import threading
import time

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.training import RunLog, save_space
from dlcourse.training.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, Uniform, draw_configurations
from dlcourse.widgets.command_axes import axis_of, epoch_axis, place_of
from dlcourse.widgets.command_center import SEARCHES, CommandCenter
from dlcourse.widgets.command_figure import look_of
from dlcourse.widgets.command_runs import EPOCHS, SEED, SPACES, TRIALS, board_of, curve, logged
from dlcourse.widgets.explorer import InputError
from dlcourse.widgets.export import LIMIT, payload


def picture_of(**values):
    explorer = CommandCenter(**values)
    settings = {name: explorer.values[name] for name in ("search", "scale", "against", "folder")}
    return explorer.compute(**settings)


def words_of(**values):
    return CommandCenter(**values).result["texts"]


@pytest.fixture
def write_run(tmp_path):
    """``write_run("a", {"lr": 0.1}, [0.2, 0.5])`` writes a log as ``RunLog`` does."""
    number = 0

    def write(name, configuration, accuracies, ended=True, reason=None):
        nonlocal number
        number += 1
        date = f"2024-01-01T00:00:{number:02}+00:00"
        lines = [{"event": "start", "date": date, "from_step": 0, "configuration": configuration}]
        for epoch, value in enumerate(accuracies, start=1):
            lines.append({"event": "epoch", "epoch": epoch, "step": epoch, "val_accuracy": value})
        if ended:
            lines.append({"event": "end", "reason": reason})
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    return write


# The searches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", ["coarse", "finer", "wider"])
def test_a_random_search_is_the_librarys(search):
    board = board_of(search)
    assert board.configurations == draw_configurations(SPACES[search], TRIALS[search], SEED)
    assert board.events == [(run, EPOCHS) for run in range(TRIALS[search])]
    assert board.curves[3] == curve(board.configurations[3], EPOCHS)
    assert not board.is_halving


def test_halving_gives_the_best_more_epochs():
    board = board_of("halving")
    budgets = [epochs for _, epochs in board.events]
    assert budgets == [1] * 27 + [3] * 9 + [9] * 3 + [27]
    alive = list(range(27))
    start = 0
    for count, epochs, keep in ((27, 1, 9), (9, 3, 3), (3, 9, 1)):
        rung = [run for run, _ in board.events[start : start + count]]
        assert sorted(rung) == sorted(alive)
        alive = sorted(rung, key=lambda run: -(board.curves[run][epochs - 1] or 0))[:keep]
        start += count
    assert [run for run, _ in board.events[start:]] == alive
    assert len(board.curves[alive[0]]) == 27


def test_every_search_has_a_space_and_a_name():
    assert set(SEARCHES) == set(SPACES) == set(TRIALS)


def test_the_story_of_the_searches():
    """What the lecture says: the finer search ends at the edge, widening it helps, halving is as good."""
    best = {search: picture_of(search=search)["frames"][-1]["order"][0] for search in SEARCHES}
    scores = {search: board_of(search).curves[run][-1] for search, run in best.items()}
    assert scores["wider"] > scores["finer"] + 0.03
    assert scores["halving"] > scores["wider"]
    assert [0, "upper"] in picture_of(search="finer")["frames"][-1]["edges"]
    assert picture_of(search="wider")["frames"][-1]["edges"] == []


def test_the_readers_random_numbers_are_left_alone():
    dl.manual_seed(5)
    expected = dl.to_numpy(dl.nn.Linear(2, 2).weight)
    dl.manual_seed(5)
    board_of.__wrapped__("finer")
    np.testing.assert_array_equal(dl.to_numpy(dl.nn.Linear(2, 2).weight), expected)


# The picture ---------------------------------------------------------------------------------------------------------


def test_frames_grow_by_a_trial_each_and_rank_as_the_scores_do():
    board, frames = board_of("wider"), picture_of(search="wider")["frames"]
    assert len(frames) == TRIALS["wider"]
    for place, frame in enumerate(frames):
        assert sorted(frame["order"]) == list(range(place + 1))
        scores = [board.curves[run][-1] or -1 for run in frame["order"]]
        assert scores == sorted(scores, reverse=True)
        assert [have > 0 for have in frame["epochs"]] == [run <= place for run in range(len(board.curves))]


def test_halving_shows_who_is_out_and_ranks_the_survivors_first():
    board, frames = board_of("halving"), picture_of(search="halving")["frames"]
    assert frames[26]["out"] == []
    assert len(frames[27]["out"]) == 18
    assert len(frames[36]["out"]) == 24
    last = frames[-1]
    assert len(last["out"]) == 26
    winner = board.events[-1][0]
    assert last["order"][0] == winner
    assert [look_of(last, run) for run in last["order"][:2]] == ["best", "out"]
    assert max(last["epochs"]) == last["epochs"][winner] == 27
    epochs = [last["epochs"][run] for run in last["order"]]
    assert epochs == sorted(epochs, reverse=True)


def test_places_are_the_distributions_own_on_the_log_axis_and_even_on_the_linear_one():
    board = board_of("coarse")
    log, linear = picture_of(search="coarse")["places"], picture_of(search="coarse", scale="linear")["places"]
    for run, configuration in enumerate(board.configurations):
        assert log[run, 0] == pytest.approx(np.log10(configuration["lr"] / 1e-5) / 4)
        assert linear[run, 0] == pytest.approx((configuration["lr"] - 1e-5) / (0.1 - 1e-5))
    assert np.median(log[:, 0]) > 0.2 > np.median(linear[:, 0])  # on a linear axis the small rates lie on one heap


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(
    "distribution",
    [
        LogUniform(1e-6, 1),
        LogUniform(0.2, 0.7),
        OneMinusLogUniform(0.5, 0.999),
        Uniform(0, 0.5),
        IntUniform(8, 128),
        Choice(["relu", "tanh", "gelu"]),
    ],
    ids=repr,
)
def test_labels_lie_on_their_axis_in_order(distribution, scale):
    axis = axis_of("weight_decay", distribution, scale)
    assert axis.name == "weight decay"
    assert axis.ticks == sorted(axis.ticks)
    assert 0 <= axis.ticks[0] <= axis.ticks[-1] <= 1
    assert 2 <= len(axis.ticks) == len(set(axis.labels)) == len(axis.labels) <= 8


def test_values_outside_a_range_are_drawn_at_its_end():
    assert place_of(LogUniform(0.1, 1), 5, "log") == 1
    assert place_of(Choice(["a", "b"]), "c", "log") == 0


def test_epochs_are_spread_evenly_or_by_factors():
    axis, places = epoch_axis(27, "log")
    assert axis.labels == ["1", "3", "9", "27"]
    np.testing.assert_allclose(axis.ticks, [0, 1 / 3, 2 / 3, 1], atol=1e-12)
    assert len(places) == 27
    axis, places = epoch_axis(5, "linear")
    np.testing.assert_allclose(places, [0, 0.25, 0.5, 0.75, 1])
    assert epoch_axis(100, "linear")[0].labels == ["1", "20", "40", "60", "80", "100"]


def test_an_edge_needs_five_trials():
    frames = picture_of(search="finer")["frames"]
    assert all(frame["edges"] == [] for frame in frames[:4])
    assert any(frame["edges"] for frame in frames[4:])


# Words, question, code -----------------------------------------------------------------------------------------------


def test_words_of_a_random_search():
    texts = words_of(search="finer")
    first, last = texts[0].splitlines(), texts[-1].splitlines()
    assert re.match(r"Trial 1 of 20: \d+\.\d %\. Best so far \d+\.\d %: learning rate 0\.0\d+, weight decay ", first[0])
    assert first[1] == "Too few trials to judge the edges: 1."
    assert last[1] == "Learning rate has its best value at the upper edge of its range: widen it."
    assert re.match(r"The best 5 take up \d+ % of learning rate, \d+ % of weight decay and \d+ % of hidden", last[2])
    assert "No hyperparameter has its best value" in words_of(search="wider")[-1]


def test_words_of_halving_count_the_epochs():
    texts = words_of(search="halving")
    assert (
        "Rung 1 of 4: 27 configurations get 1 epoch. 1 of 108 epochs spent; all to the end would cost 729." in texts[0]
    )
    assert "Rung 2 of 4: 9 configurations get 3 epochs. 30 of 108 epochs spent" in texts[27]
    assert "Rung 4 of 4: 1 configuration gets 27 epochs. 108 of 108 epochs spent" in texts[39]


def test_the_question_asks_for_the_best_rate_before_the_first_trial():
    explorer = CommandCenter(search="wider", predict=True)
    asked = explorer.result["questions"]
    assert asked[0]["low"] < float(asked[0]["answer"]) < asked[0]["high"]
    assert all(question is None for question in asked[1:])


@pytest.mark.parametrize("search", ["finer", "halving"])
def test_the_code_cell_finds_the_same(search):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.errstate(all="ignore"):
        exec(CommandCenter(search=search).result["code"], {})
    found = re.search(r"best: (\{.*\}) (\S+)", out.getvalue())
    board, best = board_of(search), picture_of(search=search)["frames"][-1]["order"][0]
    assert eval(found[1]) == board.configurations[best]
    assert float(found[2]) == pytest.approx(board.curves[best][-1], rel=1e-5)
    assert ("upper edge" in out.getvalue()) == (search == "finer")


def test_state_picture_and_alternative_text():
    explorer = CommandCenter(search="halving", scale="linear", against="2", time=30)
    assert dict(CommandCenter.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 250_000
    assert metadata["image/png"]["alt"].startswith("Search: successive halving. Trial 31 of 40")


def test_the_export_holds_every_search_and_is_small(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(CommandCenter().recipe())) < 0.2 * LIMIT


# A folder of run logs ------------------------------------------------------------------------------------------------


def test_a_folder_is_shown_at_its_end_with_edges(tmp_path, write_run):
    for number in range(6):
        write_run(f"r{number}", {"lr": 10.0 ** (number - 6), "momentum": 0.9}, [0.1, 0.1 * number])
    save_space(tmp_path, {"lr": LogUniform(1e-6, 0.1), "momentum": OneMinusLogUniform(0.5, 0.99)})
    explorer = CommandCenter(folder=str(tmp_path))
    assert explorer.values["time"] == 5
    last = explorer.result["texts"][-1].splitlines()
    assert last[0] == "Trial 6 of 6: 50.0 %. Best so far 50.0 %: learning rate 0.1, momentum 0.9."
    assert last[1] == "Learning rate has its best value at the upper edge of its range: widen it."
    assert "read_runs" in explorer.result["code"]
    assert [axis["name"] for axis in explorer.result["picture"]["axes"]] == ["learning rate", "momentum", "accuracy"]


def test_without_ranges_no_edge_is_claimed(tmp_path, write_run):
    for number in range(6):
        write_run(f"r{number}", {"lr": 10.0 ** (number - 6), "act": "tanh" if number % 2 else "relu"}, [0.1 * number])
    board = logged(str(tmp_path))
    assert repr(board.space["lr"]) == "LogUniform(1e-06, 0.1)"
    assert isinstance(board.space["act"], Choice)
    explorer = CommandCenter(folder=str(tmp_path))
    assert explorer.result["picture"]["frames"][-1]["edges"] == []
    assert "save_space" in explorer.result["texts"][-1]


def test_running_stopped_and_empty_runs(tmp_path, write_run):
    write_run("a", {"lr": 0.1}, [0.5, 0.6])
    write_run("b", {"lr": 9.0}, [0.1], reason="the cost is nan")
    write_run("c", {"lr": 0.2}, [0.4], ended=False)
    write_run("d", {"lr": 0.3}, [], ended=False)
    explorer = CommandCenter(folder=str(tmp_path))
    frame = explorer.result["picture"]["frames"][-1]
    assert frame["order"] == [0, 2, 1, 3]
    assert frame["out"] == [1]
    assert explorer.result["texts"][-1].startswith("Trial 4 of 4: no number. Best so far 60.0 %: ")
    assert "2 still running." in explorer.result["texts"][-1]


def test_costs_are_ranked_from_below(tmp_path):
    for name, costs in (("a", [2.0, 1.0]), ("b", [2.0, 0.5]), ("c", [2.0, 900.0])):
        lines = [
            {
                "event": "start",
                "date": f"2024-01-01T00:00:0{ord(name) - 96}",
                "from_step": 0,
                "configuration": {"lr": 0.1},
            }
        ]
        lines += [{"event": "epoch", "epoch": e, "step": e, "val_cost": c} for e, c in enumerate(costs, 1)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    picture = picture_of(folder=str(tmp_path))
    assert picture["frames"][-1]["order"] == [1, 0, 2]
    assert picture["axes"][-1]["name"] == "cost"
    assert picture["curves"].max() == 1.0  # what explodes does not flatten the rest
    assert picture["scores"][1][-1] == "0.5"


def test_an_empty_or_missing_folder_is_the_readers_error(tmp_path):
    explorer = CommandCenter()
    for folder, message in ((tmp_path / "nowhere", "there is no folder"), (tmp_path, "there is no run log")):
        with pytest.raises(InputError, match=message):
            explorer.compute("coarse", "log", "1", str(folder))
    (tmp_path / "a.jsonl").write_text('{"event": "start", "date": "x", "from_step": 0, "configuration": {}}\n')
    with pytest.raises(InputError, match="have no hyperparameters"):
        explorer.compute("coarse", "log", "1", str(tmp_path))
    shown = CommandCenter(folder=str(tmp_path / "nowhere"))
    assert shown.result["error"]["control"] == "folder"


def test_watching_follows_the_folder_and_keeps_the_readers_place(tmp_path, write_run):
    write_run("a", {"lr": 0.1}, [0.5])
    explorer = CommandCenter(folder=str(tmp_path)).watch(seconds=0.02)
    assert explorer.watch(seconds=0.02) is explorer
    try:
        write_run("b", {"lr": 0.2}, [0.6])
        wait_for(lambda: len(explorer.result["texts"]) == 2)
        wait_for(lambda: explorer.values["time"] == 1)
        explorer.update(time=0)
        write_run("c", {"lr": 0.3}, [0.7])
        wait_for(lambda: len(explorer.result["texts"]) == 3)
        assert explorer.values["time"] == 0
    finally:
        explorer.stop()
    wait_for(lambda: not [t for t in threading.enumerate() if "_follow" in t.name])
    write_run("d", {"lr": 0.4}, [0.8])
    time.sleep(0.1)
    assert len(explorer.result["texts"]) == 3


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("waited ten seconds in vain")


def test_a_search_that_logs_is_seen(tmp_path):
    from dlcourse.models import mlp
    from dlcourse.training import Trainer, accuracy
    from dlcourse.training.search import random_search

    X, y = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    space = {"lr": LogUniform(1e-3, 1)}
    save_space(tmp_path, space)
    seen = []

    def objective(configuration):
        log = RunLog(tmp_path / f"{len(seen)}.jsonl", configuration=configuration)
        model = mlp(dl, [3, 4, 2])
        optimizer = dl.optim.SGD(model.parameters(), **configuration)
        trainer = Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), {"accuracy": accuracy}, [log])
        score = trainer.fit([(X, y)], 2, validation=(X, y))["val_accuracy"][-1]
        seen.append(len(CommandCenter(folder=str(tmp_path)).result["texts"]))
        return score

    results = random_search(objective, space, trials=4, progress=False)
    assert seen == [1, 2, 3, 4]
    assert f"Best so far {100 * results.best.score:.1f} %" in words_of(folder=str(tmp_path))[-1]
