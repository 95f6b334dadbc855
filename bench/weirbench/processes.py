"""Starts the programs under test, waits until they are ready, and ends only those.

Each writes its output to a file of its own, because a full pipe would block it.
"""

import os
import re
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEIR = ROOT / "build/release/proxy/weir"


class StartFailure(RuntimeError):
    """A program did not start; the message has its output."""


def require_built(*programs):
    """Raises StartFailure, saying how to build them, when one is missing."""
    for program in programs:
        if not Path(program).exists():
            raise StartFailure(f"{program} does not exist; build it with: "
                               "cmake --preset release -D WEIR_BENCH=ON && cmake --build --preset release")


def allow_descriptors():
    """Raises this process's limit, and so its children's, as far as allowed."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_ports(count):
    """Ports of the loopback that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def port_is_taken(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            return False
        except OSError:
            return True


def most_connections(at_most=20000):
    """Client connections that a proxy can take here, each with a server connection beside it."""
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(at_most, (descriptors - 200) // 2)


class Process:
    """A child process with its output in `directory`. Use it as a context manager, or stop() it."""

    def __init__(self, name, command, directory, cpu=None, environment=None):
        """`environment`: variables to set beside those of this process."""
        self.name = name
        self.output = Path(directory) / f"{name}.log"
        self._file = open(self.output, "wb")

        def pin():
            if cpu is not None:
                os.sched_setaffinity(0, {cpu})

        try:
            self._child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                           stdout=self._file, stderr=subprocess.STDOUT, preexec_fn=pin,
                                           env={**os.environ, **(environment or {})})
        except OSError as error:
            self._file.close()
            raise StartFailure(f"cannot start {name}: {error}") from None

    @property
    def pid(self):
        return self._child.pid

    def said(self):
        return self.output.read_text(errors="replace")

    def wait_for_line(self, prefix, timeout=10):
        """The first output line that starts with `prefix`. Raises StartFailure if it does not come."""
        deadline = time.monotonic() + timeout
        while True:
            for line in self.said().splitlines():
                if line.startswith(prefix):
                    return line
            self.check_running(f"before it said '{prefix}'")
            if time.monotonic() > deadline:
                raise StartFailure(f"{self.name} did not say '{prefix}' within {timeout} s. It said:\n{self._last_words()}")
            time.sleep(0.02)

    def wait_for_port(self, port, timeout=10):
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                self.check_running(f"before it listened on port {port}")
                if time.monotonic() > deadline:
                    raise StartFailure(f"{self.name} did not listen on port {port} within {timeout} s") from None
                time.sleep(0.02)

    def check_running(self, when="unexpectedly"):
        code = self._child.poll()
        if code is not None:
            raise StartFailure(f"{self.name} ended {when} with code {code}. It said:\n{self._last_words()}")

    def stop(self, timeout=3):
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._file.close()

    def _last_words(self):
        return "\n".join(f"  {line}" for line in self.said().splitlines()[-20:]) or "  (nothing)"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_mock(weir, directory, port=0, preset="small-gpu"):
    """Starts the stand-in AI server. Returns the process and its port."""
    process = Process("mock-backend", [weir, "mock-backend", "--listen", f"127.0.0.1:{port}", "--preset", preset], directory)
    try:
        return process, port_of(process.wait_for_line("ready: "))
    except BaseException:
        process.stop()
        raise


def start_weir(weir, policy, directory, cpu=None):
    """Starts Weir. Returns the process when all its listeners are bound."""
    process = Process("weir", [weir, "serve", policy], directory, cpu)
    try:
        process.wait_for_line("ready: ")
        return process
    except BaseException:
        process.stop()
        raise


def port_of(ready_line):
    """The port of the last address in a ready line."""
    return int(re.findall(r":(\d+)\b", ready_line)[-1])


def run_briefly(command, timeout=10):
    """The output of a command, or '' if it fails."""
    try:
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout + result.stderr if result.returncode == 0 else ""


def machine():
    """One line about where the figures come from."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    system = "Linux"
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            system = line.split("=", 1)[1].strip('"')
    return f"{os.cpu_count()} CPUs ({model}), {system}, kernel {os.uname().release}"
