#pragma once
// "Did you mean": the known word nearest to a misspelt one.

#include <span>
#include <string>
#include <string_view>

namespace weir::policy {

// Damerau-Levenshtein distance, optimal string alignment variant: insert, delete, replace, swap two neighbours.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, ignoring case; the first of equally near ones. Empty when none is within a third of
// the word's length (at least one edit).
[[nodiscard]] std::string closest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::string closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace weir::policy
