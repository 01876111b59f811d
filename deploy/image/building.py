"""Builds the Dockerfile on a stand-in base: Python of Debian under the published base's name.

The store, and all else that is made here, lies in build/image of the checkout: the machine's own
images and containers are neither seen nor touched.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import agent

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/image"
DOCKERFILE = ROOT / "Dockerfile"
NAME = f"localhost/pantau:{agent.__version__}"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "buildah": "buildah",
    "crun": "crun",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
}
"""What this needs, and the Debian package of each."""
PACKAGES = ("python3.11", "python3.11-venv", "ca-certificates")


def run(*words: str | Path) -> str:
    """Run a program and return what it prints; where it fails, show that and its complaints."""
    done = subprocess.run(
        [str(each) for each in words], check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
        done.check_returncode()
    return done.stdout.strip()


def buildah(*words: str | Path) -> str:
    """Run buildah on a store of our own."""
    store = ("--root", FOLDER / "store", "--runroot", FOLDER / "runroot")
    return run("buildah", "--log-level", "error", *store, *words)


def build() -> dict[str, Any]:
    """Build the image; returns its sizes in megabytes and its number of layers."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    buildah("rm", "--all")
    base = f"localhost/{base_name(DOCKERFILE.read_text())}"
    if base not in sizes_mb():
        _stand_in(base)
    _image()
    buildah("rmi", "--prune", "--force")
    sizes = sizes_mb()
    layers = json.loads(buildah("inspect", "--type", "image", NAME))["OCIv1"]["rootfs"]["diff_ids"]
    return {"size_mb": sizes[NAME], "base_mb": sizes[base], "layers": len(layers)}


def base_name(dockerfile: str) -> str:
    """What every stage is built from. ValueError where they differ."""
    (name,) = set(re.findall(r"^FROM (\S+)", dockerfile, flags=re.MULTILINE))
    return str(name)


def sizes_mb() -> dict[str, int]:
    """The size of each named image in the store, unpacked."""
    images = json.loads(buildah("images", "--json") or "[]")
    return {name: _megabytes(each["size"]) for each in images for name in each["names"] or ()}


def _megabytes(words: str) -> int:
    """``310 MB`` as a number. ValueError at another unit."""
    number, unit = words.split()
    if unit != "MB":
        raise ValueError(f"not in megabytes: {words}")
    return round(float(number))


def _stand_in(base: str) -> None:
    """Debian's Python, with /usr/local as in the published base: Python and pip, to be taken out.

    As an environment, /usr/local takes a pip that Debian's own Python would refuse.
    """
    archive = FOLDER / "base.tar"
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
        *("--dpkgopt=path-exclude=/usr/share/doc/*", "bookworm", archive),
    )
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, archive, "/")
    archive.unlink()
    environment = ("python3.11", "-m", "venv", "/usr/local")
    buildah("run", "--isolation", "chroot", container, "--", *environment)
    buildah("commit", "--quiet", "--rm", container, base)


def _image() -> None:
    """The Dockerfile as it stands. Nothing is pulled: the base is the one in the store.

    The machine's certificate authorities are lent to the build, for indexes behind a proxy.
    """
    (FOLDER / "pip.conf").write_text(f"[global]\ncert = {AUTHORITIES}\n")
    lent = [(FOLDER / "pip.conf", "/etc/pip.conf"), (AUTHORITIES, AUTHORITIES)]
    volumes = [f"--volume={here}:{there}:ro" for here, there in lent if AUTHORITIES.exists()]
    buildah(
        *("build", "--isolation=chroot", "--network=host", "--pull-never", "--format=docker"),
        *(f"--build-arg=REVISION={revision()}", *volumes, "--tag", NAME, ROOT),
    )


def revision() -> str:
    """The commit that is built."""
    return run("git", "-C", ROOT, "-c", f"safe.directory={ROOT}", "rev-parse", "HEAD")


if __name__ == "__main__":
    os.umask(0o022)
    json.dump(build(), sys.stdout)
