#pragma once
// A diagnostic for a policy's author: one sentence at one place, with a stable id to look up and, where there is one,
// the word that was probably meant. Diagnostics are collected, never thrown, so that one run shows every mistake.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/mark.hpp"

namespace weir::policy {

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
    Severity severity = Severity::error;
    Mark mark;               // line 0: the file as a whole
    std::string id;          // kebab-case, stable: `unknown-key`
    std::string message;     // a clause without a full stop
    std::string suggestion;  // the word that was probably meant; may be empty
    std::string help;        // one sentence on what to do instead; may be empty
};

using Diagnostics = std::vector<Diagnostic>;

// The text of every file that was read, by the name that marks use. Carets are drawn from it.
using Sources = std::map<std::string, std::string>;

[[nodiscard]] std::string_view name(Severity severity);

// Adds an error, or a warning.
void refuse(Diagnostics& diagnostics, const Mark& mark, std::string_view id, std::string message, std::string help = {},
            std::string suggestion = {});
void warn(Diagnostics& diagnostics, const Mark& mark, std::string_view id, std::string message, std::string help = {});

// Whether any of them is an error.
[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);

// By file (`first` before all others), then by place; equal places keep their order.
void sort_by_place(Diagnostics& diagnostics, std::string_view first);

// Like a compiler: `file:line:col: error: message; did you mean 'x'? [id]`, the source line, a caret, the help.
[[nodiscard]] std::string to_text(const Diagnostics& diagnostics, const Sources& sources);

// One JSON object per line: severity, file, line, column, id, message, suggestion, help.
[[nodiscard]] std::string to_json_lines(const Diagnostics& diagnostics);

// GitHub's workflow commands, which annotate a pull request: `::error file=F,line=L,col=C,title=ID::message`.
[[nodiscard]] std::string to_github(const Diagnostics& diagnostics);

}  // namespace weir::policy
