"""Download one file: checked by its hash, resumed after an interruption, clear when there is no network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

__all__ = ["fetch", "verify"]


def fetch(url: str, sha256: str, folder: Path) -> Path:
    """The file behind ``url`` in ``folder``, downloaded only when it is not there yet.

    What is there must have the hash ``sha256``: anything else is refused and left as it is.
    An interrupted download leaves ``NAME.part``, from which the next call goes on.
    Raises ``ValueError`` for a wrong hash and ``ConnectionError`` when the server is out of reach.
    """
    path = folder / url.rsplit("/", 1)[-1]
    if path.exists():
        verify(path, sha256)
        return path
    import pooch
    import requests

    try:
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=folder, downloader=_resuming_download)
    except ValueError as error:
        raise ValueError(
            f"{path.name}: what {url} sent does not have the expected SHA-256 {sha256}; nothing was kept"
        ) from error
    except (requests.RequestException, OSError) as error:
        raise ConnectionError(
            f"{path.name}: cannot download {url} ({type(error).__name__}). Without a network, get the file elsewhere "
            f"and put it into {folder}, or pass folder=… to read a copy that you have"
        ) from error
    return path


def verify(path: Path, sha256: str) -> None:
    """Raise ``ValueError``, naming the file and both hashes, unless ``path`` has the hash ``sha256``."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path}: SHA-256 is {found}, expected {sha256}; the file is truncated, altered or another one. "
            f"It is left as it is: move or delete it, then try again"
        )


def _resuming_download(url: str, output_file: Any, pooch: Any = None) -> None:  # noqa: ARG001 - pooch's interface
    """A downloader for pooch that continues ``NAME.part`` with an HTTP range request."""
    import requests
    from tqdm.auto import tqdm

    part = Path(output_file).with_name(url.rsplit("/", 1)[-1] + ".part")
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=30) as response:
        complete_already = done and response.status_code == requests.codes.requested_range_not_satisfiable
        if not complete_already:
            response.raise_for_status()
            continued = response.status_code == requests.codes.partial_content
            size = int(response.headers.get("Content-Length", 0)) + (done if continued else 0)
            with (
                part.open("ab" if continued else "wb") as file,
                tqdm(
                    total=size or None, initial=done if continued else 0, unit="B", unit_scale=True, desc=part.stem
                ) as bar,
            ):
                for block in response.iter_content(1 << 16):
                    file.write(block)
                    bar.update(len(block))
    part.replace(output_file)
