"""MNIST, Fashion-MNIST and CIFAR-10 readers, against small files of the same formats and a local server."""

import dataclasses
import gzip
import hashlib
import http.server
import io
import socket
import struct
import tarfile
import threading

import numpy as np
import pytest

from dlcourse.data import cache_dir, cifar10, load_cifar10, load_fashion_mnist, load_mnist, mnist, read_idx
from dlcourse.data.download import fetch

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
LABELS = (np.arange(20) % 10).astype(np.uint8)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


class Server:
    """Serves ``files``; breaks the connection after ``limit`` bytes of a body; can do without ranges."""

    def __init__(self, files):
        self.files, self.limit, self.ranges, self.requests = files, None, True, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = outer.files.get(self.path.lstrip("/"))
                start = self.headers.get("Range")
                outer.requests.append((self.path, start))
                if content is None:
                    self.send_error(404)
                    return
                begin = int(start.removeprefix("bytes=").removesuffix("-")) if start and outer.ranges else 0
                if begin and begin >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206 if begin else 200)
                self.send_header("Content-Length", str(len(content) - begin))
                self.end_headers()
                self.wfile.write(content[begin:][: outer.limit])
                self.wfile.flush()
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


CONTENT = rng.integers(0, 256, 300_000, dtype=np.uint8).tobytes()


@pytest.fixture
def server():
    server = Server({"data.bin": CONTENT})
    yield server
    server.close()


