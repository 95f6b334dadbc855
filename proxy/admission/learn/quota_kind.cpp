#include "admission/learn/quota_kind.hpp"

#include <algorithm>

namespace weir::admission {
namespace {

constexpr double kFirstShare = 0.4;
constexpr double kWeight = 0.2;           // of the latest refusal,
constexpr std::uint64_t kFullWeight = 8;  // if that many requests were accepted after it
constexpr double kAtOnce = 0.15;          // below this share it is a limit at once
constexpr std::uint32_t kRise = 6;        // a rise is a sixth
constexpr std::uint32_t kSmallestRise = 2;
constexpr unsigned kRises = 2;
constexpr unsigned kWatched = 32;

}  // namespace

Undecided* UndecidedRequests::find(std::uint64_t number) {
    // Numbers grow along the ring.
    std::size_t begin = 0;
    std::size_t end = size_;
    while (begin < end) {
        const std::size_t middle = (begin + end) / 2;
        if (ring_[(first_ + middle) % kMax].number < number) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    Undecided& found = ring_[(first_ + begin) % kMax];
    return begin < size_ && found.number == number ? &found : nullptr;
}

void QuotaKind::accepted(std::uint32_t beside) {
    beside_[accepted_++ % kBefore] = beside;
    ++accepted_since_;
    ++compared_;
    if (refused_beside_ && beside >= *refused_beside_) ++not_fewer_;
}

void QuotaKind::refused(std::uint32_t beside) {
    conclude();
    watch(beside);
    refused_beside_ = beside;
    accepted_since_ = 0;
    compared_ = std::min<std::uint64_t>(accepted_, kBefore);
    not_fewer_ = static_cast<std::uint64_t>(std::count_if(beside_.begin(),
                                                          beside_.begin() + static_cast<std::ptrdiff_t>(compared_),
                                                          [beside](std::uint32_t other) { return other >= beside; }));
}

void QuotaKind::conclude() {
    // Refusals in a row are one finding.
    if (at_once_ || !refused_beside_ || accepted_since_ == 0) return;
    const double weight =
        kWeight * static_cast<double>(std::min(accepted_since_, kFullWeight)) / static_cast<double>(kFullWeight);
    share_ += weight * (static_cast<double>(not_fewer_) / static_cast<double>(compared_) - share_);
    if (share_ >= kAtOnce) return;
    at_once_ = true;
    lowest_ = *refused_beside_;
    rises_ = watched_ = 0;
}

void QuotaKind::watch(std::uint32_t beside) {
    if (!at_once_) return;
    lowest_ = std::min(lowest_, beside);
    if (beside >= lowest_ + std::max(lowest_ / kRise, kSmallestRise)) {
        lowest_ = beside;
        ++rises_;
    }
    if (rises_ >= kRises) {
        at_once_ = false;
        share_ = kFirstShare;
    } else if (++watched_ >= kWatched) {
        rises_ = watched_ = 0;
    }
}

}  // namespace weir::admission
