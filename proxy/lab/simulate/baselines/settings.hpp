#pragma once
// A baseline's settings: numbers by name, each with a default, so that a bench can tune it.
//
// The baseline gives the table of known settings; `--controller NAME:key=value,...` changes entries of it.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace weir::simulate {

struct Setting {
    std::string_view name;
    double value = 0;  // the default
    double min = 0;
    double max = 0;
    std::string_view meaning;  // with its unit
};

class Settings {
public:
    explicit Settings(std::span<const Setting> known) : known_(known.begin(), known.end()) {}

    // Reads `key=value,...`; an empty text changes nothing. The first thing that is wrong is the error.
    [[nodiscard]] std::optional<Error> read(std::string_view text);

    // REQUIRES: the name is in the table.
    [[nodiscard]] double operator[](std::string_view name) const;
    [[nodiscard]] Duration time(std::string_view name) const { return from_seconds((*this)[name]); }

    [[nodiscard]] std::span<const Setting> all() const { return known_; }

private:
    [[nodiscard]] Setting* find(std::string_view name);

    std::vector<Setting> known_;
};

}  // namespace weir::simulate
