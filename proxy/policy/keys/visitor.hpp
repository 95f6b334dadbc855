#pragma once
// The keys of the policy file, declared once: `describe(v, config)` names each key of a struct, the form of its value,
// the member that holds it and what it means. The reader fills the struct from it, the printer shows it, the schema
// documents it. A key's default is what a fresh struct holds.
//
//     void describe(Visitor& v, SloConfig& c) {
//         v.required().key("first_token", c.first_token, kDuration, "The time within which the first token ...");
//         v.key("target", c.target, kPercent, "The share of requests that must meet it.");
//     }
//
// A visitor sees members through two small interfaces, Value and Part, and so depends on no struct: describe() is a
// plain function, compiled once for all visitors.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/forms/form.hpp"
#include "policy/keys/member.hpp"

namespace weir::policy {

// One key, and what it may hold: a value; a part; a part with a value as its shorthand; or pairs.
struct Key {
    std::string_view name;
    std::string_view doc;          // one sentence
    const Form* form = nullptr;    // of its scalars
    const Value* value = nullptr;  // the target of scalars
    const Part* part = nullptr;    // the target of a map
    const PairsOf* pairs = nullptr;
    bool list = false;  // of values, where a single one needs no brackets, or of maps; a part beside values is one map
    bool required = false;
    bool secret = false;  // never printed
};

class Visitor {
public:
    Visitor() = default;
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;
    virtual ~Visitor() = default;

    // The map as a whole: errors name it by its noun (`class`, for "in class 'bulk'"), else by its key.
    virtual void noun(std::string_view /*noun*/) {}
    // A map without keys is a mistake.
    virtual void not_empty() {}
    // A planned key: its use is an error that says so.
    virtual void later(std::string_view /*key*/) {}
    // A former name of a key: its use is an error that suggests the new one.
    virtual void former(std::string_view /*key*/, std::string_view /*now*/) {}

    // Flags of the next key: `v.required().key(...)`.
    Visitor& required() {
        required_ = true;
        return *this;
    }
    Visitor& secret() {
        secret_ = true;
        return *this;
    }

    // One value: into a member, or an optional one.
    template <typename M, typename T>
    void key(std::string_view name, M& member, const Scalar<T>& form, std::string_view doc) {
        const MemberValue value(member, form);
        visit({.name = name, .doc = doc, .form = &form, .value = &value});
    }

    // One value or a list of them, into a vector.
    template <typename M, typename T>
    void list(std::string_view name, std::vector<M>& member, const Scalar<T>& form, std::string_view doc) {
        const MemberValue value(member, form);
        visit({.name = name, .doc = doc, .form = &form, .value = &value, .list = true});
    }

    // One value or a list of them, or a map that says where they are found.
    template <typename M, typename T>
    void list_or(std::string_view name, std::vector<M>& member, const Scalar<T>& form, const Part& found,
                 std::string_view doc) {
        const MemberValue value(member, form);
        visit({.name = name, .doc = doc, .form = &form, .value = &value, .part = &found, .list = true});
    }

    // A map of free names to values.
    void pairs(std::string_view name, Pairs& member, const Scalar<std::string>& names, const Scalar<std::string>& form,
               std::string_view doc) {
        const PairsOf pairs{member, names, form};
        visit({.name = name, .doc = doc, .form = &form, .pairs = &pairs});
    }

    // A map, into a struct, an optional one, or a new element of a vector.
    template <typename M>
    void map(std::string_view name, M& member, std::string_view doc) {
        map(name, MemberPart(member), doc);
    }
    void map(std::string_view name, const Part& part, std::string_view doc) {
        visit({.name = name, .doc = doc, .part = &part});
    }
    // A map whose keys fill the struct at hand.
    void group(std::string_view name, std::string_view doc, Description keys) {
        map(name, SamePart(std::move(keys)), doc);
    }

    // A list of maps, into a vector of structs.
    template <typename T>
    void maps(std::string_view name, std::vector<T>& member, std::string_view doc) {
        const MemberPart part(member);
        visit({.name = name, .doc = doc, .part = &part, .list = true});
    }

    // A shorthand, or the map it stands for.
    template <typename M, typename T>
    void either(std::string_view name, M& member, const Scalar<T>& form, const Part& full, std::string_view doc) {
        const MemberValue value(member, form);
        visit({.name = name, .doc = doc, .form = &form, .value = &value, .part = &full});
    }

private:
    virtual void on_key(const Key& key) = 0;

    void visit(Key key) {
        key.required = std::exchange(required_, false);
        key.secret = std::exchange(secret_, false);
        on_key(key);
    }

    bool required_ = false;
    bool secret_ = false;
};

}  // namespace weir::policy
