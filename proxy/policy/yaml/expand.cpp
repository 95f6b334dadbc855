#include "policy/yaml/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.hpp"

namespace weir::policy {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;
constexpr std::string_view kPlaceholder = "placeholder";

struct Replacement {
    std::optional<std::string> text;
    std::string fault;        // when there is no text
    bool is_missing = false;  // the reference is right, and this machine does not have what it names
};

bool is_variable_name(std::string_view name) {
    if (name.empty() || is_digit(name.front())) return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

Replacement from_environment(std::string_view reference) {
    const std::size_t split = reference.find(":-");
    const std::string name(reference.substr(0, split));
    if (!is_variable_name(name)) return {{}, fmt::format("'{}' is not a variable's name", name)};
    if (const char* value = std::getenv(name.c_str())) return {value, {}};
    if (split != std::string_view::npos) return {std::string(reference.substr(split + 2)), {}};
    return {{}, fmt::format("the environment variable '{}' is not set", name), true};
}

Replacement from_file(std::string_view reference, const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / reference;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        return {{}, fmt::format("the file '{}' does not exist or is not a plain file", reference), true};
    }
    std::ifstream stream(path, std::ios::binary);
    std::string text(kMaxSecretBytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (!stream.is_open() || stream.bad()) return {{}, fmt::format("the file '{}' cannot be read", reference), true};
    if (text.size() > kMaxSecretBytes) return {{}, fmt::format("the file '{}' is larger than 64 KiB", reference)};
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return {std::move(text), {}};
}

Replacement resolve(std::string_view reference, const std::filesystem::path& folder) {
    if (reference.starts_with("env:")) return from_environment(reference.substr(4));
    if (reference.starts_with("file:")) return from_file(reference.substr(5), folder);
    return {{}, fmt::format("'${{{}}}' is neither ${{env:NAME}} nor ${{file:PATH}}", reference)};
}

void expand_scalar(Node& node, const Expansion& how, Diagnostics& diagnostics) {
    std::string result;
    std::string_view rest = node.text;
    for (std::size_t start = rest.find("${"); start != std::string_view::npos; start = rest.find("${")) {
        if (start > 0 && rest[start - 1] == '$') {
            result.append(rest.substr(0, start - 1)).append("${");
            rest.remove_prefix(start + 2);
            continue;
        }
        const std::size_t end = rest.find('}', start);
        Replacement replacement = end == std::string_view::npos
                                      ? Replacement{{}, "'${' has no closing '}'"}
                                      : resolve(rest.substr(start + 2, end - start - 2), how.folder);
        if (replacement.is_missing && !how.strict) replacement.text = kPlaceholder;
        if (!replacement.text) {
            refuse(diagnostics, node.mark, "bad-secret", replacement.fault,
                   "write ${env:NAME}, ${env:NAME:-default} or ${file:/path}; $${ is a plain ${");
            node.broken = true;
            return;
        }
        result.append(rest.substr(0, start)).append(*replacement.text);
        node.secret = true;
        rest.remove_prefix(end + 1);
    }
    result.append(rest);
    node.text = std::move(result);
}

}  // namespace

void expand(Node& node, const Expansion& how, Diagnostics& diagnostics) {
    if (node.kind == Node::Kind::scalar) expand_scalar(node, how, diagnostics);
    for (Node& item : node.items) expand(item, how, diagnostics);
    for (Entry& entry : node.entries) expand(entry.value, how, diagnostics);
}

}  // namespace weir::policy
