#include "downstream/exchange/repeatable.hpp"

namespace weir::downstream {

Repeat repeat_of(std::string_view method, ai::Api api) {
    if (method == "POST") {
        switch (api) {
            case ai::Api::chat:
            case ai::Api::completions:
            case ai::Api::messages:
            case ai::Api::embeddings:
            case ai::Api::count_tokens: return Repeat::once;
            default: return Repeat::unprocessed;
        }
    }
    const bool idempotent = method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT";
    return idempotent ? Repeat::once : Repeat::unprocessed;
}

std::optional<upstream::TryCause> cause_of(int status) {
    using upstream::TryCause;
    switch (status) {
        case 429: return TryCause::status_429;
        case 500: return TryCause::status_500;
        case 502: return TryCause::status_502;
        case 503: return TryCause::status_503;
        case 504: return TryCause::status_504;
        case 529: return TryCause::status_529;
        default: return std::nullopt;
    }
}

bool may_try_again(Repeat repeat, const Tries& tries, std::uint32_t most) {
    if (tries.all >= static_cast<int>(most)) return false;
    return tries.risked == 0 || (tries.risked == 1 && repeat == Repeat::once);
}

}  // namespace weir::downstream
