"""The architecture as designed: which module may include which, what no code may call, and where each thing is made.

Every rule is a row of a table with its reason. Each rule is also tried on a small tree that breaks it: a test that
cannot fail proves nothing.
"""

import ast
import os
import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Folders that group modules and are no modules themselves.
GROUPS = {"lab"}

# module -> modules that it may include and link (DEPENDS in its CMakeLists.txt says the same)
ARROWS = {
    "base": set(),
    "net": {"base"},
    "http": {"base"},
    "ai": {"base"},           # pure
    "admission": {"base"},    # pure: the judge never talks to the telemetry, to sockets or to a clock
    "telemetry": {"base"},
    "simulate": {"base", "admission"},
    "policy": {"base"},       # and the configurations below
    "upstream": {"base", "net", "http"},
    "downstream": {"base", "net", "http", "admission", "ai", "upstream", "telemetry"},
    "admin": {"base", "net"},
    "mock": {"base", "net", "ai", "simulate"},  # not http: it is the peer that our own parser is tested against
    "numbering": {"base", "policy", "admission", "telemetry"},
    "trials": {"base", "policy", "numbering", "net", "admission", "ai", "telemetry", "downstream"},
    "gateway": {"base", "policy", "numbering", "trials", "net", "admission", "upstream", "telemetry", "downstream", "admin"},
    "cli": {"base", "policy", "numbering", "trials", "net", "admission", "telemetry", "gateway", "simulate", "mock"},
    "main": {"cli"},
}

# The policy file fills each module's plain struct, and knows nothing else of the module.
CONFIGURED = {"policy": {"admin", "admission", "downstream", "net", "telemetry", "upstream"}, "numbering": {"upstream"}}

# module -> folder in it -> folders beside it that it may include. All folders may include the files of the module
# itself; those may include everything.
FOLDERS = {
    "policy": {
        "yaml": set(),
        "forms": set(),
        "keys": {"yaml", "forms"},      # declared once, for the reader and for what shows them
        "checks": {"yaml", "forms"},    # know the structs and the tree, not how they were read
        "show": {"keys", "forms"},
    },
}

# (pattern banned from code, exceptions, why)
BANNED = [
    (r"\b(steady_clock|Clock)::now\b", ("proxy/net/", "proxy/gateway/", "proxy/cli/", "proxy/lab/mock/engine_driver.cpp"),
     "time is an argument: code that asks for it cannot be tested or simulated"),
    (r"\bsystem_clock::now\b", ("proxy/downstream/", "proxy/telemetry/", "proxy/gateway/"),
     "wall-clock time is for stamps in logs and answers; it jumps"),
    (r"\bsleep_for\b|\bthis_thread::sleep_|\b(?:usleep|nanosleep)\(", (),
     "a thread that sleeps serves no request, and a test that sleeps is slow or flaky"),
    (r"#include <boost/asio\.hpp>|#include <boost/beast\.hpp>|#include <boost/beast/http\.hpp>", (),
     "the whole of Asio or Beast costs seconds in every file; include what is used"),
    (r"#include <boost/beast/", ("proxy/admin/server.cpp", "proxy/cli/admin_client.cpp", "proxy/lab/mock/connection.cpp",
                                 "proxy/upstream/fetch.cpp", "tests/property/http_referee_property_test.cpp"),
     "the data path's codec is ours: Beast's parser costs three times the CPU. It serves where instructions are not "
     "counted, in one file a module, as it costs seconds to compile"),
    (r"#include <boost/asio/ssl", (), "TLS is OpenSSL behind ByteStream, compiled once"),
    (r"#include <openssl/ssl\.h>", ("proxy/net/tls.cpp",), "TLS is OpenSSL behind ByteStream, compiled once"),
    (r"#include <yaml-cpp/", ("proxy/policy/yaml/tree.cpp",), "yaml-cpp decides silently; one file keeps it in check"),
    (r"#include <prometheus/", ("proxy/telemetry/",), "telemetry is the only user of prometheus-cpp"),
    (r"\bshared_from_this\b", (), "a connection's coroutine owns what it uses"),
    (r"\bstd::(?:async\(|j?thread [a-z]|j?thread\()", ("proxy/gateway/", "proxy/telemetry/log_writer.hpp", "proxy/telemetry/log_writer.cpp",
                                                        "proxy/net/dns.cpp"),
     "threads are the workers', which gateway starts, the one that a slow log may block, and those that look up names"),
]

