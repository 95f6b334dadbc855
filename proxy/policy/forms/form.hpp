#pragma once
// A form: one way to write a value. It reads a text strictly, prints the value back in the same notation, and describes
// itself well enough for the JSON Schema and for a good error. forms.hpp lists them all.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir::policy {

// Why a text is not a value of its form. `message` continues the sentence "'queue_timeout' ...".
struct Fault {
    std::string id;
    std::string message;
    std::string suggestion{};
    std::string help{};
};

// A value, or a fault.
template <typename T>
struct Reading {
    Reading(T read) : value(std::move(read)) {}
    Reading(Fault why) : fault(std::move(why)) {}

    // What `convert` makes of the value, or the same fault.
    template <typename F>
    [[nodiscard]] auto then(const F& convert) const -> Reading<decltype(convert(std::declval<const T&>()))> {
        if (!value) return fault;
        return convert(*value);
    }

    std::optional<T> value;
    Fault fault;
};

// A word that was replaced by another: the error for the old one suggests the new one.
struct Renamed {
    std::string_view former;
    std::string_view now;
};

enum class JsonType : std::uint8_t { string, integer, number, boolean };

// The part of a form that does not depend on its C++ type.
struct Form {
    std::string_view what;     // "a duration such as 250ms, 2s or 10m"
    std::string_view pattern;  // ECMA 262, anchored; empty: any text
    JsonType type = JsonType::string;
    std::span<const std::string_view> words{};  // closed set
    std::span<const Renamed> renamed{};
    bool is_path = false;  // a relative path is relative to the policy's folder
};

template <typename T>
struct Scalar : Form {
    Reading<T> (*reader)(const Form& form, std::string_view text);
    std::string (*printer)(const Form& form, const T& value);

    [[nodiscard]] Reading<T> parse(std::string_view text) const { return reader(*this, text); }
    // Empty for a value that no text of this form stands for: it is not set.
    [[nodiscard]] std::string print(const T& value) const { return printer(*this, value); }
};

}  // namespace weir::policy
