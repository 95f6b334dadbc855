#include "upstream/endpoint.hpp"

#include <algorithm>
#include <cstring>

namespace weir::upstream {
namespace {

EndpointSerial next_serial() {
    static std::atomic<std::uint64_t> next{0};
    return EndpointSerial{next.fetch_add(1, std::memory_order_relaxed)};
}

bool is_same(const net::SocketAddress& a, const net::SocketAddress& b) {
    return a.size == b.size && std::memcmp(&a.storage, &b.storage, a.size) == 0;
}

std::string make_authority(const EndpointConfig& config) {
    const std::string& name = config.name();
    std::string text = name.find(':') == std::string::npos ? name : "[" + name + "]";
    if (config.port != (config.tls ? 443 : 80)) text += ":" + std::to_string(config.port);
    return text;
}

}  // namespace

std::size_t answer_code(int status) {
    const std::string code = std::to_string(status);
    const auto* found = std::find(kAnswerCodes.begin(), kAnswerCodes.end(), code);
    if (found == kAnswerCodes.end())
        found = std::find(kAnswerCodes.begin(), kAnswerCodes.end(), code.substr(0, 1) + "xx");
    return std::min<std::size_t>(static_cast<std::size_t>(found - kAnswerCodes.begin()), kAnswerCodes.size() - 1);
}

Endpoint::Endpoint(EndpointId id, EndpointConfig config, std::shared_ptr<net::TlsContext> tls)
    : id_(id),
      serial_(next_serial()),
      config_(std::move(config)),
      authority_(make_authority(config_)),
      tls_(std::move(tls)) {
    // A literal address needs no resolver: the first request may come before the health checker's first turn.
    if (const auto literal = IpAddress::parse(config_.host)) {
        addresses_ = {net::SocketAddress::of(*literal, config_.port)};
    }
}

std::vector<net::SocketAddress> Endpoint::addresses() const {
    const std::lock_guard lock(mutex_);
    return addresses_;
}

void Endpoint::set_addresses(std::vector<net::SocketAddress> addresses) {
    if (addresses.empty()) return;
    const std::lock_guard lock(mutex_);
    const bool one_is_gone = std::any_of(addresses_.begin(), addresses_.end(), [&](const net::SocketAddress& old) {
        return std::none_of(addresses.begin(), addresses.end(), [&](const auto& one) { return is_same(one, old); });
    });
    if (one_is_gone) epoch_.fetch_add(1, std::memory_order_relaxed);
    addresses_ = std::move(addresses);
}

void Endpoint::note_fault(WhyDown fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
}

void Endpoint::note_check(const WhyDown& fault) {
    const std::lock_guard lock(mutex_);
    check_fault_ = fault;
    if (fault.reason != DownReason::none) fault_ = fault;
}

Intake Endpoint::intake() const {
    const std::lock_guard lock(mutex_);
    return intake_;
}

std::optional<HandSetting> Endpoint::hand() const {
    const std::lock_guard lock(mutex_);
    return health_.hand();
}

WhyDown Endpoint::why_down() const {
    const std::lock_guard lock(mutex_);
    return health_.available() ? WhyDown{} : why_down_;
}

}  // namespace weir::upstream
