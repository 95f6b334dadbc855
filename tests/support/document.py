"""A document whose commands are run as they are written, and whose outputs are compared with what comes of them.

Two kinds of fenced blocks count:
  ```yaml policy   sections of policy.yaml: each takes the place of the section with its name, or goes to the end
  ```console       commands after `$ `, each followed by its output; a line `...` stands for any number of lines

What differs from run to run is compared by its form (VARYING). A command that only reads (READS) is repeated until it
shows what the document shows, as a reader would do.
"""

import re

from support.waiting import eventually

READS = ("grep ", "tail ", "weir status", "curl -s http://127.0.0.1:9901/")

VARYING = [
    (r"(?i)^(retry-after|retry-after-ms|x-request-id|date|content-length): .*", r"\1: *"),
    (r"(?i)^(x-ratelimit-reset-\w+): .*", r"\1: *"),
    (r'"(id|created|request_id|ts|trace_id|policy)":("[^"]*"|\d+)', r'"\1":*'),
    (r'"(\w+_ms|overhead_us)":[\d.]+', r'"\1":*'),
    (r'"content":"[^"]*"', '"content":*'),
    (r"(?i)^via: 1\.1 weir-[0-9a-f]{8}$", "via: 1.1 weir-*"),
    (r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "*"),
    (r"\bpolicy [0-9a-f]{12}\b|\([0-9a-f]{12}\)", "policy *"),
    (r"\b\d+(\.\d+)? ?(ms|us|s|m)\b", "* s"),
]


class Command:
    def __init__(self, text, line):
        self.text = text
        self.line = line  # of the document, from 0
        self.expected = []


def blocks(lines):
    """(kind, number of the first line in it, the lines in it)"""
    kind = begin = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if kind is None:
            kind, begin = line[3:].strip() or "text", number + 1
        else:
            yield kind, begin, lines[begin:number]
            kind = None


def commands(begin, lines):
    found = []
    for number, line in enumerate(lines, begin):
        if found and found[-1].text.endswith("\\") and not found[-1].expected:
            found[-1].text += "\n" + line
            found[-1].line = number
        elif line.startswith("$ "):
            found.append(Command(line[2:], number))
        else:
            found[-1].expected.append(line)
    return found


def with_sections(policy, sections):
    """The policy with these top-level sections in place of its own of the same names, or at its end."""
    def split(text):
        return [part for part in re.split(r"(?m)^(?=[a-z_]+:)", text) if part.strip()]

    def name(part):
        return part.split(":", 1)[0]

    parts = split(policy)
    for new in split(sections):
        names = [name(part) for part in parts]
        if name(new) in names:
            parts[names.index(name(new))] = new
        else:
            parts.append(new)
    return "".join(part.rstrip("\n") + "\n\n" for part in parts).rstrip("\n") + "\n"


def by_form(line):
    for pattern, form in VARYING:
        line = re.sub(pattern, form, line)
    return line.rstrip()


def agrees(expected, actual):
    if "..." in expected:
        at = expected.index("...")
        head, tail = expected[:at], expected[at + 1:]
        return agrees(head, actual[:at]) and any(agrees(tail, actual[i:]) for i in range(at, len(actual) + 1))
    return [by_form(line) for line in expected] == [by_form(line) for line in actual]


def run_command(shell, command):
    """What it writes: at last what the document shows, where it only reads."""
    actual = shell.run(command.text)
    if command.text.startswith(READS):
        def shown():
            nonlocal actual
            actual = shell.run(command.text)
            return agrees(command.expected, actual)
        agrees(command.expected, actual) or eventually(shown, within=20.0, every=0.1)
    return actual


def run_document(shell, path):
    """Runs it, and yields each command with the lines that it wrote."""
    for kind, begin, lines in blocks(path.read_text().split("\n")):
        if kind == "yaml policy":
            file = shell.folder / "policy.yaml"
            policy = file.read_text() if file.exists() else ""
            file.write_text(with_sections(policy, shell.with_free_ports("\n".join(lines) + "\n")))
        elif kind == "console":
            for command in commands(begin, lines):
                yield command, run_command(shell, command)


def rewritten(text, results):
    """The document with outputs as they came, where they do not agree with it."""
    lines = text.split("\n")
    for command, actual in sorted(results, key=lambda result: -result[0].line):
        if not agrees(command.expected, actual):
            lines[command.line + 1:command.line + 1 + len(command.expected)] = [line.rstrip() for line in actual]
    return "\n".join(lines)
