"""The proxies that bench/throughput compares, each set up for one core, keep-alive on both sides and many connections."""

import hashlib
import re
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .processes import WEIR, Process, StartFailure, free_ports, most_connections, run_briefly

KEY = "bench-key"  # what the clients show; only Weir looks at it


def weir_policy(port, admin_port, backend_port):
    """All that the quickstart policy does (key, class, bucket, gate, metrics, sampled log), with limits out of reach."""
    return f"""version: 1
workers: 1
listeners:
  - name: public
    bind: 127.0.0.1:{port}
    limits: {{ connections: {most_connections()}, idle_timeout: 5m }}
admin:
  bind: 127.0.0.1:{admin_port}
clients:
  api_keys:
    - name: bench
      sha256: {hashlib.sha256(KEY.encode()).hexdigest()}
backends:
  - name: bench
    dialect: openai
    endpoints: [http://127.0.0.1:{backend_port}]
    capacity: {{ requests: 100000, context_tokens: 1000M, prompt_tokens: 1000M }}
classes:
  - name: bench
    match: {{ api_key: [bench] }}
    backend: bench
    priority: high
    limits: {{ requests: {{ rate: 6000000000/min, burst: 10000000 }} }}
  - name: anonymous
    match: any
    backend: bench
    priority: sheddable
logging:
  access: {{ to: /dev/null, sample: {{ served: 1%, refused: 1%, failed: 1% }} }}
"""


def haproxy_config(port, backend_port, streaming):
    # Without http-no-delay it may hold an event for 200 ms, hoping for more; nobody would stream like that.
    no_delay = "option http-no-delay" if streaming else ""
    return f"""global
  nbthread 1
  maxconn {most_connections()}
defaults
  mode http
  option http-keep-alive
  http-reuse always
  {no_delay}
  timeout connect 2s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend public
  bind 127.0.0.1:{port}
  maxconn {most_connections()}
  default_backend bench
backend bench
  server bench 127.0.0.1:{backend_port} maxconn {most_connections()} pool-max-conn -1
"""


def nginx_config(port, backend_port, directory, buffering):
    return f"""daemon off;
master_process off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {2 * most_connections() + 100}; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  upstream bench {{
    server 127.0.0.1:{backend_port} max_fails=0;
    keepalive 2000;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location / {{
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering {"on" if buffering else "off"};
      proxy_read_timeout 300s;
    }}
  }}
}}
"""


@dataclass
class Contestant:
    """A running proxy: where it listens and which process to account."""

    name: str
    process: Process
    port: int
    admin_port: int  # Weir's; nobody listens on the others'

    def pss_bytes(self):
        """Memory of the process, shared pages divided among those who share them."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) * 1024


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if not found:
        raise StartFailure(f"{name} is not installed; deploy/install-dependencies --tests installs it")
    return found


def start(name, backend_port, directory, cpu, weir=WEIR, streaming=False):
    """Starts one of NAMES on CPU `cpu` and waits until it listens."""
    port, admin_port = free_ports(2)
    directory = Path(directory)
    config = directory / f"{name}.conf"
    if name == "Weir":
        config.write_text(weir_policy(port, admin_port, backend_port))
        command = [weir, "serve", config]
    elif name == "HAProxy":
        config.write_text(haproxy_config(port, backend_port, streaming))
        command = [program("haproxy"), "-db", "-f", config]
    else:
        config.write_text(nginx_config(port, backend_port, directory, buffering=not streaming))
        command = [program("nginx"), "-c", config, "-p", directory, "-e", "stderr"]
    process = Process(name, command, directory, cpu)
    try:
        process.wait_for_port(port)
    except BaseException:
        process.stop()
        raise
    return Contestant(name, process, port, admin_port)


def weir_metric(contestant, name):
    """The sum of one of Weir's metrics over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{contestant.admin_port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)", text, re.M))


NAMES = ["Weir", "HAProxy", "nginx"]


def versions(names, weir=WEIR):
    """name -> what it says its version is."""
    found = {}
    if "Weir" in names:
        found["Weir"] = re.findall(r"weir (\S+)", run_briefly([weir, "version"]))[:1]
    if "HAProxy" in names:
        found["HAProxy"] = re.findall(r"version (\S+)", run_briefly([program("haproxy"), "-v"]))[:1]
    if "nginx" in names:
        found["nginx"] = re.findall(r"nginx/(\S+)", run_briefly([program("nginx"), "-v"]))[:1]
    return {name: words[0] if words else "unknown version" for name, words in found.items()}
