"""The bundler of the front end's modules."""

import pytest

from dlcourse.widgets.bundle import FOLDER, bundle


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_a_module_comes_after_those_it_imports_and_once(tmp_path):
    write(
        tmp_path,
        top='import { a } from "./left.js";\nimport { b, c } from "./base.js";\nexport const top = a + b + c;\n',
        left='import { b } from "./base.js";\nexport function a() { return b; }\n',
        base="export const b = 1;\nexport class c {}\nexport async function d() {}\n",
    )
    text = bundle(tmp_path / "top.js")
    assert text.index("const module_base =") < text.index("const module_left =") < text.index("const module_top =")
    assert text.count("const module_base =") == 1
    assert "const { b, c } = module_base;" in text
    assert "return { b, c, d };" in text
    assert text.endswith("export const { top } = module_top;\n")


@pytest.mark.parametrize(
    "line",
    [
        'import * as x from "./base.js";',
        'import x from "./base.js";',
        'import { a } from "https://example.org/x.js";',
        "export default 1;",
        "export { a };",
        "export let a = 1;",
    ],
)
def test_other_forms_are_refused_by_name(tmp_path, line):
    write(tmp_path, top=line, base="export const a = 1;")
    with pytest.raises(ValueError, match=r"top\.js has "):
        bundle(tmp_path / "top.js")


def test_circles_and_double_names_are_refused(tmp_path):
    write(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = 1;',
        b='import { a } from "./a.js";\nexport const b = 1;',
        c="export const draw = 1;",
        d="export const draw = 2;",
    )
    with pytest.raises(ValueError, match=r"a\.js imports itself through a\.js, b\.js"):
        bundle(tmp_path / "a.js")
    with pytest.raises(ValueError, match="export the same name"):
        bundle(tmp_path / "c.js", tmp_path / "d.js")


def test_every_module_of_the_front_end_can_be_bundled():
    for module in FOLDER.glob("*.js"):
        assert "export const {" in bundle(module)


def test_the_front_end_has_no_numerics():
    exceptions = ("mlp.js", "mlp_train.js", "page_network.js")  # tests/browser compares them with Python
    for module in FOLDER.glob("*.js"):
        if module.name in exceptions:
            continue
        text = module.read_text("utf-8")
        for word in ("Math.exp", "Math.log", "Math.pow", "Math.tanh", "Math.sqrt", "eval(", "new Function"):
            assert word not in text, (module.name, word)
