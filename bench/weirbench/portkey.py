"""Portkey's AI gateway (npm's @portkey-ai/gateway) as a contestant: how it is installed, started and asked.

The version is the one that bench/portkey/package-lock.json names, with all that it depends on. It is installed once, and
its packages' own scripts are not run. It would listen on every address of the machine; a preload keeps it on 127.0.0.1."""

import json
import shutil
import subprocess
from pathlib import Path

from .processes import ROOT, StartFailure

MANIFEST = ROOT / "bench/portkey"
FOLDER = ROOT / ".cache/bench/portkey"
PROGRAM = "node_modules/@portkey-ai/gateway/build/start-server.js"


class Unavailable(StartFailure):
    """It cannot be installed here; the message says why."""


def version():
    return json.loads((MANIFEST / "package.json").read_text())["dependencies"]["@portkey-ai/gateway"]


def install(folder=FOLDER):
    """Installs it, unless this version is there already. Raises Unavailable."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        raise Unavailable("npm or node is not installed")
    wanted = (MANIFEST / "package-lock.json").read_bytes()
    installed = folder / "installed-lock.json"
    if installed.exists() and installed.read_bytes() == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "loopback.cjs"):
        shutil.copy(MANIFEST / name, folder)
    try:
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder,
                              capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"npm could not install it: {error}") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"npm could not install it: {lines[0] if lines else 'it did not say why'}")
    installed.write_bytes(wanted)


def command(port, folder=FOLDER):
    return ["node", "--require", folder / "loopback.cjs", folder / PROGRAM, f"--port={port}", "--headless"]


# Without it every request is also kept for the page that shows a developer the last ones.
ENVIRONMENT = {"NODE_ENV": "production"}


def headers(backend_port):
    """What tells it where to forward a request."""
    return ["x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{backend_port}/v1"]