# Where a Python test may sleep: the helpers that wait for a condition, and `pause`, which paces a test's own traffic.
SLEEPERS = {"tests/support/waiting.py"}

# An HTTP status line, or a status chosen for a reason; where it may be, and why.
STATUS_LINE = re.compile(r'"HTTP/1\.[01] |\bstatus_of\(Reason')
STATUS_MAKERS = {
    "proxy/downstream/exchange/reply.cpp": "the only place that makes a status",
    "proxy/downstream/exchange/reply.hpp": "declares it",
    "proxy/downstream/transfer/client_probe.hpp": "the interim 100 that a waiting client is sent",
    "proxy/http/forward.cpp": "a backend's status, passed on",
}

# Files that spell a word of the Reason table for another purpose.
REASON_SPELLERS = {
    "proxy/base/reason.hpp": "the table",
    "proxy/telemetry/outcome.hpp": "outcomes are a coarser vocabulary; a client that left is one in both",
}

# Reasons that are also a key of the policy and a part of the law, by the same name on purpose.
SHARED_WORDS = {"queue_timeout"}

# Their paths are relative to the repository or to proxy/.
DOCUMENTS = ("ARCHITECTURE.md", "docs/decisions.md")

LONGEST = 500
LONGEST_FUNCTION = 60
LONGEST_MEDIAN = 90       # of the files of proxy/: most of them are read at one sitting
MAX_MEMBERS = 15         # of a class of proxy/downstream: more of them are two things, or products of a step kept as members
MACHINE_PATH = re.compile(r"/(?:home|root|work|Users)/[A-Za-z0-9_]")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
SKIPPED = {"build", ".git", ".cache", "node_modules", "__pycache__"}
TEXT = {".cpp", ".hpp", ".py", ".mjs", ".sh", ".yaml", ".yml", ".json", ".md", ".txt", ".cmake", ".service", ".conf", ".js", ""}
SELF = "tests/architecture/architecture_test.py"


def files(root, *folders, suffixes=(".cpp", ".hpp")):
    for folder in folders:
        for place, inside, names in os.walk(root / folder):
            inside[:] = [name for name in inside if name not in SKIPPED]
            for name in names:
                path = Path(place) / name
                if path.suffix in suffixes:
                    yield path, path.relative_to(root).as_posix()


def read(path):
    return path.read_text(errors="replace")


def code_of(text):
    """The text without comments; strings stay, and so do the numbers of the lines."""
    def blank(found):
        piece = found.group(0)
        return piece if piece[0] in "\"'" else "\n" * piece.count("\n")
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', blank, text, flags=re.S)


def documented_arrows(root):
    """The table of modules in ARCHITECTURE.md, as ARROWS has it."""
    arrows = {"base": set()}
    rows = re.findall(r"^(?:\w+/)?(\w+) .*-> ([a-z ]+)$", read(root / "ARCHITECTURE.md"), re.M)
    return arrows | {module: {"base"} - {module} | set(others.split()) if module != "main" else set(others.split())
                     for module, others in rows}


def missing_files(root):
    """Files and folders that a document names in backticks and that are not there."""
    for name in DOCUMENTS:
        for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", read(root / name)):
            if not any((root / place / path).exists() for place in ("", "proxy")):
                yield f"{name}: names {path}, which does not exist"


def lines_with(pattern, text):
    return [number for number, line in enumerate(text.split("\n"), 1) if re.search(pattern, line)]


def module_of(name):
    parts = [part for part in name.split("/")[1:] if part not in GROUPS]
    return parts[0] if len(parts) > 1 else Path(parts[0]).stem


def wrong_includes(root):
    for path, name in files(root, "proxy"):
        module = module_of(name)
        if module not in ARROWS:
            yield f"{name}: the module '{module}' is not in the table"
            continue
        for number, line in enumerate(read(path).split("\n"), 1):
            found = re.match(rf'\s*#include "(?:(?:{"|".join(GROUPS)})/)?(?:([a-z_]+)/)?([^"]*)"', line)
            if not found:
                continue
            other, header = found.groups()
            if other is None:
                yield f"{name}:{number}: includes \"{header}\" without its module"
            elif other == module or other in ARROWS[module]:
                continue
            elif other in CONFIGURED.get(module, ()) and header == "config.hpp":
                continue
            else:
                yield f"{name}:{number}: '{module}' may not include '{other}/{header}'"


