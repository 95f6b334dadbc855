#pragma once
// How long the answers of a class usually are, in LLM tokens: the mean of those that ended, each newer one counting for
// more. Not thread-safe: the judge's lock covers it.

#include <algorithm>
#include <cstdint>

namespace weir::admission {

class UsualAnswer {
public:
    void learn(std::uint32_t tokens) {
        count_ = std::min(count_ + 1, kMemory);
        mean_ += (tokens - mean_) / count_;
    }

    // Of an answer that may take at most `most`; 0: no bound is known. Zero until one has ended.
    [[nodiscard]] std::uint32_t tokens(std::uint32_t most) const {
        const auto usual = static_cast<std::uint32_t>(mean_);
        return most == 0 ? usual : std::min(usual, most);
    }

private:
    static constexpr double kMemory = 256;  // answers

    double mean_ = 0;
    double count_ = 0;
};

}  // namespace weir::admission
