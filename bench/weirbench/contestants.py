"""The proxies that bench/throughput compares: how each is started, and which process to account."""

import re
import shutil
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from . import portkey
from .processes import WEIR, Process, StartFailure, free_ports, run_briefly
from .settings import KEY, haproxy_config, nginx_config, weir_policy  # noqa: F401 (KEY: what the benches' clients show)

PROXIES = ["Weir", "HAProxy", "nginx"]
NAMES = [*PROXIES, "Portkey"]


@dataclass
class Contestant:
    """A running proxy: where it listens and which process to account."""

    name: str
    process: Process
    port: int
    admin_port: int  # Weir's; the others have none
    headers: list = field(default_factory=list)  # that its clients must send

    def pss_bytes(self):
        """Memory of the process, shared pages divided among those who share them."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) * 1024


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if not found:
        raise StartFailure(f"{name} is not installed; deploy/install-dependencies --tests installs it")
    return found


def start(name, backend_port, directory, cpu, weir=WEIR, streaming=False, tls=None):
    """Starts one of NAMES on CPU `cpu` and waits until it listens, with TLS where `tls` is given."""
    port, admin_port = free_ports(2)
    directory = Path(directory)
    config = directory / f"{name}.conf"
    environment, headers = {"OPENSSL_CONF": str(tls.settings)} if tls else {}, []
    if name == "Weir":
        config.write_text(weir_policy(port, admin_port, backend_port, tls))
        command = [weir, "serve", config]
    elif name == "HAProxy":
        config.write_text(haproxy_config(port, backend_port, streaming, tls))
        command = [program("haproxy"), "-db", "-f", config]
    elif name == "nginx":
        config.write_text(nginx_config(port, backend_port, directory, buffering=not streaming, tls=tls))
        command = [program("nginx"), "-c", config, "-p", directory, "-e", "stderr"]
    else:
        command, headers = portkey.command(port), portkey.headers(backend_port)
        environment = portkey.ENVIRONMENT
    process = Process(name, command, directory, cpu, environment)
    try:
        process.wait_for_port(port, timeout=20)
    except BaseException:
        process.stop()
        raise
    return Contestant(name, process, port, admin_port, headers)


def available(names, required):
    """Those of `names` that can run here. What cannot be installed is left out with a word, unless it is `required`."""
    if "Portkey" not in names:
        return names
    try:
        portkey.install()
        return names
    except portkey.Unavailable as failure:
        if required:
            raise
        print(f"Portkey is left out: {failure}", file=sys.stderr)
        return [name for name in names if name != "Portkey"]


def weir_metric(contestant, name):
    """The sum of one of Weir's metrics over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{contestant.admin_port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)", text, re.M))


def versions(names, weir=WEIR):
    """name -> what it says its version is."""
    found = {}
    if "Weir" in names:
        found["Weir"] = re.findall(r"weir (\S+)", run_briefly([weir, "version"]))[:1]
    if "HAProxy" in names:
        found["HAProxy"] = re.findall(r"version (\S+)", run_briefly([program("haproxy"), "-v"]))[:1]
    if "nginx" in names:
        found["nginx"] = re.findall(r"nginx/(\S+)", run_briefly([program("nginx"), "-v"]))[:1]
    if "Portkey" in names:
        found["Portkey"] = [f"{portkey.version()} on Node {run_briefly(['node', '--version']).strip().lstrip('v')}"]
    return {name: words[0] if words else "unknown version" for name, words in found.items()}
