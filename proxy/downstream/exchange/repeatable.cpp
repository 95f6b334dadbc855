#include "downstream/exchange/repeatable.hpp"

namespace weir::downstream {
namespace {

// After this many tries the fault is assumed to be general.
constexpr int kMaxTries = 3;

}  // namespace

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

bool may_try_again(Repeat repeat, const Tries& tries) {
    if (tries.all >= kMaxTries) return false;
    return tries.risked == 0 || (tries.risked == 1 && repeat == Repeat::once);
}

}  // namespace weir::downstream
