"""Certificates made when a test runs, by the openssl command: nothing in the repository expires."""

import ssl
import subprocess
from pathlib import Path


def _openssl(*arguments, cwd):
    subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder, and the certificates that it signs."""

    def __init__(self, folder, name="ca"):
        self.folder = Path(folder)
        self.name = name
        self.certificate = self.folder / f"{name}.crt"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", f"/CN=Weir test {name}", "-keyout", f"{name}.key", "-out", f"{name}.crt", cwd=self.folder)

    def issue(self, name, *subject_names, days=2):
        """Certificate and key files for these names: `DNS:host` or `IP:address`. With negative `days` it has ended."""
        alt = ",".join(subject_names or (f"DNS:{name}",))
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={alt}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=self.folder)
        _openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt", "-CAkey", f"{self.name}.key",
                 "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.crt", cwd=self.folder)
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def client_context(authority, minimum=None, maximum=None, protocols=("http/1.1",)):
    context = ssl.create_default_context(cafile=authority.certificate)
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context
