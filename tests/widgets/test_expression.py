"""The expression reader: what it accepts, what it refuses and where, and that nothing typed is ever run."""

import builtins
import math
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlcourse.widgets.expression import FUNCTIONS, MAX_NODES, ExpressionError, parse

FLOAT = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "negate": lambda a: -a,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "abs": abs,
    "max": max,
    "min": min,
    "relu": lambda a: max(a, 0.0),
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
}


def value(text, **variables):
    return parse(text).evaluate(variables, FLOAT, float)[-1]


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("(x + y)*z", {"x": -2, "y": 5, "z": -4}, -12),
        ("2 - x - 1", {"x": 5}, -4),
        ("-x**2", {"x": 3}, -9),
        ("x**-1 / 2", {"x": 4}, 0.125),
        ("+x * 3", {"x": 2}, 6),
        ("2*3*x", {"x": 2}, 12),
        (" max(x, 2) - min(x, 2) ; ", {"x": 5}, 3),
        ("u = a*b; v = u; (v + a)*u", {"a": 2, "b": 3}, 48),
        ("1/(1 + exp(-x))", {"x": 0}, 0.5),
        ("sqrt(abs(x)) + relu(x) + log(x)", {"x": 4}, 6 + math.log(4)),
        ("1e2*x + .5", {"x": 1}, 100.5),
    ],
)
def test_value(text, variables, expected):
    assert value(text, **variables) == pytest.approx(expected, rel=1e-12)


def test_a_name_is_one_node_and_unused_parts_are_dropped():
    shared = parse("u = a*b; unused = a + b; u*u + u")
    assert [node.operation for node in shared.nodes] == ["input", "input", "*", "*", "+"]
    assert shared.nodes[2].name == "u"
    assert shared.nodes[3].inputs == (2, 2)
    assert shared.variables == ("a", "b")


def test_numbers_are_folded_and_the_result_is_called_f():
    nodes = parse("x*(1 + 2*3)").nodes
    assert [(node.operation, node.name, node.value) for node in nodes] == [
        ("input", "x", 0.0),
        ("constant", "", 7.0),
        ("*", "f", 0.0),
    ]
    assert parse("loss = x*y").nodes[-1].name == "loss"
    assert parse("x*f").nodes[-1].name == ""


@pytest.mark.parametrize(
    ("text", "message", "start", "end"),
    [
        ("", "type a formula", 0, 1),
        (" ; ", "type a formula", 0, 1),
        ("x +", "not a complete formula", 3, 4),
        ("  (x + y", "not a complete formula", 2, 3),
        ("x y", "not a complete formula", 2, 3),
        ("x^2", r"a power is written x\*\*2", 1, 2),
        ("x[0]", r"'\[' is not allowed", 1, 2),
        ("x\ny", "not allowed", 1, 2),
        ("x\0", "not allowed", 1, 2),
        ("'a'*x", "not allowed", 0, 1),
        ("x.y + 1", "not allowed here", 0, 3),
        ("z + x % 2", "not allowed", 6, 7),
        ("x // y", "operator is not allowed", 0, 6),
        ("not x", "operator is not allowed", 0, 5),
        ("x if y else z", "not allowed here", 0, 13),
        ("True*x", "only real numbers", 0, 4),
        ("2j*x", "only real numbers", 0, 2),
        ("1e999*x", "too large", 0, 5),
        ("x*10**400", "too large", 2, 9),
        ("x/(1 - 1)*(2/0)", "does not exist", 11, 14),
        ("x**y", "an exponent must be a number", 3, 4),
        ("foo(x)", "this function is not known; known are abs", 0, 3),
        ("exp(x)(y)", "this function is not known", 0, 6),
        ("exp(x, y)", "exp takes 1 argument, as in", 0, 9),
        ("max(x)", "max takes 2 arguments, as in", 0, 6),
        ("exp(*x)", "not allowed here", 4, 6),
        ("exp(x=x)", "exp takes 1 argument", 0, 8),
        ("exp(1)*x", "of a number alone", 0, 6),
        ("exp*x", "exp is a function; write", 0, 3),
        ("exp = x*y", "exp is a function; write", 0, 3),
        ("__class__*x", "a name starts with a letter", 0, 9),
        ("abcdefghijk*x", "at most 10 letters", 0, 11),
        ("x = x*2; x*x", "x is used before it is named", 0, 1),
        ("u = a*b; u = a; u*a", "u is used before it is named", 9, 10),
        ("u = v = a*b", "one name to one formula", 0, 11),
        ("u, v = a*b", "one name to one formula", 0, 10),
        ("u += a", "only formulas", 0, 6),
        ("a*b; a", "give this part a name", 0, 3),
        ("x", "no operation", 0, 1),
        ("3", "no operation", 0, 1),
        ("f", "no operation", 0, 1),
        ("import os", "only formulas", 0, 9),
        ("del x", "only formulas", 0, 5),
        ("await x", "not allowed here", 0, 7),
        ("(yield)", "not allowed here", 1, 6),
        ("(u := x*y)", "':' is not allowed", 3, 4),
        ("x*(y, z)", "not allowed here", 2, 8),
    ],
)
def test_refusals_say_what_and_where(text, message, start, end):
    with pytest.raises(ExpressionError, match=message) as refusal:
        parse(text)
    assert (refusal.value.start, refusal.value.end) == (start, end)
    assert str(refusal.value).endswith(f"(at character {start + 1})")


