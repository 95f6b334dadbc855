"""The real binary as a process of its own: started on a policy in a temporary folder, stopped, and judged.

A test fails when the process crashed, when a sanitizer reported something, or when it did not stop by itself.
"""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from support.backend import Backend, ok
from support.metrics import Metrics
from support.policy import small_policy, to_yaml
from support.waiting import eventually, scaled
from support.wire import Client, exchange

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WEIR_BINARY", str(ROOT / "build/dev/proxy/weir"))
COMPLAINT = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed|terminate called")


def run_weir(*arguments, cwd=None, env=None):
    """One verb to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=True,
                          timeout=scaled(20))
    return done.returncode, done.stdout, done.stderr


class Weir:
    def __init__(self, policy, files=None, env=None, descriptors=None):
        """`descriptors`: how many files it may open."""
        self._folder = tempfile.TemporaryDirectory(prefix="weir-e2e-")
        self.folder = Path(self._folder.name)
        self.policy_file = self.folder / "policy.yaml"
        for name, text in (files or {}).items():
            self.write(name, text)
        self.write_policy(policy)
        self.stderr_file = self.folder / "stderr"
        self.stdout = ""
        self.addresses = {}
        self._env = {**os.environ, **(env or {})}
        self._limited = ["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []
        self._process = None

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def write_policy(self, policy):
        self.policy_file.write_text(policy if isinstance(policy, str) else to_yaml(policy))

    def start(self):
        with open(self.stderr_file, "wb") as errors:
            self._process = subprocess.Popen([*self._limited, BINARY, "serve", str(self.policy_file)], stdout=subprocess.PIPE,
                                             stderr=errors, cwd=self.folder, env=self._env, text=True)
        lines = queue.Queue()
        self._reader = threading.Thread(target=self._read_output, args=(lines,), daemon=True)
        self._reader.start()
        try:
            ready = lines.get(timeout=scaled(10))
        except queue.Empty:
            ready = None
        if ready is None or not ready.startswith("ready: "):
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"weir did not get ready: {ready!r}\n{self.stderr()}")
        self._read_addresses(ready.split()[1:])
        return self

    def _read_output(self, lines):
        for line in self._process.stdout:
            self.stdout += line
            lines.put(line.rstrip("\n"))
        lines.put(None)

    def _read_addresses(self, words):
        while words:
            if words[0] == "listener":
                self.addresses[words[1]] = _address(words[2])
                words = words[3:]
            else:
                assert words[0] == "admin", words
                self.admin_address = _address(words[1])
                words = words[2:]

    @property
    def address(self):
        return next(iter(self.addresses.values()))

    @property
    def pid(self):
        return self._process.pid

    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    def access_log(self):
        whole, _, _ = self.stderr().rpartition("\n")  # the last line may still be on its way
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def connect(self, listener=None, **options):
        return Client(self.addresses[listener] if listener else self.address, **options)

    def request(self, method="GET", target="/", fields=(), body=None, listener=None, **options):
        with self.connect(listener, **options) as client:
            return client.request(method, target, fields, body)

    def admin(self, path, fields=()):
        with Client(self.admin_address) as client:
            return client.request("GET", path, [("Host", "localhost"), *fields, ("Connection", "close")])

    def metrics(self):
        answer = self.admin("/metrics")
        assert answer.status == 200, answer
        return Metrics(answer.body.decode())

    def count(self, name, **labels):
        return self.metrics().sum(name, **labels)

    def status(self):
        return json.loads(self.admin("/status").body)

    def _by_class(self, key, name):
        return sum(row[key] for backend in self.status()["backends"] for row in backend["classes"]
                   if name in (None, row["class"]))

    def inflight(self, name=None):
        return self._by_class("inflight", name)

    def waiting(self, name=None):
        return self._by_class("waiting", name)

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def signal(self, number):
        self._process.send_signal(number)

    def reload(self, policy=None, expect=True):
        """SIGHUP, and waits for its outcome, which is `expect`."""
        if policy is not None:
            self.write_policy(policy)
        line = "reloaded /" if expect else "reload refused"
        before = self.stderr().count(line)
        self.signal(signal.SIGHUP)
        assert eventually(lambda: self.stderr().count(line) > before), f"not '{line}':\n{self.stderr()}"

    def wait(self, within=10.0):
        """The exit code, once it has stopped; None when it does not."""
        try:
            return self._process.wait(scaled(within))
        except subprocess.TimeoutExpired:
            return None

    def is_running(self):
        return self._process.poll() is None

    def stop(self):
        """Stops it, and raises if it was not healthy to its end."""
        if self._process is None:
            return
        was_running = self.is_running()
        if was_running:
            self.signal(signal.SIGTERM)
            if self.wait(3.0) is None:
                # Connections that the test left open have had their time.
                self.signal(signal.SIGKILL)
                self.wait()
        self._reader.join(scaled(2))
        self._process.stdout.close()
        code, errors = self._process.returncode, self.stderr()
        self._folder.cleanup()
        complaint = COMPLAINT.search(errors)
        if complaint:
            raise AssertionError(f"weir complained:\n{errors[max(0, complaint.start() - 2000):complaint.start() + 8000]}")
        if code not in (0, -signal.SIGKILL):
            raise AssertionError(f"weir ended with {code}:\n{errors[-8000:]}")
        if code == -signal.SIGKILL and was_running:
            raise AssertionError(f"weir did not stop on SIGTERM:\n{errors[-4000:]}")


def _address(text):
    if text.startswith("unix:"):
        return text[len("unix:"):]
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class WeirTest(unittest.TestCase):
    """A test case that starts backends and Weirs, and stops them."""

    maxDiff = None

    def start_backend(self, answer=None, **options):
        backend = Backend(answer, **options) if answer else Backend(**options)
        self.addCleanup(self._stop_backend, backend)
        return backend

    def _stop_backend(self, backend):
        backend.stop()
        if backend.faults:
            raise backend.faults[0]

    def start_weir(self, policy, **options):
        # drain_timeout: what a test leaves open must not delay its end.
        if isinstance(policy, dict):
            policy.setdefault("limits", {}).setdefault("drain_timeout", "500ms")
        weir = Weir(policy, **options).start()
        self.addCleanup(weir.stop)
        return weir

    def start_weir_before(self, in_front_of, **options):
        """A Weir with a small policy in front of this backend."""
        return self.start_weir(small_policy(in_front_of.url, **options))

    def client(self, weir, listener=None, **options):
        client = weir.connect(listener, **options)
        self.addCleanup(client.close)
        return client

    def eventually(self, predicate, message=None, within=5.0):
        value = eventually(predicate, within)
        self.assertTrue(value, message or "the condition was not met in time")
        return value

    def assert_soon_equal(self, read, expected, message=None, within=5.0):
        """For Weir's own counts: a request is counted, and its slot is free, when its answer has been sent, which may be a
        moment after the client has it."""
        eventually(lambda: read() == expected, within)
        self.assertEqual(read(), expected, message)

    def assert_idle(self, weir, within=5.0):
        """Nothing in flight, nothing in the queue: every slot was given back."""
        self.eventually(lambda: weir.inflight() == 0 and weir.waiting() == 0, "slots are still held", within)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SharedWeirTest(WeirTest):
    """One backend and one Weir for all tests of the class: for facts about single messages.

    Each test begins with `backend.requests` empty and the default answer.
    """

    policy_options = {}

    @classmethod
    def setUpClass(cls):
        cls.backend = Backend()
        policy = small_policy(cls.backend.url, **cls.policy_options)
        policy.setdefault("limits", {}).setdefault("drain_timeout", "500ms")
        cls.weir = Weir(policy).start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.weir.stop()
        finally:
            cls.backend.stop()

    def setUp(self):
        self.backend.answer = ok
        self.backend.requests.clear()
        self.backend.close_idle()

    def ask(self, data, **options):
        return exchange(self.weir.address, data, **options)
