#pragma once
// One row of the table behind the policy file: a key, how its value is written, its default, what it means, and where
// it lives in the config structs. The parser, the printer, the JSON Schema and the test of config/reference.yaml all
// walk these rows, so they cannot drift apart.
//
// Rows are plain constants. A row reaches its member through small functions made from member pointers, so that the
// walkers need no templates and no knowledge of the structs.

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "policy/forms/scalar.hpp"

namespace weir::policy {

struct Shape;

enum class Layout : std::uint8_t {
    scalar,         // one value
    scalars,        // one value, or a list of them
    pairs,          // a map of free names to values
    map,            // a map with a shape
    maps,           // a list of maps with a shape
    scalar_or_map,  // a shorthand, or the map it stands for
};

enum class Need : std::uint8_t {
    optional,
    required,
    later,  // a key of the design that is not implemented yet: an error that says so
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Field {
    std::string_view key;
    Layout layout = Layout::scalar;
    Need need = Need::optional;
    const Form* form = nullptr;    // of its scalars
    const Shape* shape = nullptr;  // of its maps
    std::string_view fallback;     // the default as it would be written; empty: unset
    std::string_view doc;          // one sentence
    bool secret = false;           // never printed

    // Stores a scalar, or appends it to a list.
    std::optional<Fault> (*set)(void* owner, std::string_view text) = nullptr;
    std::optional<Fault> (*set_pair)(void* owner, std::string_view name, std::string_view text) = nullptr;
    // The struct that the map's keys fill; a new one where there may be none, or several.
    void* (*enter)(void* owner) = nullptr;

    std::vector<std::string> (*print)(const void* owner) = nullptr;
    Pairs (*print_pairs)(const void* owner) = nullptr;
    std::vector<const void*> (*children)(const void* owner) = nullptr;
};

// A map: its keys and the struct they fill.
struct Shape {
    std::string_view noun;  // in errors: `class`, for "in class 'siri-bulk'"; empty: called by its key
    std::span<const Field> fields;
    bool not_empty = false;  // a map without keys is a mistake
    // Completes the struct after its keys have been read; null: nothing to do.
    void (*finish)(void* self) = nullptr;
    // A struct with its defaults.
    std::shared_ptr<void> (*fresh)() = nullptr;
};

namespace detail {

template <typename M>
struct MemberPointer;
template <typename Class, typename T>
struct MemberPointer<T Class::*> {
    using Owner = Class;
};

// Follows a chain of member pointers from an owner.
template <auto First, auto... Rest>
struct Path {
    using Owner = typename MemberPointer<decltype(First)>::Owner;
    static auto& in(void* owner) { return ((static_cast<Owner*>(owner)->*First).*....*Rest); }
    static const auto& in(const void* owner) { return ((static_cast<const Owner*>(owner)->*First).*....*Rest); }
};

template <typename T>
struct Inner {
    using Type = T;
    static constexpr bool kOptional = false;
    static constexpr bool kList = false;
};
template <typename T>
struct Inner<std::optional<T>> {
    using Type = T;
    static constexpr bool kOptional = true;
    static constexpr bool kList = false;
};
template <typename T>
struct Inner<std::vector<T>> {
    using Type = T;
    static constexpr bool kOptional = false;
    static constexpr bool kList = true;
};

template <typename T>
constexpr bool kIsNumber = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <const auto& kind, auto... Members>
std::optional<Fault> set(void* owner, std::string_view text) {
    auto reading = kind.parse(text);
    if (!reading.value) return std::move(reading.fault);
    if constexpr (sizeof...(Members) > 0) {
        auto& member = Path<Members...>::in(owner);
        using In = Inner<std::remove_reference_t<decltype(member)>>;
        using T = typename In::Type;
        if constexpr (kIsNumber<T>) {
            if (!std::in_range<T>(*reading.value)) {
                return Fault{"out-of-range", "must be at most " + kind.print(std::numeric_limits<T>::max()), {}, {}};
            }
        }
        if constexpr (In::kList) {
            member.push_back(static_cast<T>(std::move(*reading.value)));
        } else {
            member = static_cast<T>(std::move(*reading.value));
        }
    }
    return std::nullopt;
}

template <const auto& kind, auto... Members>
std::vector<std::string> print(const void* owner) {
    std::vector<std::string> texts;
    const auto& member = Path<Members...>::in(owner);
    using In = Inner<std::remove_cvref_t<decltype(member)>>;
    if constexpr (In::kList) {
        for (const auto& value : member) texts.push_back(kind.print(value));
    } else if constexpr (In::kOptional) {
        if (member) texts.push_back(kind.print(*member));
    } else {
        texts.push_back(kind.print(member));
    }
    return texts;
}

template <auto... Members>
void* enter(void* owner) {
    auto& member = Path<Members...>::in(owner);
    using In = Inner<std::remove_reference_t<decltype(member)>>;
    if constexpr (In::kList) {
        return &member.emplace_back();
    } else if constexpr (In::kOptional) {
        return &member.emplace();
    } else {
        return &member;
    }
}

template <auto... Members>
std::vector<const void*> children(const void* owner) {
    const auto& member = Path<Members...>::in(owner);
    using In = Inner<std::remove_cvref_t<decltype(member)>>;
    std::vector<const void*> found;
    if constexpr (In::kList) {
        for (const auto& child : member) found.push_back(&child);
    } else if constexpr (In::kOptional) {
        if (member) found.push_back(&*member);
    } else {
        found.push_back(&member);
    }
    return found;
}

template <const auto& name_kind, const auto& kind, auto... Members>
std::optional<Fault> set_pair(void* owner, std::string_view name, std::string_view text) {
    auto key = name_kind.parse(name);
    if (!key.value) return std::move(key.fault);
    auto value = kind.parse(text);
    if (!value.value) return std::move(value.fault);
    Path<Members...>::in(owner).emplace_back(std::move(*key.value), std::move(*value.value));
    return std::nullopt;
}

}  // namespace detail

// One value. Without members it is checked and forgotten.
template <const auto& kind, auto... Members>
constexpr Field scalar(std::string_view key, std::string_view fallback, std::string_view doc) {
    Field field;
    field.key = key;
    field.form = &kind;
    field.fallback = fallback;
    field.doc = doc;
    field.set = &detail::set<kind, Members...>;
    if constexpr (sizeof...(Members) > 0) field.print = &detail::print<kind, Members...>;
    return field;
}

// One value or a list of them, into a vector.
template <const auto& kind, auto... Members>
constexpr Field scalars(std::string_view key, std::string_view doc) {
    Field field = scalar<kind, Members...>(key, {}, doc);
    field.layout = Layout::scalars;
    return field;
}

// A map of free names, into a vector of pairs.
template <const auto& name_kind, const auto& kind, auto... Members>
constexpr Field pairs(std::string_view key, std::string_view doc) {
    Field field;
    field.key = key;
    field.layout = Layout::pairs;
    field.form = &kind;
    field.doc = doc;
    field.set_pair = &detail::set_pair<name_kind, kind, Members...>;
    field.print_pairs = [](const void* owner) -> Pairs { return detail::Path<Members...>::in(owner); };
    return field;
}

// A map: into a struct, an optional struct, or a new element of a vector. Without members its keys fill the owner.
template <auto... Members>
constexpr Field map(std::string_view key, const Shape& shape, std::string_view doc) {
    Field field;
    field.key = key;
    field.layout = Layout::map;
    field.shape = &shape;
    field.doc = doc;
    if constexpr (sizeof...(Members) > 0) {
        field.enter = &detail::enter<Members...>;
        field.children = &detail::children<Members...>;
    } else {
        field.enter = [](void* owner) { return owner; };
        field.children = [](const void* owner) { return std::vector<const void*>{owner}; };
    }
    return field;
}

// A list of maps, into a vector of structs.
template <auto... Members>
constexpr Field maps(std::string_view key, const Shape& shape, std::string_view doc) {
    Field field = map<Members...>(key, shape, doc);
    field.layout = Layout::maps;
    return field;
}

// A shorthand, or the map it stands for.
constexpr Field either(Field shorthand, const Field& full) {
    shorthand.layout = Layout::scalar_or_map;
    shorthand.shape = full.shape;
    shorthand.enter = full.enter;
    shorthand.children = full.children;
    return shorthand;
}

constexpr Field required(Field field) {
    field.need = Need::required;
    return field;
}

constexpr Field secret(Field field) {
    field.secret = true;
    return field;
}

// A key of the design that Weir does not read yet.
constexpr Field later(std::string_view key) {
    Field field;
    field.key = key;
    field.need = Need::later;
    return field;
}

template <typename T>
constexpr Shape shape(std::string_view noun, std::span<const Field> fields) {
    Shape result;
    result.noun = noun;
    result.fields = fields;
    result.fresh = [] { return std::shared_ptr<void>(std::make_shared<T>()); };
    return result;
}

}  // namespace weir::policy
