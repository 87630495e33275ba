"""The network graph's "code for this setting": the network with ``dlcourse.numpy`` and its gradients."""

from __future__ import annotations

from dlcourse.widgets.network_graph_run import RIGHT, WEIGHTS, X, Y

__all__ = ["code_for"]

_FORWARD = """\
z1 = F.linear(X, W1, b1)
a1 = F.{activation}(z1)
z2 = F.linear(a1, W2, b2)
L = F.cross_entropy(z2, y)
print("L =", L.item())
"""
_AUTOMATIC = """\
L.backward()
for name, leaf in dict(X=X, W1=W1, b1=b1, W2=W2, b2=b2).items():
    print(f"dL/d{name} =", leaf.grad.tolist())
"""
_BY_HAND = """\
p, N = F.softmax(z2, dim=1).numpy(), len(y)
dz2 = (p - np.eye(2)[y.numpy()]){mean}
dW2, db2 = {dW2}, {db2}
da1 = dz2 @ W2.numpy()
dz1 = {dz1}
dW1, db1 = {dW1}, {db1}
dX = dz1 @ W1.numpy()
for name, grad in dict(X=dX, W1=dW1, b1=db1, W2=dW2, b2=db2).items():
    print(f"dL/d{{name}} =", grad.tolist())
"""
_SLOPES = {"relu": "(z1.numpy() > 0)", "tanh": "(1 - a1.numpy()**2)", "sigmoid": "a1.numpy() * (1 - a1.numpy())"}


def code_for(samples: int, activation: str, rule: str) -> str:
    """Python that runs the network and goes back: with ``backward()``, or by hand with the bug in its line."""
    leaves = {"X": X[:samples], **WEIGHTS}
    grad = ", requires_grad=True" if rule == RIGHT else ""
    lines = [] if rule == RIGHT else ["import numpy as np", ""]
    lines += ["from dlcourse.numpy import float64, tensor", "from dlcourse.numpy import functional as F", ""]
    lines += [f"{name} = tensor({value.tolist()}, dtype=float64{grad})" for name, value in leaves.items()]
    lines += [f"y = tensor({Y[:samples].tolist()})", ""]
    text = "\n".join(lines) + "\n" + _FORWARD.format(activation=activation) + "\n"
    return text + (_AUTOMATIC if rule == RIGHT else _by_hand(activation, rule))


def _by_hand(activation: str, rule: str) -> str:
    last = "[-1:]" if rule == "last sample" else ""

    def product(gradient: str, values: str) -> str:
        return f"{gradient}{last}.T @ {values}.numpy(){last}"

    text = _BY_HAND.format(
        mean="" if rule == "no mean" else " / N",
        dW2=product("dz2", "a1"),
        db2=f"dz2{last}.sum(axis=0)",
        dz1="da1" if rule == "no slope" else f"da1 * {_SLOPES[activation]}",
        dW1=product("dz1", "X"),
        db1=f"dz1{last}.sum(axis=0)",
    )
    marks = {"no mean": "dz2 =", "no slope": "dz1 =", "last sample": "dW2, db2 ="}
    return (
        "\n".join(f"{line}    # the bug" if line.startswith(marks[rule]) else line for line in text.splitlines()) + "\n"
    )