def wrong_folders(root):
    for module, folders in FOLDERS.items():
        for path, name in files(root, f"proxy/{module}"):
            own, *rest = name.split("/")[2:]
            if not rest:
                continue
            if own not in folders:
                yield f"{name}: the folder '{own}' is not in the table"
                continue
            for number, line in enumerate(read(path).split("\n"), 1):
                found = re.match(rf'\s*#include "{module}/(\w+)/', line)
                if found and found.group(1) not in folders[own] | {own}:
                    yield f"{name}:{number}: '{module}/{own}' may not include '{module}/{found.group(1)}'"


def wrong_depends(root):
    modules = set()
    for path, name in files(root, "proxy", suffixes=(".txt",)):
        for found in re.finditer(r"weir_module\((\w+)(.*?)\)", re.sub(r"\$<[^>]*>", "", read(path)), re.S):
            module, words = found.group(1), found.group(2).split()
            modules.add(module)
            depends, taking = set(), False
            for word in words:
                if word in ("SOURCES", "DEPENDS", "LIBRARIES"):
                    taking = word == "DEPENDS"
                elif taking:
                    depends.add(word)
            if depends != ARROWS.get(module):
                yield f"{name}: DEPENDS of '{module}' are {sorted(depends)}, in the table {sorted(ARROWS.get(module, ()))}"
    inside = [path for path in (root / "proxy").iterdir() if path.is_dir()]
    folders = {path.name for path in inside if path.name not in GROUPS}
    folders |= {path.name for group in inside if group.name in GROUPS for path in group.iterdir() if path.is_dir()}
    for module in sorted(folders - modules - {"telemetry"} | (set(ARROWS) - {"main"}) - folders):
        yield f"proxy/{module}: folder, target and table do not agree"


def banned_calls(root):
    for path, name in files(root, "proxy", "tests", "bench"):
        code = code_of(read(path))
        for pattern, allowed, reason in BANNED:
            # Tests and benches have a clock and threads of their own; what is banned everywhere is banned there too.
            if allowed and not name.startswith("proxy/"):
                continue
            if any(name == place or (place.endswith("/") and name.startswith(place)) for place in allowed):
                continue
            for number in lines_with(pattern, code):
                yield f"{name}:{number}: {code.split(chr(10))[number - 1].strip()}  ({reason})"


def is_sleep(node):
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    yields = name == "asyncio.sleep" and node.args and ast.unparse(node.args[0]) == "0"
    return name in ("time.sleep", "sleep", "asyncio.sleep") and not yields


def sleeping_tests(root):
    for path, name in files(root, "tests", suffixes=(".py",)):
        if name in SLEEPERS:
            continue
        for node in ast.walk(ast.parse(read(path))):
            if is_sleep(node):
                yield (f"{name}:{node.lineno}: {ast.unparse(node)}  (a test that sleeps is slow or flaky: "
                       "wait for a condition, support/waiting.py)")


def statuses_made_elsewhere(root):
    for path, name in files(root, "proxy"):
        if any(name == place or (place.endswith("/") and name.startswith(place)) for place in STATUS_MAKERS):
            continue
        for number in lines_with(STATUS_LINE, code_of(read(path))):
            yield f"{name}:{number}: makes an HTTP status; downstream/exchange/reply.cpp is the place for that"


def reasons(root):
    table = root / "proxy/base/reason.hpp"
    return re.findall(r"^\s*X\((\w+),", read(table), re.M) if table.exists() else []


def reasons_spelled_elsewhere(root):
    words = "|".join(word for word in reasons(root) if word not in SHARED_WORDS)
    if not words:
        yield "proxy/base/reason.hpp: no table of reasons found"
        return
    for path, name in files(root, "proxy"):
        if name in REASON_SPELLERS:
            continue
        for number in lines_with(rf'"(?:{words})"', code_of(read(path))):
            yield f"{name}:{number}: spells a reason; name(Reason) has the one spelling"


def long_files(root):
    for path, name in files(root, "proxy", "tests", "bench"):
        length = read(path).count("\n")
        if length > LONGEST:
            yield f"{name}: {length} lines; could it be two nouns?"


