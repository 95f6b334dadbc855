#include "base/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/hex.hpp"

namespace weir {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

std::string Sha256::hex() const {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text.push_back(kHexDigits[byte >> 4]);
        text.push_back(kHexDigits[byte & 0xF]);
    }
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
    // The one-shot form of OpenSSL 3 fetches the algorithm on every call, under a lock; this one does not.
    ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.bytes.data());
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
