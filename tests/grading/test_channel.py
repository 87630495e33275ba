"""The channel: what goes through unchanged, and what never gets through."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcourse.checks.errors import StudentError
from dlcourse.grading import channel, channel_inside
from dlcourse.grading.channel import MalformedReplyError, read_reply

DTYPES = st.sampled_from(["f8", "f4", "i8", "i1", "?", "c16", ">f8", "u2"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))


def wrap(message: bytes) -> str:
    """What the kernel would show for a reply."""
    return repr(base64.b64encode(message).decode())


def message(header: Any, body: bytes = b"") -> str:
    text = json.dumps(header).encode()
    return wrap(struct.pack(">I", len(text)) + text + body)


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def refused(text: object) -> str:
    with pytest.raises(MalformedReplyError) as caught:
        read_reply(text)
    return str(caught.value)


@given(st.dictionaries(st.text(max_size=8), ARRAYS, max_size=4))
def test_arrays_arrive_as_they_were_sent(arrays: dict[str, np.ndarray]) -> None:
    received = read_reply(wrap(channel_inside.pack({}, arrays)))
    assert received.keys() == arrays.keys()
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype
        np.testing.assert_array_equal(received[name], array)


def test_fortran_order_arrives_as_the_same_array() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(read_reply(wrap(channel_inside.pack({}, {"x": array})))["x"], array)


def test_requests_are_read_by_the_other_end() -> None:
    expression = channel.request_expression("module:drive", "net.forward", {"x": np.eye(2), "n": np.array(3)})
    packed = expression.split("answer('")[1].split("'")[0]
    header, arrays = channel_inside.unpack(base64.b64decode(packed))
    assert (header["drive"], header["target"]) == ("module:drive", "net.forward")
    np.testing.assert_array_equal(arrays["x"], np.eye(2))
    assert arrays["n"] == 3


def test_a_drive_is_called_with_the_students_object() -> None:
    namespace = {"double": lambda x: 2 * x}
    packed = packed_request("double")
    reply = channel_inside.answer(base64.b64encode(packed).decode(), namespace)
    np.testing.assert_array_equal(read_reply(repr(reply))["y"], [0, 2, 4])


def packed_request(target: str) -> bytes:
    header = {"drive": f"{__name__}:drive_function", "target": target, "off_limits": []}
    return channel_inside.pack(header, {"x": np.arange(3.0)})


def drive_function(student: Any, x: np.ndarray) -> dict[str, Any]:
    return {"y": student(x)}


@pytest.mark.parametrize(
    ("target", "name"), [("missing", "NameError"), ("1/0", "ZeroDivisionError"), ("lambda x: None", "TypeError")]
)
def test_what_the_students_code_raises_is_named(target: str, name: str) -> None:
    packed = packed_request(target)
    with pytest.raises(StudentError) as caught:
        read_reply(repr(channel_inside.answer(base64.b64encode(packed).decode(), {})))
    assert caught.value.name == name


@given(st.one_of(st.none(), st.integers(), st.binary(), st.text(), st.lists(st.text())))
def test_anything_that_is_no_reply_is_refused(text: object) -> None:
    refused(text)


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(content: bytes) -> None:
    refused(wrap(content))


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_reply_is_refused_or_still_holds_numbers_only(data: st.DataObject) -> None:
    content = bytearray(channel_inside.pack({}, {"x": np.arange(6.0).reshape(2, 3), "n": np.array(1)}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        received = read_reply(wrap(bytes(content)))
    except StudentError:
        return
    assert all(type(array) is np.ndarray and array.dtype.kind in "biufc" for array in received.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_json_header_is_refused_or_empty(header: Any) -> None:
    with contextlib.suppress(StudentError):
        assert read_reply(message(header)) == {}


def test_pickled_arrays_are_refused() -> None:
    body = npy(np.array([object], dtype=object), allow_pickle=True)
    assert "numbers" in refused(message({"arrays": [["x", len(body)]]}, body))


def test_pickle_bytes_are_refused_and_do_not_run() -> None:
    body = b"cos\nsystem\n(S'touch /tmp/dlcourse-owned'\ntR."
    assert "not .npy" in refused(message({"arrays": [["x", len(body)]]}, body))


def test_a_giant_reply_is_refused_before_it_is_decoded() -> None:
    assert "larger than" in refused("'" + "A" * (channel.REPLY_SIZE + 1) + "'")


def test_a_deeply_nested_header_is_refused() -> None:
    text = (b"[" * 30_000) + (b"]" * 30_000)
    assert "not JSON" in refused(wrap(struct.pack(">I", len(text)) + text))


def test_a_header_longer_than_its_limit_is_refused() -> None:
    text = b" " * (100 << 10) + b"{}"
    assert "header" in refused(wrap(struct.pack(">I", len(text)) + text))


@pytest.mark.parametrize("shape", ["(10**9,)", "(1000000000, 1000000000)", "(2, 4)", "(0,)", "(-7,)", "(7.0,)", "7"])
def test_a_shape_that_its_bytes_do_not_hold_is_refused(shape: str) -> None:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    body = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(56)
    refused(message({"arrays": [["x", len(body)]]}, body))


@pytest.mark.parametrize("dtype", ["U4", "S4", "M8[s]", [("a", "f8")]])
def test_entries_that_are_not_numbers_are_refused(dtype: Any) -> None:
    body = npy(np.zeros(2, dtype=dtype))
    assert "numbers" in refused(message({"arrays": [["x", len(body)]]}, body))


@pytest.mark.parametrize(
    "header",
    [
        {"arrays": [["x", -1]]},
        {"arrays": [["x", 10**12]]},
        {"arrays": [["x", True]]},
        {"arrays": [["x"]]},
        {"arrays": "x"},
        {"arrays": [["x", 1]] * 500},
        {"error": "no"},
        {"error": {"name": 1, "message": "", "line": ""}},
        {"arrays": [[1, 0]]},
    ],
)
def test_malformed_headers_are_refused(header: dict[str, Any]) -> None:
    refused(message(header))


def test_bytes_left_over_are_refused() -> None:
    assert "left over" in refused(message({"arrays": []}, b"xx"))


def test_long_error_texts_are_cut() -> None:
    with pytest.raises(StudentError) as caught:
        read_reply(message({"error": {"name": "E" * 1000, "message": "m" * 50_000, "line": "l"}}))
    assert len(str(caught.value)) < 1000
