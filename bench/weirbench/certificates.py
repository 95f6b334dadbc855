"""A certificate for the proxies under test, made when a bench runs, and the OpenSSL settings that they share."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .processes import StartFailure

KIND = "ECDSA P-256"

# OpenSSL's own default is two tickets a handshake; Weir sends one. This holds for whichever program reads it.
OPENSSL_SETTINGS = """openssl_conf = start
[start]
ssl_conf = modules
[modules]
system_default = tls
[tls]
NumTickets = 1
"""


@dataclass
class Tls:
    """The files that a proxy with TLS to clients is given."""

    certificate: Path
    key: Path
    both: Path  # certificate and key in one file, as HAProxy reads them
    settings: Path  # for OPENSSL_CONF


def make(directory):
    """A self-signed certificate for 127.0.0.1 in `directory`."""
    directory = Path(directory)
    tls = Tls(directory / "bench.crt", directory / "bench.key", directory / "bench.pem", directory / "openssl.cnf")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tls.key, "-out", tls.certificate]
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    except OSError as error:
        raise StartFailure(f"cannot make a certificate: {error}") from None
    if done.returncode != 0:
        raise StartFailure(f"cannot make a certificate: {done.stderr.strip()}")
    tls.both.write_text(tls.certificate.read_text() + tls.key.read_text())
    tls.settings.write_text(OPENSSL_SETTINGS)
    return tls
