"""The command center's "code for this setting": the same search as a cell of plain Python."""

from __future__ import annotations

from dlcourse.widgets.command_runs import BATCH_SIZE, EPOCHS, IMAGES, SEED, SPACES, TRIALS

__all__ = ["code_for"]

_SEARCH = """\
import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp
from dlcourse.training import Trainer, accuracy
from dlcourse.training.search import IntUniform, LogUniform, {function}

train, val, _ = data.stratified_split(data.load_digits(), (0.6, 0.2, 0.2), seed=0)


def objective(configuration, epochs={epochs}):
    dl.manual_seed(0)
    model = mlp(dl, [64, configuration["width"], 10])
    optimizer = dl.optim.SGD(model.parameters(), lr=configuration["lr"], weight_decay=configuration["weight_decay"])
    trainer = Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), {{"accuracy": accuracy}})
    batches = data.Batches(train.X[:{images}], train.y[:{images}], batch_size={batch_size}, seed=0)
    return trainer.fit(batches, epochs, validation=(val.X, val.y))["val_accuracy"][-1]


space = {{
{space}
}}
results = {function}(objective, space, trials={trials}, seed={seed})
print(results)
print("best:", results.best.configuration, f"{{results.best.score:.6g}}")
for warning in results.edge_warnings():
    print(warning)
"""

_FOLDER = """\
from dlcourse.training import read_runs

for run in read_runs({folder!r}):
    print(run.name, run.configuration, run.curve("val_accuracy")[-1:])
"""


def code_for(search: str, folder: str) -> str:
    """A cell that runs the search and prints its table, or one that reads the folder."""
    if folder:
        return _FOLDER.format(folder=folder)
    return _SEARCH.format(
        function="successive_halving" if search == "halving" else "random_search",
        epochs=EPOCHS,
        images=IMAGES,
        batch_size=BATCH_SIZE,
        space="\n".join(f'    "{name}": {distribution!r},' for name, distribution in SPACES[search].items()),
        trials=TRIALS[search],
        seed=SEED,
    )
