#pragma once
// Changes members of a request's body, exactly: what is not changed keeps its bytes and their order.
//
// The changes are collected against the facts that were read from the body and applied together. A member that is there
// gets another value in its place; one that is not becomes the first of its object. One that is taken out goes with the
// comma that belonged to it.

#include <cstddef>
#include <string>
#include <vector>

#include "ai/request_facts.hpp"
#include "base/segmented_text.hpp"

namespace weir::ai {

class Rewrite {
public:
    // REQUIRES: `facts` were read from the body that is to be rewritten, and outlive this.
    explicit Rewrite(const RequestFacts& facts) : facts_(facts) {}

    // `json` is the value as it is to be written. Each member at most once. A member of an object inside
    // makes that object where it is missing, or null; where it is of another kind it becomes one.
    void set(Member member, std::string json);
    void remove(Member member);

    [[nodiscard]] bool empty() const { return changes_.empty(); }

    // Does it, once. False, and nothing happens, where the body is not a JSON object. Afterwards the facts' spans are
    // void.
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
