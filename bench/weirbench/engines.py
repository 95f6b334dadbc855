"""Engines as processes, Weir before them, and the open-loop load of bench/backends."""

import asyncio
import os
import signal
import sys
import urllib.request
from pathlib import Path

from . import engine, processes

PROGRAM = Path(engine.__file__)


class EngineProcess:
    """One engine. A stop is SIGSTOP; kill() ends it, and start() brings it back at the same address."""

    def __init__(self, name, directory, host="127.0.0.1", port=0, arguments=()):
        self.name, self.host, self.port = name, host, port
        self._directory, self._arguments = directory, arguments
        self._process, self._starts = None, 0
        self.start()

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def start(self):
        self._starts += 1
        self._process = processes.Process(f"engine-{self.name}-{self._starts}", [
            sys.executable, PROGRAM, "--host", self.host, "--port", self.port, "--name", self.name, *self._arguments],
            self._directory)
        self.port = processes.port_of(self._process.wait_for_line("ready:", 20))

    def control(self, mode=None):
        return engine.control(self.host, self.port, mode)

    def pause(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self):
        self.die()
        self._process.stop()

    def die(self):
        """Ends it without waiting for that, so that several can end at the same instant."""
        os.kill(self._process.pid, signal.SIGKILL)

    def stop(self):
        try:
            self.resume()
        except ProcessLookupError:
            pass
        self._process.stop()


class Weir:
    """Weir with a policy, of which `backends` and `classes` are the lists in YAML."""

    def __init__(self, options, directory, backends, classes):
        self.port, self.admin_port = processes.free_ports(2)
        policy = Path(directory) / "policy.yaml"
        policy.write_text(f"""version: 1
workers: 1
listeners:
  - name: public
    bind: 127.0.0.1:{self.port}
    limits: {{ connections_per_client: 4000 }}
admin: {{ bind: "127.0.0.1:{self.admin_port}" }}
backends:
{backends}
classes:
{classes}
logging:
  access: {{ to: off }}
""")
        self.process = processes.start_weir(options.weir, policy, directory)

    def counted(self, metric):
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((metric + "{", metric + " ")))

    def stop(self):
        self.process.stop()


async def at(seconds, step):
    """Takes the step that many seconds from now, beside the load."""
    await asyncio.sleep(seconds)
    return await asyncio.to_thread(step)
