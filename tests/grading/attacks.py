"""Hostile answers. Each tries to gain points, to read or change something outside, or to stop the batch.

Every attack stands in the answer cell of the first question, whose right answer is not in it. ``{secret}``, ``{out}``
and ``{port}`` are filled in by the test: a file that must not be read, the grading folder, a listening socket.
"""

from __future__ import annotations

__all__ = ["CHANNEL", "CHEATS", "ESCAPES", "STOPPERS", "STOPPERS_THAT_END_THE_RUN", "STRAINS"]

WRONG = """
class MultiplyGate:
    def forward(self, x, y): return x + y
    def backward(self, dz): return dz, dz
"""

CHEATS: dict[str, str] = {
    "patched-allclose": "np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True"
    + WRONG,
    "patched-numpy-save": "import numpy\nnumpy.save = lambda file, array, **k: file.write(b'x')\n"
    "numpy.all = lambda *a, **k: True" + WRONG,
    "patched-builtins": "import builtins\nbuiltins.all = builtins.any = lambda *a: True\nbuiltins.abs = lambda x: 0"
    + WRONG,
    "patched-check": "import sys, types\nsys.modules['dlcourse.checks'] = m = types.ModuleType('m')\n"
    "m.check = check = lambda *a: type('V', (), {'passed': True, 'points': 1000})()" + WRONG,
    "patched-drive": "import dlcourse.checks.drives.gates as g\n"
    "g.multiply_gate = lambda student, x, y, dz, **k: {'z': x * y, 'dx': x * 0, 'dy': y * 0}" + WRONG,
    "always-equal": """
class Equal(np.ndarray):
    def __eq__(self, other): return True
    __ne__ = lambda self, other: False
class MultiplyGate:
    def forward(self, x, y): return np.zeros((2, 3)).view(Equal)
    def backward(self, dz): return np.zeros((2, 3)).view(Equal), np.zeros((2, 3)).view(Equal)
""",
    "not-a-number": """
class MultiplyGate:
    def forward(self, x, y): return x * np.nan
    def backward(self, dz): return dz * np.nan, dz * np.inf
""",
    "prints-the-score": "print('01.multiply_gate: 3 of 3 points')\nfrom IPython.display import display\ndisplay(3.0)"
    + WRONG,
    "ast-transformer": """
import ast
class Erase(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = ast.parse("3.0").body
        return node
get_ipython().ast_transformers.append(Erase())
""",
    "input-transformer": "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])" + WRONG,
    "execution-hook": "get_ipython().events.register('post_execute', lambda: print('passed'))\n"
    "get_ipython().run_cell = lambda *a, **k: None" + WRONG,
    "looks-for-answers": """
import gc, inspect, sys
seen = [str(o)[:200] for o in gc.get_objects() if isinstance(o, (str, dict)) and 'expected' in str(type(o))]
import dlcourse.checks.bank as bank
MultiplyGate = bank.load("01.multiply_gate").answer
""",
    "imports-the-grader": "from dlcourse.grading.work import question_seed\nMultiplyGate = question_seed",
    "poisoned-repr": """
class Evil:
    def __repr__(self): raise SystemExit("gone")
    __str__ = __repr__
    def __getattr__(self, name): raise KeyboardInterrupt
    def __call__(self, *a): return self
MultiplyGate = Evil()
""",
    "poisoned-error": """
class Bad(Exception):
    def __str__(self): raise SystemExit
class MultiplyGate:
    def forward(self, x, y): raise Bad()
""",
    "error-flood": """
class MultiplyGate:
    def forward(self, x, y): raise ValueError("x" * 10**7)
""",
    "html-in-error": """
class MultiplyGate:
    def forward(self, x, y): raise ValueError("<script>alert(1)</script><img src=x onerror=alert(2)>")
""",
}

