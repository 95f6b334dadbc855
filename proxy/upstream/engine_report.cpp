#include "upstream/engine_report.hpp"

#include <algorithm>
#include <array>
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

// Takes the first line off the front of a page.
std::string_view take_line(std::string_view& page) {
    const std::size_t newline = page.find('\n');
    std::string_view line = page.substr(0, newline);
    page.remove_prefix(newline == std::string_view::npos ? page.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

struct GaugeName {
    std::string_view name;
    std::optional<double> EngineGauges::*gauge;
};

constexpr std::array kGauges{
    GaugeName{"vllm:num_requests_running", &EngineGauges::running},
    GaugeName{"vllm:num_requests_waiting", &EngineGauges::waiting},
    GaugeName{"vllm:kv_cache_usage_perc", &EngineGauges::kv_usage},
    GaugeName{"vllm:gpu_cache_usage_perc", &EngineGauges::kv_usage},  // before 0.10
    GaugeName{"sglang:num_running_reqs", &EngineGauges::running},
    GaugeName{"sglang:num_queue_reqs", &EngineGauges::waiting},
    GaugeName{"sglang:token_usage", &EngineGauges::kv_usage},
    GaugeName{"llamacpp:requests_processing", &EngineGauges::running},
    GaugeName{"llamacpp:requests_deferred", &EngineGauges::waiting},
    GaugeName{"llamacpp:kv_cache_usage_ratio", &EngineGauges::kv_usage},
    GaugeName{"tgi_batch_current_size", &EngineGauges::running},
    GaugeName{"tgi_queue_size", &EngineGauges::waiting},
};

}  // namespace

std::optional<std::uint64_t> context_tokens_in(std::string_view metrics) {
    while (!metrics.empty()) {
        const std::string_view line = take_line(metrics);
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

EngineGauges gauges_in(std::string_view metrics) {
    EngineGauges gauges;
    while (!metrics.empty()) {
        const std::string_view line = take_line(metrics);
        for (const GaugeName& known : kGauges) {
            if (!is_metric(line, known.name)) continue;
            const auto value = sample(line);
            if (!value) break;
            std::optional<double>& gauge = gauges.*known.gauge;
            const bool usage = known.gauge == &EngineGauges::kv_usage;
            gauge = !gauge ? *value : usage ? std::max(*gauge, *value) : *gauge + *value;
            break;
        }
    }
    return gauges;
}

}  // namespace weir::upstream
