#include "net/srv_records.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace weir::net {
namespace {

constexpr std::size_t kFixed = 6;  // bytes of priority, weight and port, before the target's name

}  // namespace

SrvRecords read_srv_records(std::string_view message) {
    SrvRecords records;
    ns_msg parsed;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    if (ns_initparse(bytes, static_cast<int>(message.size()), &parsed) != 0) return records;
    unsigned best = 0;
    for (int i = 0; i < ns_msg_count(parsed, ns_s_an); ++i) {
        ns_rr record;
        if (ns_parserr(&parsed, ns_s_an, i, &record) != 0) break;
        if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= kFixed) continue;
        const unsigned char* data = ns_rr_rdata(record);
        std::array<char, NS_MAXDNAME> host{};
        if (dn_expand(ns_msg_base(parsed), ns_msg_end(parsed), data + kFixed, host.data(), host.size()) < 0) continue;
        const unsigned priority = ns_get16(data);
        if (!records.services.empty() && priority > best) continue;
        if (priority < best) records.services.clear();
        best = priority;
        const Duration ttl = std::chrono::seconds(ns_rr_ttl(record));
        records.ttl = records.services.empty() ? ttl : std::min(records.ttl, ttl);
        records.services.push_back({host.data(), static_cast<std::uint16_t>(ns_get16(data + 4)),
                                    static_cast<std::uint16_t>(std::max(ns_get16(data + 2), 1U))});
    }
    return records;
}

}  // namespace weir::net
