// OpenSSL 3 deprecates the plain SHA-256 functions in favour of ones that look the algorithm up by name in every call,
// under locks and with several allocations: ten times the cost of hashing a key.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/hex.hpp"

namespace weir {

std::string Sha256::hex() const {
    std::string text(2 * bytes.size(), '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) write_hex(text.data() + 2 * i, bytes[i], 2);
    return text;
}

std::optional<Sha256> Sha256::from_hex(std::string_view text) {
    Sha256 digest;
    if (text.size() != 2 * digest.bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return digest;
}

Sha256 sha256(std::string_view bytes) {
    Sha256 digest;
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes.data(), bytes.size());
    SHA256_Final(digest.bytes.data(), &state);
    return digest;
}

bool equal_in_constant_time(const Sha256& a, const Sha256& b) {
    return CRYPTO_memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0;
}

std::size_t Sha256Hash::operator()(const Sha256& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.bytes.data(), sizeof hash);
    return hash;
}

}  // namespace weir