def long_median(root):
    lengths = sorted(read(path).count("\n") for path, _ in files(root, "proxy"))
    if lengths and lengths[len(lengths) // 2] > LONGEST_MEDIAN:
        yield f"proxy/: half of the files have {lengths[len(lengths) // 2]} lines or more"


def blocks(code):
    """What stands in braces: (what stands before them, where that begins, where the braces open, where they close).
    Braces right behind a name hold the value that something begins with, and are a part of what they stand in."""
    opened, begin = [], 0
    for found in re.finditer(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|#[^\n]*|[{};]', code):
        sign, at = found.group(0), found.start()
        if sign == "{" and re.match(r"[\w>(]", code[at - 1:at]):
            opened.append(None)
            continue
        if sign == "{":
            opened.append((begin, at))
        elif sign == "}" and opened:
            block = opened.pop()
            if block is None:
                continue
            yield code[block[0]:block[1]], *block, at
        if sign in "{};" or sign[0] == "#":
            begin = found.end()


CONTROL = re.compile(r"\s*(?:\w+:\s+)?(?:if|else|for|while|do|switch|catch|try)\b")
SIGNATURE = re.compile(r"\)\s*(?:(?:const|override|noexcept|final|mutable)\s*)*(?:->[^(){};]*|:\s[^;]*)?$")


def long_functions(root):
    for path, name in files(root, "proxy"):
        code = code_of(read(path))
        for head, start, _, end in blocks(code):
            if CONTROL.match(head) or not SIGNATURE.search(head.rstrip()):
                continue
            first = start + len(head) - len(head.lstrip())
            length = code.count("\n", first, end) + 1
            if length > LONGEST_FUNCTION:
                called = re.search(r"(~?\w+)\s*\(", head)
                yield f"{name}:{code.count(chr(10), 0, first) + 1}: {called.group(1) if called else '?'} has {length} lines"


NO_MEMBER = re.compile(r"(?:using|friend|static|typedef|template|enum|class|struct|union)\b|.*\boperator\b", re.S)


def members_of(body):
    """How many members of data a class declares, by what stands between its braces. Of `int a, b;` there are two."""
    count, depth, statement = 0, 0, ""
    for sign in body + ";":
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and ")" in re.sub(r"<[^<>]*>", "", statement):  # a function has ended, no initialiser
                statement = ""
        elif depth == 0 and sign == ";":
            text = re.sub(r"\b(?:public|private|protected)\s*:|\[\[.*?\]\]|=.*", "", statement, flags=re.S).strip()
            while "<" in text:
                shorter = re.sub(r"<[^<>]*>", "", text)
                text = shorter if shorter != text else text.replace("<", "")
            is_declared = re.search(r"[\w&*>]\s+[&*]*\w+(?:\s*,\s*\w+)*$", text)
            if is_declared and "(" not in text and not NO_MEMBER.match(text):
                count += 1 + text.count(",")
            statement = ""
        elif depth == 0:
            statement += sign
    return count


def wide_classes(root):
    for path, name in files(root, "proxy/downstream"):
        code = code_of(read(path))
        for head, start, at, end in blocks(code):
            found = re.search(r"\b(?:class|struct)\s+(\w+)[^()]*$", head)
            if not found or re.search(r"\benum\b", head):
                continue
            count = members_of(code[at + 1:end])
            if count > MAX_MEMBERS:
                yield f"{name}:{code.count(chr(10), 0, at) + 1}: {found.group(1)} has {count} members"


def unfinished_or_local(root):
    for path, name in files(root, "proxy", "tests", "bench", "config", "deploy", suffixes=TEXT):
        if name == SELF or name.endswith("package-lock.json"):
            continue
        text = read(path)
        for pattern, what in ((UNFINISHED, "unfinished work belongs into an issue"),
                              (MACHINE_PATH, "a path of one machine")):
            for number in lines_with(pattern, text):
                yield f"{name}:{number}: {what}"


def cycle(arrows):
    """A path from a module back to itself, or None."""
    def walk(module, way):
        for other in arrows[module]:
            if other in way:
                return way[way.index(other):] + [other]
            found = walk(other, way + [other])
            if found:
                return found
        return None
    return next((found for module in arrows if (found := walk(module, [module]))), None)


def unit_of(name):
    """A header and its source are one unit, and with them a header of the class's private state."""
    return name.rsplit(".", 1)[0].removesuffix("_state")


def unit_arrows(root):
    arrows = {}
    for path, name in files(root, "proxy"):
        arrows.setdefault(unit_of(name), set()).update(
            "proxy/" + unit_of(header) for header in re.findall(r'^\s*#include "([^"]*)"', read(path), re.M))
    return {unit: {other for other in others if other in arrows and other != unit} for unit, others in arrows.items()}


def unit_cycles(root):
    """Units that need each other: none of them can be understood, or tested, alone. (Kahn's algorithm.)"""
    left = unit_arrows(root)
    while True:
        free = {unit for unit, others in left.items() if not others}
        if not free:
            break
        left = {unit: others - free for unit, others in left.items() if unit not in free}
    if left:
        yield "units include each other: " + " -> ".join(cycle(left))


RULES = [wrong_includes, wrong_folders, unit_cycles, wrong_depends, banned_calls, sleeping_tests, statuses_made_elsewhere,
         reasons_spelled_elsewhere, long_files, long_median, long_functions, wide_classes, unfinished_or_local]


class Architecture(unittest.TestCase):
    def assert_keeps(self, rule):
        findings = list(rule(ROOT))
        self.assertEqual(findings, [], "\n" + "\n".join(findings))

    def test_modules_include_only_what_the_table_allows(self):
        self.assert_keeps(wrong_includes)

    def test_folders_of_a_module_include_only_what_the_table_allows(self):
        self.assert_keeps(wrong_folders)

    def test_the_build_links_modules_as_the_table_says(self):
        self.assert_keeps(wrong_depends)

    def test_the_arrows_have_no_cycle(self):
        self.assertIsNone(cycle(ARROWS))
        for folders in FOLDERS.values():
            self.assertIsNone(cycle(folders))

    def test_no_units_include_each_other(self):
        self.assert_keeps(unit_cycles)

    def test_the_map_shows_the_arrows_as_they_are(self):
        self.assertEqual(documented_arrows(ROOT), ARROWS)

    def test_files_that_the_documents_name_exist(self):
        self.assert_keeps(missing_files)

    def test_nothing_banned_is_called(self):
        self.assert_keeps(banned_calls)

    def test_python_tests_do_not_sleep(self):
        self.assert_keeps(sleeping_tests)

    def test_statuses_are_made_in_one_place(self):
        self.assert_keeps(statuses_made_elsewhere)

    def test_reasons_are_spelled_in_one_place(self):
        self.assert_keeps(reasons_spelled_elsewhere)

    def test_no_file_is_too_long(self):
        self.assert_keeps(long_files)

    def test_most_files_are_short(self):
        self.assert_keeps(long_median)

    def test_no_function_is_too_long(self):
        self.assert_keeps(long_functions)

    def test_no_class_of_the_client_side_has_too_many_members(self):
        self.assert_keeps(wide_classes)

    def test_nothing_is_left_unfinished_or_tied_to_a_machine(self):
        self.assert_keeps(unfinished_or_local)


class Rules(unittest.TestCase):
    """Each rule on a tree that breaks it, and on one that does not."""

    def findings(self, rule, tree):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "proxy").mkdir()
            for name, text in tree.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(rule(root))

    def assert_found(self, rule, name, text, word, **more):
        findings = self.findings(rule, {name: text, **more})
        self.assertTrue(any(finding.startswith(name) and word in finding for finding in findings), findings)

    def test_an_arrow_against_the_table_is_found(self):
        self.assert_found(wrong_includes, "proxy/admission/x.cpp", '#include "net/socket.hpp"\n', "'admission' may not")
        self.assert_found(wrong_includes, "proxy/policy/x.cpp", '#include "downstream/worker.hpp"\n', "'policy' may not")
        self.assert_found(wrong_includes, "proxy/cellar/x.cpp", "\n", "not in the table")
        self.assert_found(wrong_includes, "proxy/net/x.cpp", '#include "socket.hpp"\n', "without its module")
        self.assertEqual(self.findings(wrong_includes, {
            "proxy/policy/x.cpp": '#include "downstream/config.hpp"\n#include "policy/y.hpp"\n#include <vector>\n',
            "proxy/lab/simulate/x.cpp": '#include "lab/simulate/y.hpp"\n#include "admission/judge.hpp"\n',
            "proxy/main.cpp": '#include "cli/command_line.hpp"\n'}), [])
        self.assert_found(wrong_includes, "proxy/lab/simulate/x.cpp", '#include "net/socket.hpp"\n', "'simulate' may not")
        self.assert_found(wrong_includes, "proxy/net/x.cpp", '#include "lab/mock/server.hpp"\n', "'net' may not include 'mock/")

    def test_an_arrow_between_folders_against_the_table_is_found(self):
        self.assert_found(wrong_folders, "proxy/policy/yaml/x.cpp", '#include "policy/keys/read.hpp"\n', "'policy/yaml' may not")
        self.assert_found(wrong_folders, "proxy/policy/cellar/x.cpp", "\n", "not in the table")
        self.assertEqual(self.findings(wrong_folders, {
            "proxy/policy/load.cpp": '#include "policy/keys/read.hpp"\n',
            "proxy/policy/keys/x.cpp": '#include "policy/keys/y.hpp"\n#include "policy/yaml/tree.hpp"\n#include "policy/mark.hpp"\n'}), [])

    def test_a_target_that_links_otherwise_is_found(self):
        self.assert_found(wrong_depends, "proxy/ai/CMakeLists.txt", "weir_module(ai SOURCES a.cpp DEPENDS base net)", "in the table")
        findings = self.findings(wrong_depends, {"proxy/cellar/x.cpp": ""})
        self.assertIn("proxy/cellar: folder, target and table do not agree", findings)

    def test_a_banned_call_is_found_but_not_in_a_comment(self):
        for name, text in (("proxy/admission/x.cpp", "auto t = Clock::now();"),
                           ("proxy/upstream/x.cpp", "auto t = std::chrono::system_clock::now();"),
                           ("tests/unit/x_test.cpp", "std::this_thread::sleep_for(1s);"),
                           ("proxy/net/x.cpp", "#include <boost/asio.hpp>"),
                           ("proxy/net/y.cpp", "#include <boost/asio/ssl/stream.hpp>"),
                           ("proxy/http/x.cpp", "#include <boost/beast/http/basic_parser.hpp>"),
                           ("proxy/policy/load.cpp", "#include <yaml-cpp/yaml.h>"),
                           ("proxy/gateway/x.cpp", "#include <prometheus/counter.h>")):
            self.assert_found(banned_calls, name, text + "\n", text)
        self.assertEqual(self.findings(banned_calls, {
            "proxy/net/a.cpp": "auto t = Clock::now();\n",
            "proxy/admission/a.cpp": "// never Clock::now()\n/* nor\n sleep_for */ int a;\n",
            "tests/property/http_referee_property_test.cpp": "#include <boost/beast/http/basic_parser.hpp>\n"}), [])

    def test_a_python_test_that_sleeps_is_found(self):
        for text in ("time.sleep(0.1)", "sleep(x)", "asyncio.sleep(0.5)"):
            self.assert_found(sleeping_tests, "tests/e2e/x_test.py", f"def test():\n    {text}\n", text)
        self.assertEqual(self.findings(sleeping_tests, {
            "tests/support/waiting.py": "time.sleep(0.1)\n",
            "tests/bench/a_test.py": "async def test():\n    await asyncio.sleep(0)\n",
            "tests/e2e/a_test.py": "# no time.sleep(1)\n'never time.sleep(1)'\npause(1)\n"}), [])

    def test_units_that_include_each_other_are_found(self):
        ring = {"proxy/net/a.hpp": "", "proxy/net/a.cpp": '#include "net/a.hpp"\n#include "net/b.hpp"\n',
                "proxy/net/b.hpp": '#include "net/c.hpp"\n', "proxy/net/c.hpp": "", "proxy/net/c.cpp": '#include "net/a.hpp"\n'}
        self.assertIn("proxy/net/a -> proxy/net/b -> proxy/net/c -> proxy/net/a", self.findings(unit_cycles, ring)[0])
        del ring["proxy/net/c.cpp"]
        self.assertEqual(self.findings(unit_cycles, ring), [])

    def test_a_status_made_elsewhere_is_found(self):
        for text in ('out += "HTTP/1.1 503 Full";', 'out.append("HTTP/1.1 ").append(code);', "int s = status_of(Reason::draining);"):
            self.assert_found(statuses_made_elsewhere, "proxy/upstream/x.cpp", text, "makes an HTTP status")
        self.assertEqual(self.findings(statuses_made_elsewhere, {
            "proxy/downstream/exchange/reply.cpp": '"HTTP/1.1 503 Full"', "proxy/http/x.cpp": '" HTTP/1.1\\r\\nHost: "'}), [])

    def test_a_reason_spelled_elsewhere_is_found(self):
        table = "    X(queue_full, overload, \"text\") \\\n"
        self.assert_found(reasons_spelled_elsewhere, "proxy/gateway/x.cpp", 'log("queue_full");', "spells a reason",
                          **{"proxy/base/reason.hpp": table})
        self.assertEqual(self.findings(reasons_spelled_elsewhere, {
            "proxy/base/reason.hpp": table, "proxy/gateway/x.cpp": 'Reason::queue_full; "the queue_full"'}), [])
        self.assertNotEqual(self.findings(reasons_spelled_elsewhere, {}), [])

    def test_a_file_that_a_document_names_and_that_is_gone_is_found(self):
        tree = {"ARCHITECTURE.md": "`net/x.cpp`, `proxy/net/`, `tests/run`, not a path: `a/` b", "docs/decisions.md": "`net/y.cpp`",
                "proxy/net/x.cpp": "", "tests/run": "", "proxy/a/b.cpp": ""}
        self.assertEqual(self.findings(missing_files, tree), ["docs/decisions.md: names net/y.cpp, which does not exist"])

    def test_a_long_file_is_found(self):
        self.assert_found(long_files, "proxy/net/x.cpp", "\n" * 501, "501 lines")

    def test_a_long_median_is_found(self):
        files_of = lambda lengths: {f"proxy/net/{i}.cpp": "\n" * length for i, length in enumerate(lengths)}
        self.assertIn("91 lines", self.findings(long_median, files_of([10, 91, 200]))[0])
        self.assertEqual(self.findings(long_median, files_of([10, 90, 400])), [])

    def test_a_long_function_is_found(self):
        inside = "    if (a) {\n        b();\n    }\n" * 20
        for head in ("int f(int a) {", "net::task<bool> A::f(\n    int a) const {", "A::f(int a)\n    : b_{a}, c_(a) {",
                     "template <class T>\nauto f(T a) -> T {", "A::f() : b_{1} {"):
            self.assert_found(long_functions, "proxy/net/x.cpp", f"{head}\n{inside}}}\n", ": f has 6")
        self.assert_found(long_functions, "proxy/net/x.hpp", f"class A {{\n    int f() {{\n{inside}    }}\n}};\n", ": f has 62")
        self.assertEqual(self.findings(long_functions, {
            "proxy/net/a.cpp": "namespace weir {\nnamespace {\n" + "int a = f();\n" * 70 + "}\n}\n",
            "proxy/net/b.cpp": "constexpr auto kRows = make({\n" + "    {1, 2},\n" * 70 + "});\n",
            "proxy/net/c.cpp": "void f() {\n" + "    a();\n" * 58 + "}\nvoid g() {\n" + "    a();\n" * 58 + "}\n"}), [])

    def test_a_wide_class_is_found(self):
        members = ("int a; std::string b_{1}; bool c_ = f(1, 2); const Client& d_; std::function<int(int)> e_;"
                   "std::array<int, 2> f_{}; X* g_ = nullptr; int h, i;")
        others = ("public: using A = int; friend class B; static constexpr int kC = 1; enum class D { x, y }; explicit W(int a) : a(a) {}"
                  "struct E { int a; int b; }; int f() const { int x; return x; } W& operator=(const W&) = default; int g(int a = 1);"
                  "[[nodiscard]] std::string_view h() const { return b_; }")
        self.assertEqual(members_of(members + others), 9)
        self.assertEqual(members_of(others + members), 9)
        wide = "class W final : public X {\n" + others + members + "int m;" * 7 + "\n};\n"
        self.assert_found(wide_classes, "proxy/downstream/x.hpp", wide, "W has 16 members")
        self.assertEqual(self.findings(wide_classes, {"proxy/net/x.hpp": wide, "proxy/downstream/a.hpp": wide.replace("int m;", "", 1)}), [])

    def test_unfinished_work_and_machine_paths_are_found(self):
        self.assert_found(unfinished_or_local, "proxy/net/x.cpp", "// TO" + "DO: later\n", "unfinished")
        self.assert_found(unfinished_or_local, "deploy/x", "cd /ho" + "me/someone/weir\n", "one machine")

    def test_a_cycle_is_found(self):
        self.assertEqual(cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}), ["b", "c", "b"])


if __name__ == "__main__":
    unittest.main()
