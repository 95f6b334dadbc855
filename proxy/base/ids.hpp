#pragma once
// Small numbers that stand for configured names.
//
// A name keeps its number over reloads for as long as a policy in force or a request uses it, so counters, buckets and
// metrics survive a reload, and a request that outlives its policy still points at the right class. A number that is no
// longer used may go to another name (numbering/names.hpp).

#include <cstddef>
#include <cstdint>

namespace weir {

enum class ListenerId : std::uint16_t {};
enum class ClassId : std::uint16_t {};
enum class BackendId : std::uint16_t {};
enum class EndpointId : std::uint16_t {};
enum class RuleId : std::uint16_t {};  // of `degrade`

inline constexpr ClassId kNoClass{0xFFFF};
inline constexpr BackendId kNoBackend{0xFFFF};
inline constexpr EndpointId kNoEndpoint{0xFFFF};
inline constexpr ListenerId kNoListener{0xFFFF};

// An id as an index into a table. REQUIRES: not one of the kNo... values.
template <typename Id>
[[nodiscard]] constexpr std::size_t index(Id id) {
    return static_cast<std::size_t>(id);
}

}  // namespace weir
