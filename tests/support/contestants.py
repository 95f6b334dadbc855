"""Weir, HAProxy and nginx in front of a tripwire each, set up as their manuals show: for tests that compare all three."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from support.policy import small_policy
from support.process import Weir, free_port
from support.tripwire import Tripwire
from support.waiting import eventually

NGINX = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log error.log crit;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream backend {{ server 127.0.0.1:{backend} max_fails=0; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_next_upstream off;
      proxy_set_header Connection "";
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
defaults
  mode http
  option forwardfor
  http-reuse always
  retries 0
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend public
  bind 127.0.0.1:{port}
  default_backend backend
backend backend
  server backend 127.0.0.1:{backend}
"""


class Contestant:
    """One proxy in front of a tripwire of its own."""

    def __init__(self, name):
        self.name = name
        self.tripwire = Tripwire()
        self._stop = []

    def start(self):
        {"Weir": self._start_weir, "HAProxy": self._start_haproxy, "nginx": self._start_nginx}[self.name]()
        assert eventually(self._answers, 10), f"{self.name} does not answer"
        self.tripwire.script()
        return self

    def stop(self):
        try:
            for stop in self._stop:
                stop()
        finally:
            self.tripwire.stop()

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0

    def _start_weir(self):
        self.weir = Weir(small_policy(self.tripwire.address, limits={"drain_timeout": "200ms"},
                                      backend={"ejection": {"failures": 0}})).start()
        self.address = self.weir.address
        self._stop = [self.weir.stop]

    def _start_haproxy(self):
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        self._run(HAPROXY, "haproxy.cfg", lambda: [program, "-db", "-q", "-f", "haproxy.cfg"])

    def _start_nginx(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self._run(NGINX, "nginx.conf", lambda: [program, "-p", ".", "-c", "nginx.conf", "-e", "error.log"])

    def _run(self, configuration, file, command):
        folder = tempfile.TemporaryDirectory(prefix="weir-contest-")
        Path(folder.name).chmod(0o755)
        port = free_port()
        (Path(folder.name) / file).write_text(configuration.format(port=port, backend=self.tripwire.address[1]))
        process = subprocess.Popen(command(), cwd=folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            folder.cleanup()
        self._stop = [stop]
        self.address = ("127.0.0.1", port)
