"""Rows for what stands at the top of the twins: tensors, their operators and methods, and the switches."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.parity.harness import Arrays, array, constant, fixed, function, method, scenario, several

TIES = fixed([[1.0, 1.0, 0.5], [2.0, 2.0, 2.0]])


def constructor(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    values = rng.normal(size=(3, 2))
    x = twin.tensor(values, requires_grad=True)
    y = twin.tensor([1.0, 2.0])
    shared = x * x + x  # x is used three times
    shared.retain_grad()
    (shared * y).sum().backward()
    return {
        "values": twin.to_numpy(x),
        "grad": twin.to_numpy(x.grad),
        "interior": twin.to_numpy(shared.grad),
        "kept": twin.to_numpy(twin.tensor(values.astype(np.float32))),
        "list": twin.to_numpy(twin.tensor([[1, 2], [3, 4]])),
        "floats": twin.to_numpy(y),
        "dtype": twin.to_numpy(twin.tensor([1, 2], dtype=twin.float32)),
        "facts": np.array(
            [
                x.size(0),
                x.size(-1),
                x.ndim,
                x.numel(),
                len(x),
                x.is_leaf,
                shared.is_leaf,
                x.requires_grad,
                y.requires_grad,
            ]
        ),
        "item": np.array([twin.tensor(2.5).item(), float(twin.tensor(2.5)), int(twin.tensor(7)), bool(twin.tensor(0))]),
        "detached": np.array([x.detach().requires_grad]),
    }


def accumulate(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    x = twin.tensor(rng.normal(size=4), requires_grad=True)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    (3 * x).sum().backward()
    return {"grad": twin.to_numpy(x.grad)}


def compare(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    a, b = twin.tensor(rng.integers(0, 3, size=(4, 3))), twin.tensor(rng.integers(0, 3, size=3))
    results = {"<": a < b, "<=": a <= b, ">": a > 1, ">=": a >= b, "==": a == b, "!=": a != b, "argmax": a.argmax(1)}
    return {name: twin.to_numpy(value) for name, value in results.items()} | {"flat": np.array(a.argmax().item())}


def in_place(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    w = twin.tensor(rng.normal(size=3), requires_grad=True)
    same = w
    (w * w).sum().backward()
    with twin.no_grad():
        w -= 0.1 * twin.from_numpy(twin.to_numpy(w.grad))
        w += 1
        w *= 2.0
        w /= 4
        w[0] = 7.0
    h = w * 2
    h += 1.0
    h *= w
    w.grad = None
    h.sum().backward()
    return {"w": twin.to_numpy(same), "grad": twin.to_numpy(same.grad), "same": np.array(same is w)}


def dtypes(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    half, whole = twin.tensor([1.5, 2.5], dtype=twin.float32), twin.tensor([1, 2])
    double = twin.tensor([1.5, 2.5], dtype=twin.float64)
    results = {
        "scalar": half * 2.0 + 1,
        "int": half * whole,
        "0-d": half * twin.tensor(2.0, dtype=twin.float64),
        "both": half + double,
        "division": whole / 2,
        "integers": whole * 3 - 1,
        "int*float": whole * 0.5,
        "array": half + np.float64(3.0),
        "float": double.float(),
        "double": half.double(),
        "to": half.to(twin.int64),
        "exp": whole.exp(),
        "log": whole.log(),
        "sqrt": whole.sqrt(),
        "sigmoid": twin.functional.sigmoid(whole),
        "tanh": twin.functional.tanh(whole),
        "relu": twin.functional.relu(whole - 2),
        "sum of a mask": (half > 2).sum(),
        "mask": half * (half > 2),
        "0-d pair": twin.tensor(1.5, dtype=twin.float32) * twin.tensor(2.0, dtype=twin.float64),
    }
    return {name: twin.to_numpy(value) for name, value in results.items()}


def mixed_gradient(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    a = twin.tensor(rng.normal(size=3).astype(np.float32), requires_grad=True)
    b = twin.tensor(rng.normal(size=3), requires_grad=True, dtype=twin.float64)
    (a * b).sum().backward()
    return {"a": twin.to_numpy(a.grad), "b": twin.to_numpy(b.grad)}


def switches(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    w = twin.tensor(rng.normal(size=3), requires_grad=True)
    before = twin.is_grad_enabled()
    with twin.no_grad():
        inside = twin.is_grad_enabled(), (w * 2).requires_grad

    @twin.no_grad()
    def decorated() -> bool:
        return bool((w * 2).requires_grad)

    return {"flags": np.array([before, *inside, decorated(), twin.is_grad_enabled(), (w * 2).requires_grad])}


def default_dtype(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    before = twin.get_default_dtype()
    results = {}
    for dtype in (twin.float32, twin.float64):
        twin.set_default_dtype(dtype)
        results[str(dtype).removeprefix("torch.").removeprefix("<class 'numpy.").removesuffix("'>")] = twin.to_numpy(
            twin.tensor([0.5])
        )
    twin.set_default_dtype(before)
    return results


def conversions(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    values = rng.normal(size=(2, 3))
    x = twin.from_numpy(values)
    values[0, 0] = 5.0  # the memory is shared
    state = twin.from_numpy({"w": np.array([1.0, 2.0])})
    return {
        "x": twin.to_numpy(x),
        "array": twin.to_numpy([1, 2]),
        "graph": twin.to_numpy(twin.tensor([1.0], requires_grad=True) * 2),
        "numpy": x.detach().numpy(),
        "list": np.array(x.tolist()),
        **{f"state.{k}": v for k, v in twin.to_numpy(state).items()},
    }


def random_state(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    def draw() -> np.ndarray:
        return np.array(twin.to_numpy(twin.init.normal_(twin.zeros(4))))

    twin.manual_seed(3)
    first, state = draw(), twin.get_rng_state()
    second = draw()
    twin.set_rng_state(state)
    again = draw()
    twin.manual_seed(3)
    return {"same": np.array([(first == draw()).all(), (second == again).all(), (first == second).all()])}


def recompute(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    layer = twin.nn.Linear(3, 2)
    layer.load_state_dict(twin.from_numpy({"weight": rng.normal(size=(2, 3)), "bias": rng.normal(size=2)}))
    x = twin.tensor(rng.normal(size=(5, 3)), requires_grad=True, dtype=twin.get_default_dtype())
    calls = []

    def block(x: Any, y: Any) -> Any:
        calls.append(1)
        return twin.functional.tanh(layer(x)) * y

    y = twin.tensor(rng.normal(size=2), dtype=twin.get_default_dtype())
    out = twin.checkpoint(block, x, y)
    forward_calls = len(calls)
    (out * out).sum().backward()
    results = {"out": out, "dx": x.grad, "dw": layer.weight.grad, "db": layer.bias.grad}
    with twin.no_grad():
        quiet = twin.checkpoint(block, x, y)
    return {k: twin.to_numpy(v) for k, v in results.items()} | {
        "calls": np.array([forward_calls, len(calls), quiet.requires_grad])
    }


def drawing(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    a, b = (twin.tensor(rng.normal(size=3), requires_grad=True) for _ in range(2))
    root = twin.maximum((a * b + a).exp().sum(), (a - b).mean())
    nodes = twin.graph_nodes(root)
    names = sorted(node.operation for node in nodes)
    edges = sorted((nodes[i].operation, node.operation) for node in nodes for i in node.inputs)
    assert names == sorted(["leaf"] * 2 + ["Multiply", "Add", "Exp", "Sum", "Subtract", "Mean", "Maximum"]), names
    assert all(i < position for position, node in enumerate(nodes) for i in node.inputs)
    leaves = np.sort([node.value for node in nodes if node.operation == "leaf"], axis=0)
    return {"edges": np.array([hash(edge) % 1000 for edge in edges]), "leaves": leaves, "root": nodes[-1].value}


def gradcheck_array(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    x, w = rng.normal(size=(3, 2)), rng.normal(size=2)
    module = twin.gradcheck
    (dx, dw) = module.numerical_gradient(lambda x, w: np.tanh(x @ w).sum(), x, w)
    return {"dx": dx, "dw": dw, "error": np.array(module.relative_error(dx, dx * 1.001))}


def gradcheck_tensors(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    x, w = (twin.tensor(rng.normal(size=s), requires_grad=True, dtype=twin.float64) for s in [(4, 3), (2, 3)])
    return {"right": np.array(twin.gradcheck.gradcheck(lambda x, w: twin.functional.linear(x, w).exp(), [x, w]))}


def gradcheck_direction(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    x = rng.normal(size=(3, 2))
    right = twin.gradcheck.directional_check(lambda x: (x**3).sum(), [x], [3 * x**2])
    wrong = twin.gradcheck.directional_check(lambda x: (x**3).sum(), [x], [2 * x**2])
    return {"errors": np.array([right, wrong])}


def filled(name: str) -> Any:
    return lambda twin, rng: {
        "a": twin.to_numpy(getattr(twin, name)(2, 3)),
        "b": twin.to_numpy(getattr(twin, name)(2, dtype=twin.int64)),
        "c": np.array(getattr(twin, name)(2, requires_grad=True).requires_grad),
    }


PAIRS = {
    "same": ("N D", "N D"),
    "row": ("N D", "D"),
    "column": ("N 1", "D"),
    "number": ("", "N D"),
    "up": ("1 D", "N 1"),
}


def operators() -> list[Any]:
    arithmetic = {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": lambda a, b: a / b,
        "power": lambda a, b: a**b,
    }
    return [
        method(f"{name}-{pair}", array(left, 0.5, 2.0), array(right, 0.5, 2.0), call=call)
        for name, call in arithmetic.items()
        for pair, (left, right) in PAIRS.items()
    ]


ROWS = [
    scenario("Tensor", constructor, float32=False),
    scenario("Tensor", accumulate, id="Tensor-accumulates"),
    scenario("Tensor", compare, id="Tensor-comparisons"),
    scenario("Tensor", in_place, id="Tensor-in-place"),
    scenario("Tensor", dtypes, id="Tensor-dtypes"),
    scenario("Tensor", mixed_gradient, id="Tensor-mixed-dtypes-gradient", float32=False, tolerance=1e-6),
    scenario("tensor", constructor, float32=False),
    *operators(),
    method("scalars", array("N D"), call=lambda x: 2 - 3 * x + (x + 1) / 4 - 1 / (x * x + 2) - (-x) * 0.5),
    method("scalar-powers", array("N D", 0.5, 2.0), call=lambda x: x**3 + x**0.5 + 2**x + x**-1 + x**0),
    method("power-at-0", fixed([0.0, 0.0, 2.0, -1.0]), fixed([0.0, 2.0, 0.0, 2.0], False), call=lambda a, b: a**b),
    method("power-exponent-at-0", fixed([0.0, 0.0, 2.0, 0.0]), fixed([0.5, 2.0, 0.0, 0.0]), call=lambda a, b: a**b),
    method("matmul", array("N D"), array("D M"), call=lambda a, b: a @ b),
    method("matmul-stack", array("N T D"), array("D M"), call=lambda a, b: a @ b),
    method("matmul-stacks", array("H 1 N D"), array("T D M"), call=lambda a, b: a @ b),
    method("matmul-vector-left", array("D"), array("H D M"), call=lambda a, b: a @ b),
    method("matmul-vector-right", array("H N D"), array("D"), call=lambda a, b: a @ b),
    method("matmul-vectors", array("D"), array("D"), call=lambda a, b: a @ b),
    method("matmul-data", constant("N D"), array("D M"), call=lambda a, b: a @ b),
    method("negative", array("N D"), call=lambda x: -x),
    method("abs", fixed([-2.0, 0.0, 3.0]), call=lambda x: abs(x) + x.abs()),
    method("exp", array("N D"), call=lambda x: x.exp()),
    method("log", array("N D", 0.1, 3.0), call=lambda x: x.log()),
    method("sqrt", array("N D", 0.1, 3.0), call=lambda x: x.sqrt()),
    method("pow", array("N D", 0.1, 3.0), call=lambda x: x.pow(1.7)),
    method("clamp", array("N D"), call=lambda x: x.clamp(-0.5, 0.7) + x.clamp(min=0) + x.clamp(max=0.1)),
    method("clamp-at-border", fixed([-1.0, 0.0, 1.0]), call=lambda x: x.clamp(-1.0, 1.0)),
    method("sum", array("N D"), call=lambda x: x.sum()),
    method(
        "sum-axes",
        array("N C H W"),
        options={"dim": [0, -1, (0, 2, 3)], "keepdim": [True, False]},
        call=lambda x, **axes: x.sum(**axes),
    ),
    method("mean", array("N D"), call=lambda x: x.mean()),
    method(
        "mean-axes",
        array("N C H W"),
        options={"dim": [1, -1, (0, 2, 3)], "keepdim": [True, False]},
        call=lambda x, **axes: x.mean(**axes),
    ),
    method("amax", TIES, options={"dim": [0, 1], "keepdim": [True, False]}, call=lambda x, **axes: x.amax(**axes)),
    method("amax-all", array("C H W"), options={"dim": [(0, 1, 2), (0, 2)]}, call=lambda x, **axes: x.amax(**axes)),
    method("T", array("N D"), call=lambda x: x.T),
    method("transpose", array("N C H"), call=lambda x: x.transpose(1, -1)),
    method("permute", array("N C H W"), call=lambda x: x.permute(0, 2, 3, 1)),
    method("reshape", array("N D H"), sizes={"N": (1, 4)}, call=lambda x: x.reshape(-1, 1), accepts_empty=False),
    method("view", array("N D H"), call=lambda x: x.reshape(1, -1) * 2.0 + x.flatten().view(1, -1)),
    method("flatten", array("N C H W"), call=lambda x: x.flatten(1)),
    method("flatten-number", array(""), call=lambda x: x.flatten()),
    method(
        "squeeze", array("T 1 D 1"), call=lambda x: x.squeeze() * x.squeeze(1).squeeze(-1) * x.squeeze(0)[:, 0, :, 0]
    ),
    method("iterate", array("3 D"), call=lambda x: sum(row * (i + 1) for i, row in enumerate(x))),
    method("unsqueeze", array("N D"), call=lambda x: x.unsqueeze(1) * x.unsqueeze(-1)),
    method("expand", array("1 D"), call=lambda x: x.expand(4, -1) * x.expand(3, 1, -1)),
    method("index", array("T D"), call=lambda x: x[1] * x[:, 1:].sum() + x[-1, 0] + x[[0, 0, 1]][1]),
    method("index-mask", array("T D"), call=lambda x: x[x > 0]),
    method("index-pairs", array("T D"), fixed([0, 1, 1]), call=lambda x, i: x[i, i] * x[None, ..., 0].sum()),
    scenario("no_grad", switches),
    scenario("is_grad_enabled", switches),
    scenario("get_default_dtype", default_dtype),
    scenario("set_default_dtype", default_dtype),
    scenario("float32", default_dtype),
    scenario("float64", default_dtype),
    scenario("int64", lambda twin, rng: {"x": twin.to_numpy(twin.tensor([1.7, -1.7], dtype=twin.int64))}),
    scenario("to_numpy", conversions),
    scenario("from_numpy", conversions),
    scenario("manual_seed", random_state),
    scenario("get_rng_state", random_state),
    scenario("set_rng_state", random_state),
    scenario("checkpoint", recompute),
    scenario("graph_nodes", drawing),
    scenario("Parameter", lambda twin, rng: {"same": np.array(twin.Parameter is twin.nn.Parameter)}),
    scenario("zeros", filled("zeros")),
    scenario("ones", filled("ones")),
    function("cat", several(array("N D"), array("T D"), array("1 D")), options={"dim": [0, -2]}),
    function("cat", several(array("N D"), array("N H")), options={"dim": [1]}, id="cat-columns"),
    function("stack", several(array("N D"), array("N D"), array("N D")), options={"dim": [0, 1, -1]}),
    function("maximum", array("N D"), array("D")),
    function("maximum", TIES, fixed([1.0, 2.0, 0.5]), id="maximum-ties"),
    function("minimum", array("N D"), array("D")),
    function("minimum", TIES, fixed([1.0, 2.0, 0.5]), id="minimum-ties"),
    function("where", constant("N D"), array("N D"), array("D"), call=lambda f, c, a, b: f(c > 0, a, b)),
    scenario("gradcheck.numerical_gradient", gradcheck_array, float32=False),
    scenario("gradcheck.relative_error", gradcheck_array, float32=False),
    scenario("gradcheck.directional_check", gradcheck_direction, float32=False),
    scenario("gradcheck.gradcheck", gradcheck_tensors, float32=False),
]
