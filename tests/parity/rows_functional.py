"""Rows for ``functional``."""

from __future__ import annotations

from tests.parity.harness import array, constant, fixed, function, integers

REDUCTIONS = {"reduction": ["mean", "sum", "none"]}
HUGE = fixed([[1000.0, 0.0, -1000.0, 3.0], [-1200.0, -1200.0, -1201.0, -1203.0], [0.0, 0.0, 0.0, 0.0]])

ROWS = [
    function("functional.linear", array("N D"), array("M D"), array("M")),
    function("functional.linear", array("N D"), array("M D"), id="functional.linear-without-bias"),
    function("functional.linear", array("N T D"), array("M D"), array("M"), id="functional.linear-sequences"),
    function("functional.linear", array("D"), array("M D"), array("M"), id="functional.linear-vector"),
    function("functional.linear", constant("N D"), array("M D"), array("M"), id="functional.linear-data"),
    function("functional.relu", array("N D")),
    function("functional.relu", fixed([-1.0, 0.0, -0.0, 2.0]), id="functional.relu-at-0"),
    function("functional.sigmoid", array("N D", scale=4.0)),
    function("functional.sigmoid", HUGE, id="functional.sigmoid-huge"),
    function("functional.tanh", array("N D", scale=2.0)),
    function("functional.tanh", HUGE, id="functional.tanh-huge"),
    function("functional.softmax", array("N C", scale=3.0), options={"dim": [1, -1]}),
    function("functional.softmax", array("T C H", scale=3.0), options={"dim": [0, 1, -1]}, id="functional.softmax-3d"),
    function("functional.softmax", HUGE, options={"dim": [1]}, id="functional.softmax-huge"),
    function("functional.log_softmax", array("N C", scale=3.0), options={"dim": [1, -1]}),
    function("functional.log_softmax", array("T C H"), options={"dim": [0, 1]}, id="functional.log_softmax-3d"),
    function("functional.log_softmax", HUGE, options={"dim": [1]}, id="functional.log_softmax-huge"),
    function("functional.cross_entropy", array("N C", scale=3.0), integers("N", below="C"), options=REDUCTIONS),
    function(
        "functional.cross_entropy", HUGE, fixed([1, 3, 0]), options=REDUCTIONS, id="functional.cross_entropy-huge"
    ),
    function("functional.mse_loss", array("N D"), array("N D"), options=REDUCTIONS),
]
