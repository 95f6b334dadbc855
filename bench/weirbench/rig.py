"""The setup for a surge: a fresh mock backend, and in front of it Weir, HAProxy or nothing."""

import asyncio
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import policy as policy_text
from .processes import StartFailure, Process, free_ports, most_connections, start_mock, start_weir
from .progress import Progress
from .replay import Player, saturation

# The ports of config/quickstart.yaml; the copy that a bench runs uses free ones instead.
LISTENER_PORT, ADMIN_PORT, BACKEND_PORT = 8080, 9901, 8000

KEYS = {"direct": "demo-direct-key", "siri-bulk": "demo-siri-bulk-key",
        # what recorded traces call the same two
        "bulk": "demo-siri-bulk-key", "siri": "demo-siri-bulk-key"}

SCENARIOS = {
    "no surge": "Weir, without the surging classes: the baseline that the others should keep",
    "Weir": "the whole trace through Weir",
    "no proxy": "the whole trace straight at the backend",
    "HAProxy": "the whole trace through HAProxy: maxconn at the capacity, classes by key, a queue timeout",
}


def haproxy_config(port, backend_port, slots, ranked_keys, queue_timeout_s):
    """HAProxy's best for the job: as many requests at once as the backend can run, and its queue ordered by
    class. `ranked_keys`: API keys, the most important first."""
    ranks = "\n".join(
        f'  http-request set-priority-class int({100 * rank}) if {{ req.hdr(authorization) -m str "Bearer {key}" }}'
        for rank, key in enumerate(ranked_keys))
    return f"""global
  nbthread 1
  maxconn {most_connections()}
defaults
  mode http
  option http-no-delay
  timeout connect 2s
  timeout client 600s
  timeout server 600s
  timeout queue {round(1000 * queue_timeout_s)}ms
  timeout http-keep-alive 60s
frontend public
  bind 127.0.0.1:{port}
{ranks}
  default_backend model
backend model
  http-reuse always
  server mock 127.0.0.1:{backend_port} maxconn {slots}
"""


@dataclass
class Rig:
    """Where the programs are and how the backend is set up.

    ranked_classes   the most important first, for HAProxy
    slots            requests that the backend runs at once, for HAProxy
    """

    weir: Path
    policy: Path
    directory: Path  # for logs and generated files
    preset: str = "small-gpu"
    keys: dict = None
    give_up_after: float = 30
    drain_s: float = 30
    slots: int = 16
    ranked_classes: tuple = ("direct", "siri-bulk")
    queue_timeout_s: float = 2
    seed: int = 1

    def capacity(self, lengths, label="measuring capacity"):
        """Requests per second that the bare backend completes with these lengths."""
        progress = Progress(label, 8)
        mock, port = start_mock(self.weir, self._log_directory("capacity"), preset=self.preset)
        with mock:
            rate = asyncio.run(saturation(("127.0.0.1", port), lengths, progress=progress))
        progress.done(f"{rate:.1f} requests/s")
        return rate

    def run(self, scenario, requests, label=None):
        """Plays the trace in one scenario. Returns the outcomes."""
        directory = self._log_directory(scenario)
        length = requests[-1].arrival_s if requests else 0
        progress = Progress(label or scenario, length + self.drain_s)
        with ExitStack() as stack:
            mock, backend_port = start_mock(self.weir, directory, preset=self.preset)
            stack.enter_context(mock)
            front, port = self._front(scenario, backend_port, directory)
            if front:
                stack.enter_context(front)
            player = Player(("127.0.0.1", port), self.keys or KEYS, give_up_after=self.give_up_after,
                            drain_s=self.drain_s, seed=self.seed)
            outcomes = asyncio.run(player.play(requests, progress))
            for process in filter(None, (mock, front)):
                process.check_running(f"during '{scenario}'")
        progress.done(f"{sum(o.kind == 'served' for o in outcomes)} of {len(outcomes)} served")
        return outcomes

    def _front(self, scenario, backend_port, directory):
        """The process in front of the backend, if any, and the port to ask."""
        if scenario == "no proxy":
            return None, backend_port
        port, admin_port = free_ports(2)
        if scenario == "HAProxy":
            return self._haproxy(port, backend_port, directory), port
        moved = policy_text.relocated(self.policy, directory,
                                      {LISTENER_PORT: port, ADMIN_PORT: admin_port, BACKEND_PORT: backend_port})
        return start_weir(self.weir, moved, directory), port

    def _haproxy(self, port, backend_port, directory):
        if not shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin"):
            raise StartFailure("haproxy is not installed; deploy/install-dependencies --tests installs it")
        config = directory / "haproxy.cfg"
        known = self.keys or KEYS
        keys = list(dict.fromkeys(known[klass] for klass in self.ranked_classes if klass in known))
        config.write_text(haproxy_config(port, backend_port, self.slots, keys, self.queue_timeout_s))
        process = Process("haproxy", ["/usr/sbin/haproxy", "-db", "-f", config], directory)
        process.wait_for_port(port)
        return process

    def _log_directory(self, name):
        directory = self.directory / name.replace(" ", "-")
        directory.mkdir(parents=True, exist_ok=True)
        return directory
