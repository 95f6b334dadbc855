#pragma once
// sd_notify(3): one datagram to the service manager, if there is one.

#include <string_view>

#include "base/time.hpp"

namespace weir::gateway {

// `READY=1`, `RELOADING=1\nMONOTONIC_USEC=...`, `STOPPING=1`, `STATUS=...`. Does nothing outside systemd.
void notify_service_manager(std::string_view state);

// The longest interval at which it expects `WATCHDOG=1` (WatchdogSec); zero: it expects none.
[[nodiscard]] Duration watchdog_period();

// Reports the start of a reload, and its time, as systemd expects.
void notify_reloading();

}  // namespace weir::gateway
