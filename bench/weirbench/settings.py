"""What the proxies that bench/throughput compares are told: one core, keep-alive on both sides, many connections.

`tls`, a certificates.Tls, makes them speak TLS to clients."""

import hashlib

from .processes import most_connections

KEY = "bench-key"  # what the clients show; only Weir looks at it


def weir_policy(port, admin_port, backend_port, tls=None):
    """All that the quickstart policy does (key, class, bucket, gate, metrics, sampled log), with limits out of reach."""
    certificate = f"tls: {{ cert_file: {tls.certificate}, key_file: {tls.key} }}" if tls else ""
    return f"""version: 1
workers: 1
listeners:
  - name: public
    bind: 127.0.0.1:{port}
    {certificate}
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


def haproxy_config(port, backend_port, streaming, tls=None):
    # Without http-no-delay it may hold an event for 200 ms, hoping for more; streams are not run like that.
    no_delay = "option http-no-delay" if streaming else ""
    certificate = f"ssl crt {tls.both} alpn http/1.1" if tls else ""
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
  bind 127.0.0.1:{port} {certificate}
  maxconn {most_connections()}
  default_backend bench
backend bench
  server bench 127.0.0.1:{backend_port} maxconn {most_connections()} pool-max-conn -1
"""


def nginx_config(port, backend_port, directory, buffering, tls=None):
    certificate = f"ssl_certificate {tls.certificate}; ssl_certificate_key {tls.key}; ssl_protocols TLSv1.3;" if tls else ""
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
    keepalive {most_connections()};
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} {"ssl" if tls else ""} backlog=8192;
    {certificate}
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
