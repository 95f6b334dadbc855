"""Policies for tests: a small one that works, and changes to it, written as YAML."""

import hashlib
import os
import re

_PLAIN = re.compile(r"^[A-Za-z0-9_./%][A-Za-z0-9_./*%:@+-]*$")


def sha256(key):
    return hashlib.sha256(key.encode()).hexdigest()


def small_policy(*endpoints, capacity=16, classes=None, backend=None, listener_limits=None, **others):
    """One listener, one backend, and a class for everyone; `endpoints` are addresses or URLs."""
    listener = {"name": "public", "bind": "127.0.0.1:0"}
    if listener_limits:
        listener["limits"] = listener_limits
    policy = {
        "version": 1,
        "workers": int(os.environ.get("WEIR_TEST_WORKERS", "1")),
        "listeners": [listener],
        "admin": {"bind": "127.0.0.1:0"},
        "backends": [{"name": "model", "endpoints": [url(e) for e in endpoints],
                      "capacity": {"requests": capacity}, **(backend or {})}],
        "classes": classes or [{"name": "everyone", "match": "any", "backend": "model"}],
        "logging": {"access": {"to": "stderr"}, "level": "debug"},
    }
    policy.update(others)
    return policy


def url(endpoint):
    if isinstance(endpoint, str):
        return endpoint
    host, port = endpoint
    return f"http://{host}:{port}"


def _scalar(value):
    if value is True or value is False:
        return "true" if value else "false"
    text = str(value)
    return text if _PLAIN.match(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_yaml(value, indent=0):
    pad = "  " * indent
    if isinstance(value, dict):
        return "".join(_entry(f"{pad}{_scalar(key)}:", item, indent) for key, item in value.items())
    if isinstance(value, list):
        out = ""
        for item in value:
            if isinstance(item, dict):
                out += f"{pad}- " + to_yaml(item, indent + 1).lstrip(" ")
            else:
                out += f"{pad}- {_scalar(item)}\n"
        return out
    return f"{pad}{_scalar(value)}\n"


def _entry(key, value, indent):
    if isinstance(value, (dict, list)) and value:
        return f"{key}\n" + to_yaml(value, indent + 1)
    if isinstance(value, (dict, list)):
        return f"{key} {'{}' if isinstance(value, dict) else '[]'}\n"
    return f"{key} {_scalar(value)}\n"
