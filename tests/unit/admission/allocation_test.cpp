// Counts every allocation of the program, which is why this is the only file that replaces operator new.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "admission/classify/classifier.hpp"
#include "support/scene.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

// Not inlined: g++ 12 would see free() next to new and warn of a false mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::admission {
namespace {

TEST(Allocation, ArrivingWaitingAndFinishingAllocateNothing) {
    auto config = test::make_config({test::make_class(0), test::make_class(1, Priority::low)}, {4, 4});
    config.classes[0].config.per_client.requests = RateConfig{1e6, 1000};
    Judge judge(config, test::kStart);
    Changes changes;
    changes.reserve(16);
    std::deque<Place> places(12);
    const std::size_t before = allocations;
    for (int round = 0; round < 100; ++round) {
        const TimePoint now = test::kStart + round * 1ms;
        int arrived = 0;
        for (Place& place : places) {
            const Ask ask = test::make_ask(arrived % 2, static_cast<ClientKey>(round * arrived));
            ++arrived;
            if (!judge.refuse_early(ask, now)) judge.arrive(place, ask, now, changes);
        }
        for (Place& place : places) {
            if (place.standing() == Standing::waiting) judge.leave(place, now, changes);
            if (place.standing() == Standing::running) judge.finish(place, now, changes);
            changes.clear();
        }
    }
    EXPECT_EQ(allocations, before);
}

TEST(Allocation, ClassifyingAllocatesNothing) {
    ClientsConfig clients;
    clients.api_keys = {{"acme", "team", sha256("acme-secret")}};
    clients.trusted_proxies = {IpNetwork::parse("10.0.0.0/8").value()};
    auto cls = test::make_class(0);
    cls.config.match.api_keys = {"acme"};
    cls.config.match.paths = {"/v1/*"};
    const Classifier classifier(clients, {&cls, 1}, 1);
    const Credentials credentials{IpAddress::parse("10.0.0.1").value(), "17.0.0.1, 10.0.0.2", "acme-secret", false};
    const std::size_t before = allocations;
    const Identity identity = classifier.identify(credentials);
    EXPECT_EQ(classifier.classify(identity, {"public", "POST", "/v1/models"}), ClassId{0});
    EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace weir::admission
