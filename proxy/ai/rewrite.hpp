#pragma once
// Changes members of a request's body exactly: everything else keeps its bytes and their order.
//
// The changes are collected against the facts read from the body and applied together. An existing member gets a new
// value in its place; a new one becomes the first of its object. A removed member takes its comma with it.

#include <cstddef>
#include <string>
#include <vector>

#include "ai/request_facts.hpp"
#include "base/segmented_text.hpp"

namespace weir::ai {

class Rewrite {
public:
    // REQUIRES: `facts` were read from the body to be rewritten, and outlive this.
    explicit Rewrite(const RequestFacts& facts) : facts_(facts) {}

    // `json` is the value as it will be written. Each member at most once. Setting a member of an inner object creates
    // that object if it is missing or null, and replaces a value that is not an object.
    void set(Member member, std::string json);
    void remove(Member member);

    [[nodiscard]] bool empty() const { return changes_.empty(); }

    // Applies the changes, once. Returns false, with the body unchanged, if it is not a JSON object. Invalidates the
    // facts' spans.
    bool apply(SegmentedText& body);

private:
    enum class Act : std::uint8_t { replace, insert, remove };

    struct Change {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::string text;
        Act act = Act::replace;
    };

    void add(Change change);

    const RequestFacts& facts_;
    std::vector<Change> changes_;  // most requests need none
};

}  // namespace weir::ai
