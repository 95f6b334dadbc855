#pragma once
// Strings that are no longer needed keep their capacity for the next request.
//
// Heads and short bodies come in a few sizes, and as many of them are alive as there are requests in progress: more
// than malloc's caches hold, so each would be split off the heap and merged back. Belongs to one loop.

#include <string>
#include <utility>
#include <vector>

namespace weir::downstream {

class StringPool {
public:
    static constexpr std::size_t kMaxKept = 256;
    // Shorter ones are quick to allocate, and longer ones would hold too much: 1 MiB in all.
    static constexpr std::size_t kShortest = 512;
    static constexpr std::size_t kLongest = 4096;

    StringPool() { kept_.reserve(kMaxKept); }  // giving back must not fail

    // An empty string, with spare capacity if the pool has one.
    [[nodiscard]] std::string take() {
        if (kept_.empty()) return {};
        std::string text = std::move(kept_.back());
        kept_.pop_back();
        return text;
    }

    void give(std::string&& text) {
        if (text.capacity() < kShortest || text.capacity() > kLongest || kept_.size() == kMaxKept) return;
        text.clear();
        kept_.push_back(std::move(text));
    }

    [[nodiscard]] std::size_t size() const { return kept_.size(); }

private:
    std::vector<std::string> kept_;
};

}  // namespace weir::downstream
