#include "policy/forms/suggest.hpp"

#include <algorithm>
#include <vector>

#include "base/ascii.hpp"

namespace weir::policy {
namespace {

// Longer words are not misspellings of any key, and the cost is quadratic.
constexpr std::size_t kLongestWord = 64;

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

template <typename Text>
std::string closest_of(std::string_view word, std::span<const Text> candidates) {
    if (word.size() > kLongestWord) return {};
    const std::string meant = lowered(word);
    std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view found;
    for (const Text& candidate : candidates) {
        const std::size_t distance = edit_distance(meant, lowered(candidate));
        if (distance < best && distance < std::string_view(candidate).size()) {
            best = distance;
            found = candidate;
        }
    }
    return std::string(found);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before_last, last);
        std::swap(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

std::string closest(std::string_view word, std::span<const std::string_view> candidates) {
    return closest_of(word, candidates);
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
    return closest_of(word, candidates);
}

}  // namespace weir::policy
