#pragma once
// Which endpoint made what it alone knows: a response that is continued, a file, a batch.
//
// Bounded: the one that was longest not asked for makes room. Ids are kept as hashes; two that collide lead one of them
// to the wrong endpoint, which answers that it does not know it.
//
// Threading: any thread.

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "upstream/config.hpp"

namespace weir::downstream {

class StickyIds {
public:
    explicit StickyIds(const upstream::StickyConfig& config) : config_(config) {}

    void note(std::string_view id, EndpointId endpoint, TimePoint now);
    // kNoEndpoint when it is not known, or no more.
    [[nodiscard]] EndpointId find(std::string_view id, TimePoint now);
    // Forgets what was made by an endpoint whose number now belongs to another.
    void forget(EndpointId endpoint);
    void reconfigure(const upstream::StickyConfig& config);
    [[nodiscard]] std::size_t size() const;

private:
    struct Entry {
        std::uint64_t id;
        EndpointId endpoint;
        TimePoint until;
    };
    using Entries = std::list<Entry>;

    void shrink_to(std::size_t size);

    mutable std::mutex mutex_;
    upstream::StickyConfig config_;
    Entries entries_;  // the one asked for last in front
    std::unordered_map<std::uint64_t, Entries::iterator> by_id_;
};

}  // namespace weir::downstream
