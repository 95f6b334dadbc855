#pragma once
// The law of judge.hpp a second time, written as plainly as possible: vectors that are searched from end to end. Slow,
// and too simple to be wrong in the same way.

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "admission/judge.hpp"
#include "property/judge_plan.hpp"

namespace weir::test {

struct BookedRequest {
    admission::Place place;
    std::size_t cls = 0;
    std::uint32_t client = 0;
    std::uint32_t prompt = 0;
    bool streams = true;
    // its key
    bool over = false;
    bool retry = false;
    std::uint64_t turn = 0;
    std::size_t arrival = 0;
    TimePoint since{};
    TimePoint expires{};
    admission::Standing known = admission::Standing::idle;
    // while it runs
    EndpointId endpoint = kNoEndpoint;
    EndpointId lost = kNoEndpoint;
    TimePoint lost_at{};
    std::size_t dispatch = 0;  // a running number over all endpoints
    TimePoint dispatched{};
    std::uint32_t streamed = 0;
    bool pending = false;  // counts among the prompts without a first token
    bool answered = false;
    bool evicted = false;
};

struct BookedEndpoint {
    std::uint32_t limit = 0;
    std::uint32_t context_limit = 0;
    std::uint32_t prompt_limit = 0;
    bool available = true;
};

// Whether the answer to an arriving request streams.
[[nodiscard]] bool streams(const Operation& operation);

class Books {
public:
    explicit Books(const Plan& plan);

    // What happens to a request.
    BookedRequest& arrive(const Operation& operation, TimePoint now);
    void enter_queue(BookedRequest& request, TimePoint now);
    void dispatch(BookedRequest& request, EndpointId endpoint, TimePoint now);
    void first_token(BookedRequest& request);
    void finish(BookedRequest& request);              // its slot is free
    void refuse(BookedRequest& request);              // or it left
    void overloaded(std::size_t cls, TimePoint now);  // it has refused a request for want of room
    // Prompts whose end is not observed and whose second is over.
    void settle_old(TimePoint now);

    // The next request to run, if it fits anywhere; null when none waits or the head blocks.
    [[nodiscard]] const BookedRequest* next(TimePoint now) const;
    // The head of the first class with a waiting request.
    [[nodiscard]] const BookedRequest* head() const;
    [[nodiscard]] bool fits(const BookedRequest& request, std::size_t endpoint, bool below_guarantee,
                            TimePoint now) const;
    [[nodiscard]] bool is_below_guarantee(std::size_t cls) const;
    [[nodiscard]] bool served_sooner(const BookedRequest& a, const BookedRequest& b) const;
    [[nodiscard]] double fill(std::size_t endpoint) const;
    [[nodiscard]] double room(std::size_t cls, TimePoint now) const;
    [[nodiscard]] bool over_concurrency(const BookedRequest& request) const;
    [[nodiscard]] BookedRequest* pick(admission::Standing standing, std::uint32_t which);

    [[nodiscard]] std::size_t count(std::size_t cls, admission::Standing standing) const;
    [[nodiscard]] std::size_t inflight() const;
    [[nodiscard]] std::size_t inflight(std::size_t endpoint) const;
    [[nodiscard]] std::uint64_t context(std::size_t endpoint) const;
    [[nodiscard]] std::uint64_t prompts(std::size_t endpoint) const;

    admission::JudgeConfig config;
    std::vector<BookedEndpoint> endpoints;
    std::deque<BookedRequest> requests;

private:
    [[nodiscard]] bool fits_anywhere(const BookedRequest& request, bool below_guarantee, TimePoint now) const;
    [[nodiscard]] const BookedRequest* head_of(std::size_t cls) const;
    [[nodiscard]] bool first_class(std::size_t a, std::size_t b) const;
    [[nodiscard]] bool is_evenly(std::size_t cls) const;
    [[nodiscard]] bool is_calm(std::size_t cls, TimePoint now) const;
    [[nodiscard]] std::size_t present(const BookedRequest& request) const;
    void settle_unseen_before(const BookedRequest& request);

    std::vector<std::optional<TimePoint>> seen_;                                  // by class
    std::vector<std::optional<TimePoint>> overloaded_;                            // by class
    std::map<std::pair<std::size_t, std::uint32_t>, std::uint64_t> finish_tags_;  // by class and client
    std::vector<std::uint64_t> fair_times_;                                       // by class
    std::size_t dispatches_ = 0;
};

[[nodiscard]] inline std::size_t number(EndpointId id) { return static_cast<std::size_t>(id); }

}  // namespace weir::test
