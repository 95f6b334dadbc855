#include "policy/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <tuple>

namespace weir::policy {
namespace {

// The message with its suggestion, as used by all three formats.
std::string sentence(const Diagnostic& diagnostic) {
    if (diagnostic.suggestion.empty()) return diagnostic.message;
    return fmt::format("{}; did you mean '{}'?", diagnostic.message, diagnostic.suggestion);
}

// The 1-based line of a text without its line ending; empty past the end.
std::string_view source_line(std::string_view text, int line) {
    for (; line > 1; --line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

// White space as wide as the first `columns` bytes of `line`: tabs stay tabs, UTF-8 continuation bytes have no width.
std::string blank(std::string_view line, int columns) {
    std::string result;
    for (const char c : line.substr(0, static_cast<std::size_t>(std::max(columns, 0)))) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) result.push_back(c == '\t' ? '\t' : ' ');
    }
    return result;
}

std::string excerpt(const Mark& mark, const Sources& sources) {
    const auto source = sources.find(mark.file);
    if (source == sources.end() || mark.line < 1) return {};
    const std::string_view line = source_line(source->second, mark.line);
    if (line.empty()) return {};
    return fmt::format("{:>5} | {}\n      | {}^\n", mark.line, line, blank(line, mark.column - 1));
}

// The escapes of workflow commands; properties also escape their separators.
std::string github_escape(std::string_view text, bool property) {
    std::string result;
    for (const char c : text) {
        const bool escape = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
        if (escape) {
            result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        } else {
            result.push_back(c);
        }
    }
    return result;
}

}  // namespace

std::string_view name(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

void refuse(Diagnostics& diagnostics, const Mark& mark, std::string_view id, std::string message, std::string help,
            std::string suggestion) {
    diagnostics.push_back(
        {Severity::error, mark, std::string(id), std::move(message), std::move(suggestion), std::move(help)});
}

void warn(Diagnostics& diagnostics, const Mark& mark, std::string_view id, std::string message, std::string help) {
    diagnostics.push_back({Severity::warning, mark, std::string(id), std::move(message), {}, std::move(help)});
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void sort_by_place(Diagnostics& diagnostics, std::string_view first) {
    const auto place = [first](const Diagnostic& d) {
        return std::tuple(d.mark.file != first, std::string_view(d.mark.file), d.mark.line, d.mark.column);
    };
    std::stable_sort(diagnostics.begin(), diagnostics.end(),
                     [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

std::string to_text(const Diagnostics& diagnostics, const Sources& sources) {
    std::string text;
    for (const Diagnostic& d : diagnostics) {
        const std::string place =
            d.mark.line > 0 ? fmt::format("{}:{}:{}", d.mark.file, d.mark.line, d.mark.column) : d.mark.file;
        text += fmt::format("{}: {}: {} [{}]\n", place, name(d.severity), sentence(d), d.id);
        text += excerpt(d.mark, sources);
        if (!d.help.empty()) text += fmt::format("      = help: {}\n", d.help);
    }
    return text;
}

std::string to_json_lines(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& d : diagnostics) {
        boost::json::object line{{"severity", name(d.severity)}, {"file", d.mark.file}, {"line", d.mark.line},
                                 {"column", d.mark.column},      {"id", d.id},          {"message", d.message}};
        if (!d.suggestion.empty()) line["suggestion"] = d.suggestion;
        if (!d.help.empty()) line["help"] = d.help;
        text += boost::json::serialize(line);
        text.push_back('\n');
    }
    return text;
}

std::string to_github(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& d : diagnostics) {
        const std::string message = d.help.empty() ? sentence(d) : sentence(d) + "\n" + d.help;
        text += fmt::format("::{} file={},line={},col={},title={}::{}\n", name(d.severity),
                            github_escape(d.mark.file, true), std::max(d.mark.line, 1), std::max(d.mark.column, 1),
                            github_escape(d.id, true), github_escape(message, false));
    }
    return text;
}

}  // namespace weir::policy
