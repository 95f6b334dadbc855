#include "lab/simulate/controllers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "lab/simulate/baselines/aimd.hpp"
#include "lab/simulate/baselines/cinnamon.hpp"
#include "lab/simulate/baselines/dagor.hpp"
#include "lab/simulate/baselines/gradient.hpp"
#include "lab/simulate/baselines/gradient2.hpp"
#include "lab/simulate/baselines/immediate.hpp"
#include "lab/simulate/baselines/llmd.hpp"
#include "lab/simulate/baselines/oracle.hpp"
#include "lab/simulate/baselines/queueing.hpp"
#include "lab/simulate/baselines/smg.hpp"
#include "lab/simulate/judge_controller.hpp"

namespace weir::simulate {
namespace {

using Make = std::unique_ptr<Controller> (*)(const admission::JudgeConfig&, const Settings&, TimePoint);

template <typename T>
std::unique_ptr<Controller> make(const admission::JudgeConfig& config, const Settings& settings, TimePoint now) {
    return std::make_unique<T>(config, settings, now);
}

std::unique_ptr<Controller> make_judge(const admission::JudgeConfig& config, const Settings&, TimePoint now) {
    return std::make_unique<JudgeController>(config, now);
}

std::span<const Setting> no_settings() { return {}; }

struct Entry {
    std::string_view name;
    std::span<const Setting> (*settings)();
    Make make;
};

constexpr std::array kEntries{
    Entry{"weir", no_settings, make_judge},
    Entry{"none", NoneController::settings, make<NoneController>},
    Entry{"cap", CapController::settings, make<CapController>},
    Entry{"haproxy", HaproxyController::settings, make<HaproxyController>},
    Entry{"smg", SmgController::settings, make<SmgController>},
    Entry{"llmd", LlmdController::settings, make<LlmdController>},
    Entry{"aimd", Aimd::settings, Limited<Aimd>::make},
    Entry{"gradient", Gradient::settings, Limited<Gradient>::make},
    Entry{"gradient2", Gradient2::settings, Limited<Gradient2>::make},
    Entry{"dagor", DagorController::settings, make<DagorController>},
    Entry{"cinnamon", CinnamonController::settings, make<CinnamonController>},
    Entry{"oracle", OracleController::settings, make<OracleController>},
};

constexpr auto kNames = [] {
    std::array<std::string_view, kEntries.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = kEntries[i].name;
    return names;
}();

// The entry, and its settings as given.
struct Chosen {
    const Entry* entry;
    Settings settings;
};

Result<Chosen> choose(std::string_view words) {
    const std::string_view name = controller_name(words);
    const auto entry =
        std::find_if(kEntries.begin(), kEntries.end(), [name](const Entry& of) { return of.name == name; });
    if (entry == kEntries.end()) return Error{fmt::format("'{}' is none of {}", name, fmt::join(kNames, ", "))};
    Chosen chosen{&*entry, Settings(entry->settings())};
    if (name.size() < words.size()) {
        if (const auto error = chosen.settings.read(words.substr(name.size() + 1))) {
            return Error{fmt::format("{}: {}", name, error->message)};
        }
    }
    return chosen;
}

}  // namespace

std::span<const std::string_view> controller_names() { return kNames; }

std::optional<Error> check_controller(std::string_view words) {
    const auto chosen = choose(words);
    return chosen ? std::nullopt : std::optional(chosen.error());
}

std::unique_ptr<Controller> make_controller(std::string_view words, const admission::JudgeConfig& config,
                                            TimePoint now) {
    const auto chosen = choose(words);
    return chosen ? chosen->entry->make(config, chosen->settings, now) : nullptr;
}

}  // namespace weir::simulate