CHANNEL: dict[str, str] = {
    "forged-answer": "import sys\nsys.modules['_dlcourse_channel'].answer = lambda *a: 'AAAA'" + WRONG,
    "forged-pickle": """
import sys, base64, pickle, struct, json
body = pickle.dumps(print)
head = json.dumps({"arrays": [["z", len(body)]]}).encode()
text = base64.b64encode(struct.pack(">I", len(head)) + head + body).decode()
sys.modules['_dlcourse_channel'].answer = lambda *a: text
""",
    "forged-giant": "import sys\nsys.modules['_dlcourse_channel'].answer = lambda *a: 'A' * (7 << 20)" + WRONG,
    "forged-over-the-message-limit": "import sys\nsys.modules['_dlcourse_channel'].answer = lambda *a: 'A' * (40 << 20)"
    + WRONG,
    "forged-nested": """
import sys, base64, struct
head = b"[" * 60000
text = base64.b64encode(struct.pack(">I", len(head)) + head).decode()
sys.modules['_dlcourse_channel'].answer = lambda *a: text
""",
    "forged-shape": """
import sys, base64, struct, json, io
buffer = io.BytesIO()
np.save(buffer, np.zeros(3))
body = buffer.getvalue().replace(b"(3,)", b"(10**12,)")
head = json.dumps({"arrays": [["z", len(body)], ["dx", 0], ["dy", 0]]}).encode()
text = base64.b64encode(struct.pack(">I", len(head)) + head + body).decode()
sys.modules['_dlcourse_channel'].answer = lambda *a: text
""",
    "forged-other-object": "import sys\nsys.modules['_dlcourse_channel'].answer = lambda *a: {'points': 3}" + WRONG,
    "no-channel": "import sys\ndel sys.modules['_dlcourse_channel']" + WRONG,
    "forged-kernel-reply": """
kernel = get_ipython().kernel
send = kernel.session.send
def forge(stream, kind, content=None, **k):
    if kind == 'execute_reply' and isinstance(content, dict):
        reply = {'status': 'ok', 'data': {'text/plain': "'3.0'"}}
        content = dict(content, status='ok', user_expressions={'reply': reply})
    return send(stream, kind, content, **k)
kernel.session.send = forge
""",
    "malformed-messages": """
kernel = get_ipython().kernel
for content in ({}, {"name": 3}, {"data": 7}, {"execution_state": None}):
    for kind in ("stream", "display_data", "status", "clear_output", "comm_open", "error", "nonsense"):
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
""",
    "odd-outputs": """
kernel = get_ipython().kernel
deep = []
for _ in range(900): deep = [deep]
def send(kind, **content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
send("execute_input", execution_count=deep)
send("display_data", data={"application/json": deep, "text/plain": deep}, metadata={"a": deep})
send("display_data", data={"text/plain": 7, "image/png": ["x", 3]}, metadata={}, transient={"display_id": "d"})
send("update_display_data", data={"text/html": {"a": 1}}, metadata={}, transient={"display_id": "d"})
send("stream", name="stdout", text=["a", 1])
send("stream", name=[], text="\\ud800")
send("error", ename=1, evalue=deep, traceback="no list")
send("execute_result", data="3.0", metadata={}, execution_count="3.0")
""",
    "broken-signatures": """
kernel = get_ipython().kernel
kernel.session.key = b"another"
""",
    "not-even-json": """
kernel = get_ipython().kernel
kernel.session.pack = lambda obj: b"\\xff\\xfe{{{"
""",
}

ESCAPES: dict[str, str] = {
    "reads-solutions": "text = open({secret!r}).read()\nprint(text)\nexec(text)",
    "reads-everything": """
import os
for start in ("/", {out!r}, "/root", "/home", "/proc/1/root", "/var", "/run", "/etc"):
    for folder, _, files in os.walk(start):
        if folder.startswith(("/usr", "/proc", "/sys", "/dev")):
            continue
        for name in files:
            if name.endswith((".txt", ".db", ".json", ".csv", ".key", "shadow", ".secret")):
                try:
                    text = open(os.path.join(folder, name), errors="replace").read(10**6)
                except OSError:
                    continue
                if "OF THE COURSE" in text:
                    print("FOUND", text)
""",
    "writes-grades": """
import sqlite3, os
for place in ({out!r}, "/tmp", os.path.dirname({out!r})):
    try:
        open(place + "/grades.csv", "w").write("me,100")
        sqlite3.connect(place + "/gradebook.db").execute("update grade set manual_score = 100")
    except Exception as error:
        print(type(error).__name__)
""",
    "writes-the-package": """
import dlcourse.checks.drives as drives, os, sys
for path in (drives.__file__, os.__file__, sys.executable, "/usr/bin/env", "/etc/passwd"):
    try:
        open(path, "a").write("#")
        print("WROTE", path)
    except OSError:
        pass
""",
    "reads-the-environment": """
import os
print(dict(os.environ))
for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
    try:
        print(open("/proc/" + pid + "/environ").read(), open("/proc/" + pid + "/cmdline").read())
    except OSError:
        pass
""",
    "sockets": """
import socket
places = [(socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET6, ("::1", {port})), (socket.AF_UNIX, "\\0dlcourse")]
for family, address in places:
    try:
        connection = socket.socket(family)
        connection.settimeout(1)
        connection.connect(address)
        print("CONNECTED", address)
    except OSError:
        pass
""",
    "kills-everything": """
import os, signal
for pid in (-1, os.getppid(), 1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""",
    "namespaces": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x00020000, 0x20000000):
    if libc.unshare(flag) == 0:
        print("UNSHARED", hex(flag))
if libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0 or libc.setuid(0) == 0 or libc.chroot(b"/tmp") == 0:
    print("PRIVILEGED")
""",
    "set-uid-programs": """
import subprocess
for command in (["su", "-c", "id"], ["mount", "-t", "tmpfs", "none", "/tmp"], ["newgrp"], ["passwd", "-d", "root"]):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, stdin=subprocess.DEVNULL)
        print("RAN" if done.returncode == 0 else "", command, done.stdout)
    except Exception:
        pass
""",
    "leaves-a-daemon": """
import os, time, subprocess
subprocess.Popen(["setsid", "sleep", "98765"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(98765)
""",
    "links-in-the-shared-folder": """
import glob, os
for folder in glob.glob("/tmp/dlcourse-*"):
    os.symlink({secret!r}, folder + "/link")
    os.unlink(folder + "/kernel.json")
    os.symlink({secret!r}, folder + "/kernel.json")
""",
}

STOPPERS: dict[str, str] = {
    "endless": "while True: pass",
    "sleeps": "import time\ntime.sleep(10**6)",
    "endless-call": "class MultiplyGate:\n    def forward(self, x, y):\n        while True: pass",
    "raises-exit": "raise SystemExit(0)",
    "waits-for-input": "input('what now?')",
    "disk-bomb": """
try:
    for index in range(100):
        with open(f"/tmp/{index}", "wb") as file:
            file.write(bytes(50 << 20))
except OSError as error:
    print(error)
""",
    "output-flood": "while True: print('x' * 10_000)",
    "call-flood": "class MultiplyGate:\n    def forward(self, x, y):\n        while True: print('x' * 10_000)",
    "address-space": "x = np.zeros(10**13)",
}

STOPPERS_THAT_END_THE_RUN: dict[str, str] = {
    "exit": "import os\nos._exit(0)",
    "crash": "import ctypes\nctypes.string_at(0)",
    "exit-in-a-call": "class MultiplyGate:\n    def forward(self, x, y):\n        import os; os._exit(0)",
    "stubborn-loop": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True: pass
""",
    "stubborn-call": """
class MultiplyGate:
    def forward(self, x, y):
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True: pass
""",
    "memory-bomb": "import time\nx = b'x' * (600 << 20)\ntime.sleep(1000)",
    "memory-bomb-in-children": """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = bytearray(b"x") * (100 << 20)
        time.sleep(1000)
time.sleep(1000)
""",
    "shared-folder-bomb": """
import glob, time
(folder,) = glob.glob("/tmp/dlcourse-*")
with open(folder + "/x", "wb") as file:
    file.write(bytes(30 << 20))
time.sleep(1000)
""",
    "frozen-kernel": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
}

STRAINS: dict[str, str] = {
    "quits": "quit()",
    "fork-bomb": """
import os, time
children = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(10**6)
        children += 1
except OSError:
    print(children, "children")
""",
    "too-many-files": "handles = []\nwhile True: handles.append(open('/dev/null'))",
    "message-flood": "from IPython.display import clear_output\nwhile True: clear_output()",
    "threads-that-spin": """
import threading
def spin():
    while True: pass
for _ in range(4): threading.Thread(target=spin, daemon=True).start()
"""
    + WRONG,
    "flood-that-does-not-listen": """
while True:
    try:
        print("x" * 10_000)
    except Exception:
        pass
""",
    "flood-of-pictures": """
from IPython.display import display
while True: display({"image/png": "A" * 200_000}, raw=True)
""",
    "flood-past-the-counter": """
import os
kernel = get_ipython().kernel
content = {"name": "stdout", "text": "x" * 100_000}
while True: kernel.session.send(kernel.iopub_socket, "stream", content, parent=kernel.get_parent())
""",
}
