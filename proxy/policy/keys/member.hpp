#pragma once
// A member of a config struct as a visitor sees it: a value that can be set and printed, or a part with keys of its
// own. Only this file knows whether the member is plain, optional or a list.

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "policy/forms/form.hpp"

namespace weir::policy {

class Visitor;

// The keys of some struct.
using Description = std::function<void(Visitor&)>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

class Value {
public:
    // Stores the value that `text` stands for, or appends it to a list.
    [[nodiscard]] virtual std::optional<Fault> set(std::string_view text) const = 0;
    [[nodiscard]] virtual std::vector<std::string> print() const = 0;

protected:
    ~Value() = default;
};

// The target of a map in the file.
class Part {
public:
    // Describes the struct to fill, which starts with its defaults; a list grows by one.
    virtual void enter(Visitor& visitor) const = 0;
    // Describes a struct with its defaults, not part of the config.
    virtual void fresh(Visitor& visitor) const = 0;
    // How many structs there are.
    [[nodiscard]] virtual std::size_t count() const = 0;
    virtual void at(std::size_t index, Visitor& visitor) const = 0;

protected:
    ~Part() = default;
};

// A map of free names to values.
struct PairsOf {
    Pairs& held;
    const Scalar<std::string>& names;
    const Scalar<std::string>& form;

    [[nodiscard]] std::optional<Fault> add(std::string_view name, std::string_view text) const {
        Reading<std::string> key = names.parse(name);
        if (!key.value) return std::move(key.fault);
        Reading<std::string> value = form.parse(text);
        if (!value.value) return std::move(value.fault);
        held.emplace_back(std::move(*key.value), std::move(*value.value));
        return std::nullopt;
    }
};

template <typename T>
struct Inner {
    using Type = T;
};
template <typename T>
struct Inner<std::optional<T>> {
    using Type = T;
};
template <typename T>
struct Inner<std::vector<T>> {
    using Type = T;
};
template <typename M>
using InnerOf = typename Inner<M>::Type;

template <typename M>
constexpr bool kIsList = std::is_same_v<M, std::vector<InnerOf<M>>>;

// How many the member holds, and the one at `index`.
template <typename M>
std::size_t count_in(const M& member) {
    if constexpr (kIsList<M>) {
        return member.size();
    } else if constexpr (std::is_same_v<M, InnerOf<M>>) {
        return 1;
    } else {
        return member ? 1 : 0;
    }
}
template <typename M>
InnerOf<M>& at_in(M& member, std::size_t index) {
    if constexpr (kIsList<M>) {
        return member[index];
    } else if constexpr (std::is_same_v<M, InnerOf<M>>) {
        return member;
    } else {
        return *member;
    }
}

// Puts `value` into the member, appending it to a list.
template <typename M>
InnerOf<M>& put(M& member, InnerOf<M> value) {
    if constexpr (kIsList<M>) {
        member.push_back(std::move(value));
    } else {
        member = std::move(value);
    }
    return at_in(member, count_in(member) - 1);
}

template <typename M, typename T>
class MemberValue final : public Value {
public:
    MemberValue(M& member, const Scalar<T>& form) : member_(member), form_(form) {}

    std::optional<Fault> set(std::string_view text) const override {
        using In = InnerOf<M>;
        Reading<T> reading = form_.parse(text);
        if (!reading.value) return std::move(reading.fault);
        if constexpr (std::is_integral_v<In> && !std::is_same_v<In, bool>) {
            if (!std::in_range<In>(*reading.value)) {
                return Fault{"out-of-range", "must be at most " + form_.print(std::numeric_limits<In>::max())};
            }
        }
        put(member_, static_cast<In>(std::move(*reading.value)));
        return std::nullopt;
    }
    std::vector<std::string> print() const override {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < count_in(member_); ++i) {
            texts.push_back(form_.print(static_cast<T>(at_in(member_, i))));
        }
        return texts;
    }

private:
    M& member_;
    const Scalar<T>& form_;
};

// By the struct's own describe().
struct Described {
    template <typename T>
    void operator()(Visitor& visitor, T& part) const {
        describe(visitor, part);
    }
};

template <typename M, typename D = Described>
class MemberPart final : public Part {
public:
    explicit MemberPart(M& member, D described = {}, InnerOf<M> start = {})
        : member_(member), described_(described), start_(std::move(start)) {}

    void enter(Visitor& visitor) const override { described_(visitor, put(member_, start_)); }
    void fresh(Visitor& visitor) const override {
        InnerOf<M> one = start_;
        described_(visitor, one);
    }
    std::size_t count() const override { return count_in(member_); }
    void at(std::size_t index, Visitor& visitor) const override { described_(visitor, at_in(member_, index)); }

private:
    M& member_;
    D described_;
    InnerOf<M> start_;
};

// The struct at hand, by another map's keys.
class SamePart final : public Part {
public:
    explicit SamePart(Description keys) : keys_(std::move(keys)) {}

    void enter(Visitor& visitor) const override { keys_(visitor); }
    void fresh(Visitor& visitor) const override { keys_(visitor); }
    std::size_t count() const override { return 1; }
    void at(std::size_t /*index*/, Visitor& visitor) const override { keys_(visitor); }

private:
    Description keys_;
};

}  // namespace weir::policy
