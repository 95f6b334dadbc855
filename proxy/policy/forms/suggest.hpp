#pragma once
// "Did you mean": the known word nearest to a misspelt one.

#include <span>
#include <string>
#include <string_view>

namespace weir::policy {

// Damerau-Levenshtein distance in its optimal-string-alignment form: insert, delete, replace, swap two neighbours.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, ignoring case; empty when none is near enough to be what was meant (a third of the
// word's length, at least one edit). The first of equally near ones.
[[nodiscard]] std::string closest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::string closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace weir::policy
