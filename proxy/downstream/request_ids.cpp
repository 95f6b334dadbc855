#include "downstream/request_ids.hpp"

#include <algorithm>
#include <random>
#include <string_view>

#include "base/hex.hpp"
#include "base/random.hpp"

namespace weir::downstream {
RequestIds::RequestIds(std::uint32_t worker) {
    std::random_device entropy;
    write_hex(prefix_.data(), (std::uint64_t{entropy()} << 32 | entropy()) + worker, 16);
    random_state_ = std::uint64_t{entropy()} << 32 | entropy();
}

double RequestIds::random() { return static_cast<double>(next_random(random_state_) >> 11) * 0x1.0p-53; }

RequestId RequestIds::next() {
    std::array<char, 26> id;
    std::copy(prefix_.begin(), prefix_.end(), id.begin());
    write_hex(id.data() + 16, next_++, 10);
    return RequestId({id.data(), id.size()});
}

Traceparent RequestIds::next_traceparent() {
    constexpr std::string_view kForm = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    Traceparent text;
    kForm.copy(text.data(), text.size());
    write_hex(text.data() + 3, next_random(random_state_) | 1, 16);  // an id of zeros is invalid
    write_hex(text.data() + 19, next_random(random_state_), 16);
    write_hex(text.data() + 36, next_random(random_state_) | 1, 16);
    return text;
}

}  // namespace weir::downstream
