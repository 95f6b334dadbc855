#pragma once
// A form of a closed set of words: as text, or in the order of an enum's values.

#include <algorithm>
#include <type_traits>

#include "policy/forms/form.hpp"

namespace weir::policy {

// The fault for a word outside a form's set: suggests the one that was probably meant, or says that it is not
// implemented yet.
[[nodiscard]] Fault unknown_word(const Form& form, std::string_view text);

template <typename T>
Reading<T> read_word(const Form& form, std::string_view text) {
    const auto found = std::find(form.words.begin(), form.words.end(), text);
    if (found == form.words.end()) return unknown_word(form, text);
    if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(found - form.words.begin());
    } else {
        return T(*found);
    }
}

template <typename T>
std::string print_word(const Form& form, const T& value) {
    if constexpr (std::is_enum_v<T>) {
        return std::string(form.words[static_cast<std::size_t>(value)]);
    } else {
        return value;
    }
}

template <typename T>
constexpr Scalar<T> one_of(std::string_view what, std::span<const std::string_view> words,
                           std::span<const Renamed> renamed = {}, JsonType type = JsonType::string) {
    return {
        {.what = what, .pattern = "", .type = type, .words = words, .renamed = renamed}, read_word<T>, print_word<T>};
}

}  // namespace weir::policy