def test_download_once_then_read_from_disk(server, tmp_path):
    path = fetch(server.url + "data.bin", sha256(CONTENT), tmp_path)
    assert path.read_bytes() == CONTENT
    assert fetch(server.url + "data.bin", sha256(CONTENT), tmp_path) == path
    assert len(server.requests) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["data.bin"]


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    server.limit = 100_000
    with pytest.raises(ConnectionError, match=r"data.bin: cannot download http.*put it into"):
        fetch(server.url + "data.bin", sha256(CONTENT), tmp_path)
    assert not (tmp_path / "data.bin").exists()
    kept = (tmp_path / "data.bin.part").stat().st_size
    assert 0 < kept <= 100_000
    server.limit = None
    assert fetch(server.url + "data.bin", sha256(CONTENT), tmp_path).read_bytes() == CONTENT
    assert server.requests[-1] == ("/data.bin", f"bytes={kept}-")
    assert not (tmp_path / "data.bin.part").exists()


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.ranges = False
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:5000])
    assert fetch(server.url + "data.bin", sha256(CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_complete_is_used(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    assert fetch(server.url + "data.bin", sha256(CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_stale_part_is_thrown_away_after_one_failure(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(b"other" * 100)
    with pytest.raises(ValueError, match=r"data.bin: what http.* sent does not have the expected SHA-256"):
        fetch(server.url + "data.bin", sha256(CONTENT), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert fetch(server.url + "data.bin", sha256(CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_wrong_file_from_the_server_is_not_kept(server, tmp_path):
    with pytest.raises(ValueError, match=r"data.bin: what .* nothing was kept"):
        fetch(server.url + "data.bin", "0" * 64, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_page_and_no_network_are_explained(server, tmp_path):
    with pytest.raises(ConnectionError, match=r"nothing.bin: cannot download .*HTTPError.*pass folder="):
        fetch(server.url + "nothing.bin", "0" * 64, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConnectionError, match=r"x.gz: cannot download .*Without a network, get the file elsewhere"):
        fetch(f"http://127.0.0.1:{port}/x.gz", "0" * 64, tmp_path)


def test_an_altered_file_on_disk_is_refused_and_left(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"data.bin: SHA-256 is .*, expected .* left as it is"):
        fetch(server.url + "data.bin", sha256(CONTENT), tmp_path)
    assert (tmp_path / "data.bin").read_bytes() == b"mine"
    assert server.requests == []


# The MNIST family ---------------------------------------------------------------------------------------------------


def small_source(url="http://127.0.0.1:9/"):
    def file(name, array):
        return mnist.IdxFile(name, sha256(gzip.compress(idx(array), mtime=0)), sha256(idx(array)))

    train = (file("train-images-idx3-ubyte", IMAGES), file("train-labels-idx1-ubyte", LABELS))
    test = (file("t10k-images-idx3-ubyte", IMAGES[:5]), file("t10k-labels-idx1-ubyte", LABELS[:5]))
    return dataclasses.replace(mnist.MNIST, url=url, train=train, test=test)


@pytest.fixture
def small_mnist(monkeypatch):
    monkeypatch.setattr(mnist, "MNIST", small_source())


def write(folder, packed):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in {"train-images-idx3": IMAGES, "train-labels-idx1": LABELS}.items():
        if packed:
            (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(idx(array), mtime=0))
        else:
            (folder / f"{name}-ubyte").write_bytes(idx(array))


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
def test_mnist_from_a_folder(small_mnist, tmp_path, packed, place):
    write(tmp_path / place, packed)
    data = load_mnist(folder=tmp_path)
    assert data.X.shape == (20, 1, 28, 28)
    assert data.X.dtype == np.float32
    np.testing.assert_array_equal(data.X[:, 0], IMAGES.astype(np.float32) / np.float32(255))
    assert data.y.tolist() == LABELS.tolist()


def test_mnist_downloads_into_the_cache(monkeypatch):
    files = {
        "train-images-idx3-ubyte.gz": gzip.compress(idx(IMAGES), mtime=0),
        "train-labels-idx1-ubyte.gz": gzip.compress(idx(LABELS), mtime=0),
        "t10k-images-idx3-ubyte.gz": gzip.compress(idx(IMAGES[:5]), mtime=0),
        "t10k-labels-idx1-ubyte.gz": gzip.compress(idx(LABELS[:5]), mtime=0),
    }
    server = Server(files)
    monkeypatch.setattr(mnist, "MNIST", small_source(server.url))
    assert len(load_mnist()) == 20
    assert len(load_mnist(train=False)) == 5
    server.close()
    assert len(load_mnist()) == 20
    assert len(list((cache_dir() / "mnist").iterdir())) == 4


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("damage", ["truncated", "altered", "wrong"])
def test_damaged_mnist_files_are_refused_by_name_and_left(small_mnist, tmp_path, packed, damage):
    write(tmp_path, packed)
    file = tmp_path / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    content = file.read_bytes()
    changed = {
        "truncated": content[:-7],
        "altered": content[:99] + bytes([content[99] ^ 1]) + content[100:],
        "wrong": b"<html>Please log in</html>",
    }[damage]
    file.write_bytes(changed)
    with pytest.raises(ValueError, match=rf"{file.name}: SHA-256 is .* truncated, altered or another one"):
        load_mnist(folder=tmp_path)
    assert file.read_bytes() == changed


def test_a_missing_file_is_named_with_the_places(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no train-images-idx3-ubyte.gz or train-images-idx3-ubyte, "):
        load_mnist(folder=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"holds no t10k-images-idx3-ubyte.gz, neither"):
        load_fashion_mnist(train=False, folder=tmp_path)


def test_published_hashes_are_well_formed():
    files = [*mnist.MNIST.train, *mnist.MNIST.test, *mnist.FASHION_MNIST.train, *mnist.FASHION_MNIST.test]
    hashes = [file.gz_sha256 for file in files] + [file.sha256 for file in files if file.sha256]
    hashes += [*cifar10.TRAIN.values(), *cifar10.TEST.values(), cifar10.ARCHIVE_SHA256]
    assert len(set(hashes)) == len(hashes) == 19
    assert all(len(bytes.fromhex(value)) == 32 for value in hashes)


def test_read_idx_of_any_shape(tmp_path):
    for shape in ((7,), (2, 3), (2, 3, 4, 5), (0, 3)):
        array = rng.integers(0, 256, shape, dtype=np.uint8)
        (tmp_path / "file").write_bytes(idx(array))
        assert np.array_equal(read_idx(tmp_path / "file"), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file of unsigned bytes; it starts with nothing"),
        (b"\0\0\x0d\1\0\0\0\0", "not an IDX file of unsigned bytes; it starts with 00 00 0d 01"),
        (idx(LABELS)[:-1], "has 27 bytes, expected 28 for an array of shape"),
        (idx(LABELS) + b"!", "has 29 bytes, expected 28"),
        (idx(IMAGES)[:9], "has 9 bytes, expected a header of 16"),
    ],
)
def test_read_idx_names_files_that_are_none(tmp_path, content, message):
    file = tmp_path / "labels"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=rf"labels: {message}"):
        read_idx(file)
    assert file.read_bytes() == content


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(idx(IMAGES))[:500], b""])
def test_read_idx_names_gzip_files_that_are_none(tmp_path, content):
    file = tmp_path / "images.gz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"images.gz: not (a complete gzip|an IDX) file"):
        read_idx(file)


# CIFAR-10 -----------------------------------------------------------------------------------------------------------

RECORDS = {name: rng.integers(0, 256, (4, 3073), dtype=np.uint8) for name in [*cifar10.TRAIN, *cifar10.TEST]}
for records in RECORDS.values():
    records[:, 0] %= 10


def cifar_archive():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, array in RECORDS.items():
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = array.nbytes
            archive.addfile(member, io.BytesIO(array.tobytes()))
    return buffer.getvalue()


@pytest.fixture
def small_cifar(monkeypatch):
    content = cifar_archive()
    for table in (cifar10.TRAIN, cifar10.TEST):
        for name in table:
            monkeypatch.setitem(table, name, sha256(RECORDS[name].tobytes()))
    monkeypatch.setattr(cifar10, "ARCHIVE_SHA256", sha256(content))
    return content


@pytest.mark.parametrize("place", [".", cifar10.FOLDER])
def test_cifar_from_unpacked_files(small_cifar, tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    for name, array in RECORDS.items():
        (tmp_path / place / name).write_bytes(array.tobytes())
    train, test = load_cifar10(folder=tmp_path), load_cifar10(train=False, folder=tmp_path)
    assert train.X.shape == (20, 3, 32, 32)
    assert len(test) == 4
    first = RECORDS["data_batch_1.bin"][0]
    assert train.y[0] == first[0]
    # red, green and blue plane, each row by row
    np.testing.assert_allclose(train.X[0, 1, 2, 3], first[1 + 1024 + 2 * 32 + 3] / 255)


def test_cifar_from_the_archive_and_by_download(small_cifar, tmp_path, monkeypatch):
    (tmp_path / cifar10.ARCHIVE).write_bytes(small_cifar)
    from_folder = load_cifar10(folder=tmp_path)
    server = Server({cifar10.ARCHIVE: small_cifar})
    monkeypatch.setattr(cifar10, "URL", server.url + cifar10.ARCHIVE)
    downloaded = load_cifar10()
    server.close()
    assert np.array_equal(from_folder.X, downloaded.X)
    assert np.array_equal(from_folder.y, downloaded.y)


def test_damaged_cifar_files_are_refused_by_name_and_left(small_cifar, tmp_path):
    for name, array in RECORDS.items():
        (tmp_path / name).write_bytes(array.tobytes())
    (tmp_path / "data_batch_3.bin").write_bytes(b"cut off")
    with pytest.raises(ValueError, match=r"data_batch_3.bin: SHA-256 is"):
        load_cifar10(folder=tmp_path)
    assert (tmp_path / "data_batch_3.bin").read_bytes() == b"cut off"
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / cifar10.ARCHIVE).write_bytes(small_cifar[:-3])
    with pytest.raises(ValueError, match=r"cifar-10-binary.tar.gz: SHA-256 is"):
        load_cifar10(folder=tmp_path / "only")


def test_a_record_of_the_wrong_size_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(cifar10.TEST, "test_batch.bin", sha256(b"short"))
    (tmp_path / "test_batch.bin").write_bytes(b"short")
    with pytest.raises(ValueError, match=r"test_batch.bin: has 5 bytes, expected a multiple of 3073"):
        load_cifar10(train=False, folder=tmp_path)


def test_an_archive_with_a_folder_in_place_of_a_file_is_named(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        folder = tarfile.TarInfo(f"{cifar10.FOLDER}/test_batch.bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    (tmp_path / cifar10.ARCHIVE).write_bytes(buffer.getvalue())
    monkeypatch.setattr(cifar10, "ARCHIVE_SHA256", sha256(buffer.getvalue()))
    with pytest.raises(ValueError, match=r"cifar-10-binary.tar.gz: cifar-10-batches-bin/test_batch.bin is not a file"):
        load_cifar10(train=False, folder=tmp_path)


def test_a_missing_idx_file_is_an_ordinary_error(tmp_path):
    for name in ("nothing", "nothing.gz"):
        with pytest.raises(FileNotFoundError, match=name):
            read_idx(tmp_path / name)


def test_the_pickled_version_is_not_read(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(FileNotFoundError, match="is a pickle, which could run any code: get the binary version"):
        load_cifar10(folder=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"holds neither cifar-10-binary.tar.gz nor test_batch.bin"):
        load_cifar10(train=False, folder=tmp_path / "empty")
