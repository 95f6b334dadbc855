#include "trials/check_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "net/socket.hpp"
#include "net/tls.hpp"
#include "telemetry/log_sink.hpp"

namespace weir::trials {
namespace {

class FileCheck {
public:
    explicit FileCheck(const policy::LoadedPolicy& loaded) : loaded_(loaded), policy_(*loaded.policy) {}

    policy::Diagnostics run() && {
        for (std::size_t i = 0; i < policy_.listeners.size(); ++i) {
            const downstream::ListenerConfig& listener = policy_.listeners[i];
            const std::string path = fmt::format("listeners[{}]", i);
            if (const auto able = net::can_listen_on(listener.bind); !able) refuse(path + ".bind", able.error());
            if (!listener.tls) continue;
            if (const auto tls = net::TlsContext::server(*listener.tls); !tls) refuse(path + ".tls", tls.error());
        }
        if (const auto able = net::can_listen_on(policy_.admin.bind); !able) refuse("admin.bind", able.error());
        for (std::size_t i = 0; i < policy_.backends.size(); ++i) {
            const upstream::BackendConfig& backend = policy_.backends[i];
            const bool secure = std::any_of(backend.endpoints.begin(), backend.endpoints.end(),
                                            [](const upstream::EndpointConfig& endpoint) { return endpoint.tls; });
            if (!secure) continue;
            if (const auto tls = net::TlsContext::client(backend.tls); !tls) {
                refuse(fmt::format("backends[{}].tls", i), tls.error());
            }
        }
        if (const auto able = telemetry::LogSink::can_open(policy_.logging.access.to); !able) {
            refuse("logging.access.to", able.error());
        }
        return std::move(diagnostics_);
    }

private:
    void refuse(const std::string& path, const Error& error) {
        const auto place = loaded_.places.find(path);
        diagnostics_.push_back(
            {.severity = policy::Severity::error,
             .mark = place != loaded_.places.end() ? place->second : policy::Mark{loaded_.file, 0, 0},
             .id = "unusable-file",
             .message = error.message,
             .suggestion = {},
             .help = "`weir check --without-files` skips files that only the serving machine has"});
    }

    const policy::LoadedPolicy& loaded_;
    const policy::Policy& policy_;
    policy::Diagnostics diagnostics_;
};

}  // namespace

policy::Diagnostics check_files(const policy::LoadedPolicy& loaded) { return FileCheck(loaded).run(); }

}  // namespace weir::trials
