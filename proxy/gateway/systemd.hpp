#pragma once
// sd_notify(3): one datagram to the service manager, where there is one.

#include <string_view>

#include "base/time.hpp"

namespace weir::gateway {

// `READY=1`, `RELOADING=1\nMONOTONIC_USEC=...`, `STOPPING=1`, `STATUS=...`. Does nothing outside systemd.
void notify_service_manager(std::string_view state);

// How often at least it wants to hear `WATCHDOG=1` (WatchdogSec); zero: not at all.
[[nodiscard]] Duration watchdog_period();

// What systemd wants at the start of a reload: that it reloads, and since when.
void notify_reloading();

}  // namespace weir::gateway