@pytest.mark.parametrize(
    "text",
    [
        "x" + "+x" * 100,
        "(" * 60 + "x*y" + ")" * 60,
        "-" * 199 + "x",
        "*".join(["x"] * 60),
        "exp(" * 30 + "x" + ")" * 30,
        "9" * 150 + "**" + "9" * 40,
        "2**2**2**2**2**2*x",
        "10**10**10*x",
    ],
)
def test_limits(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_as_many_nodes_as_allowed_and_no_more():
    most = "+".join(["x"] * MAX_NODES)  # x and one + fewer
    assert len(parse(most).nodes) == MAX_NODES
    with pytest.raises(ExpressionError, match=f"more than {MAX_NODES} nodes"):
        parse(most + "+x")


def test_nothing_is_run(monkeypatch):
    ran = []
    with monkeypatch.context() as patch:
        for name in ("eval", "exec", "open", "__import__"):
            patch.setattr(builtins, name, lambda *_args, name=name, **_options: ran.append(name))
        found = [read(text) for text in ("__import__(x)*y", "eval(x)", "exec(x)", "open(x)", "print(x)")]
        names = parse("eval*x").variables
    assert ran == []
    assert all(isinstance(refusal, ExpressionError) for refusal in found)
    assert names == ("eval", "x")  # a name like any other


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet=string.printable, max_size=60))
@example("x" * 10_000)
@example("\ud800")
def test_any_text_is_read_or_refused_by_name(text):
    check(text)


TOKENS = [
    *"xyzuv+-*/(),;= ",
    "**",
    "1",
    "2.5",
    "-",
    "lambda",
    "not",
    "if",
    "else",
    "in",
    ".",
    *FUNCTIONS,
    "_",
    "e1",
    "j",
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join))
def test_text_that_looks_like_a_formula_is_read_or_refused_by_name(text):
    check(text)


def read(text):
    """The expression, or the refusal."""
    try:
        return parse(text)
    except ExpressionError as refusal:
        return refusal


def check(text):
    found = read(text)
    if isinstance(found, ExpressionError):
        assert 0 <= found.start <= max(len(text), 200)
        assert found.start < found.end
        return
    assert 1 < len(found.nodes) <= MAX_NODES
    for place, node in enumerate(found.nodes):
        assert node.operation in {"input", "constant", *FLOAT}
        assert all(i < place for i in node.inputs)


formulas = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda a: f"tanh(x + {a})"),
        inner.map(lambda a: f"-{a}"),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(formulas, st.floats(-3, 3), st.floats(-3, 3))
def test_value_equals_pythons(text, x, y):
    found = read(f"x*({text})")
    if isinstance(found, ExpressionError):
        assert "nodes" in str(found) or "characters" in str(found)
        return
    result = found.evaluate({"x": x, "y": y}, FLOAT, float)[-1]
    assert result == pytest.approx(x * eval(text, {"tanh": math.tanh, "x": x, "y": y}), rel=1e-9, abs=1e-12)
