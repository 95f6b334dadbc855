"""A shell that is given one command after another, in a folder of its own.

The commands name fixed ports; free ones take their place, and outputs show the fixed ones again.
"""

import os
import re
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

from support.waiting import scaled


class Shell:
    """With `weir` and bench/ on its path. close() ends all that was started in it."""

    def __init__(self, binary, root, ports):
        self._ports = ports
        self._folder = tempfile.TemporaryDirectory(prefix="weir-document-")
        self.folder = Path(self._folder.name)
        path = os.pathsep.join([str(Path(binary).parent), str(root / "bench"), os.environ["PATH"]])
        self._shell = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=self.folder, env={**os.environ, "PATH": path},
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       start_new_session=True)

    def with_free_ports(self, text):
        for fixed, free in self._ports.items():
            text = text.replace(f"127.0.0.1:{fixed}", f"127.0.0.1:{free}")
        return re.sub(r"^weir status", f"weir status --admin 127.0.0.1:{self._ports[9901]}", text)

    def with_fixed_ports(self, text):
        for fixed, free in self._ports.items():
            text = text.replace(f"127.0.0.1:{free}", f"127.0.0.1:{fixed}")
        return text

    def run(self, command):
        """The lines it writes."""
        mark = uuid.uuid4().hex
        # `$?` of the command stays what it was, for the next one to show.
        self._shell.stdin.write(f"{self.with_free_ports(command)}\nstatus=$?; printf '\\n{mark}\\n'; (exit $status)\n")
        self._shell.stdin.flush()
        lines = []
        for line in self._shell.stdout:
            if line.rstrip("\n") == mark:
                break
            lines.append(self.with_fixed_ports(line.rstrip("\r\n")))
        else:
            raise AssertionError(f"the shell ended in: {command}\n" + "\n".join(lines))
        # The mark begins a line of its own: what came before it ended with a line break, or without one.
        if lines[-1:] == [""]:
            lines.pop()
        return lines

    def logs(self):
        return "".join(file.read_text(errors="replace") for file in self.folder.glob("*.log"))

    def close(self):
        os.killpg(self._shell.pid, signal.SIGTERM)
        try:
            self._shell.wait(scaled(10))
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        self._shell.stdin.close()
        self._shell.stdout.close()
        self._folder.cleanup()
