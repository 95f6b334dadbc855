#pragma once
// Waiting requests, in order: a queue per class, and one order by expiry over all of them.
//
// Both are red-black trees over hooks inside Place: entering and leaving are O(log n), the ends are O(1), nothing
// allocates. Not thread-safe: the judge's lock covers it.

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <utility>

#include "admission/place.hpp"

namespace weir::admission {

// The queue of one class, by key: served from the best, shed from the worst.
class Queue {
public:
    // REQUIRES: the place is in no queue.
    void insert(Place& place) { places_.insert(place); }
    // REQUIRES: the place is in this queue.
    void erase(Place& place) { places_.erase(places_.iterator_to(place)); }

    [[nodiscard]] bool empty() const { return places_.empty(); }
    [[nodiscard]] std::size_t size() const { return places_.size(); }
    // REQUIRES: not empty.
    [[nodiscard]] Place& best() { return *places_.begin(); }
    [[nodiscard]] Place& worst() { return *places_.rbegin(); }
    template <typename Visit>
    void for_each(Visit visit) {
        for (Place& place : places_) visit(place);
    }

private:
    struct ByKey {
        using type = Key;
        const Key& operator()(const Place& place) const { return place.key_; }
    };
    using Hook = boost::intrusive::member_hook<Place, boost::intrusive::set_member_hook<>, &Place::in_queue_>;

    boost::intrusive::set<Place, Hook, boost::intrusive::key_of_value<ByKey>> places_;
};

// All waiting requests, by the instant at which their wait ends.
class ExpiryOrder {
public:
    void insert(Place& place) { places_.insert(place); }
    void erase(Place& place) { places_.erase(places_.iterator_to(place)); }

    [[nodiscard]] bool empty() const { return places_.empty(); }
    // REQUIRES: not empty.
    [[nodiscard]] Place& first() { return *places_.begin(); }
    [[nodiscard]] TimePoint first_expiry() const { return places_.begin()->expires_; }

private:
    struct ByExpiry {
        using type = std::pair<TimePoint, std::uint64_t>;
        type operator()(const Place& place) const { return {place.expires_, place.key_.arrival}; }
    };
    using Hook = boost::intrusive::member_hook<Place, boost::intrusive::set_member_hook<>, &Place::in_expiry_>;

    boost::intrusive::set<Place, Hook, boost::intrusive::key_of_value<ByExpiry>> places_;
};

// The running requests of a class, in the order of their dispatch: the ones to evict are at its end.
class RunningOrder {
public:
    void insert(Place& place) { places_.push_back(place); }
    void erase(Place& place) { places_.erase(places_.iterator_to(place)); }

    // Calls `take` with each request that is not yet evicted, newest first, while it returns true.
    template <typename Take>
    void newest_first(Take take) {
        auto place = places_.rbegin();
        while (place != places_.rend() && (place->evicted_ || take(*place))) ++place;
    }

private:
    using Hook = boost::intrusive::member_hook<Place, boost::intrusive::list_member_hook<>, &Place::in_running_>;

    boost::intrusive::list<Place, Hook> places_;
};

}  // namespace weir::admission
