#include "upstream/engine_report.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace weir::upstream {
namespace {

// More than any machine has: a page with a larger number is wrong.
constexpr double kMax = 1e12;

std::optional<std::uint64_t> plausible(double tokens) {
    if (!(tokens >= 1) || tokens > kMax) return std::nullopt;
    return static_cast<std::uint64_t>(tokens);
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The value of a label on a metric's line.
std::optional<double> label(std::string_view line, std::string_view name) {
    std::string opening(name);
    opening += "=\"";
    std::size_t at = line.find(opening);
    // `block_size` must not be found in `max_block_size`.
    while (at != std::string_view::npos && at > 0 && line[at - 1] != '{' && line[at - 1] != ',' &&
           line[at - 1] != ' ') {
        at = line.find(opening, at + 1);
    }
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = line.substr(at + opening.size());
    return number(rest.substr(0, rest.find('"')));
}

// The sample's value: what follows the labels, up to a timestamp.
std::optional<double> sample(std::string_view line) {
    const std::size_t labels = line.rfind('}');
    std::size_t at = labels == std::string_view::npos ? line.find(' ') : labels + 1;
    at = line.find_first_not_of(' ', at);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = line.substr(at);
    return number(rest.substr(0, rest.find(' ')));
}

bool is_metric(std::string_view line, std::string_view name) {
    return line.starts_with(name) && line.size() > name.size() &&
           (line[name.size()] == '{' || line[name.size()] == ' ');
}

}  // namespace

std::optional<std::uint64_t> context_tokens_in(std::string_view metrics) {
    while (!metrics.empty()) {
        const std::size_t newline = metrics.find('\n');
        std::string_view line = metrics.substr(0, newline);
        metrics.remove_prefix(newline == std::string_view::npos ? metrics.size() : newline + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (is_metric(line, "vllm:cache_config_info")) {
            const auto blocks = label(line, "num_gpu_blocks");
            const auto size = label(line, "block_size");
            if (blocks && size) return plausible(*blocks * *size);
        } else if (is_metric(line, "sglang:max_total_num_tokens")) {
            if (const auto tokens = sample(line)) return plausible(*tokens);
        }
    }
    return std::nullopt;
}

}  // namespace weir::upstream
