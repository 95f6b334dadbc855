#include "property/judge_books.hpp"

#include <algorithm>
#include <array>

namespace weir::test {

using admission::Priority;
using admission::Standing;
using namespace std::chrono_literals;

Books::Books(const Plan& plan)
    : config(plan.config()),
      seen_(plan.classes.size()),
      overloaded_(plan.classes.size()),
      fair_times_(plan.classes.size()) {
    for (const EndpointPlan& endpoint : plan.endpoints) {
        endpoints.push_back({endpoint.requests, endpoint.context, endpoint.prompts, true});
    }
}

bool streams(const Operation& operation) { return operation.prompt % 2 == 0; }

bool Books::is_evenly(std::size_t cls) const { return config.classes[cls].config.shed == admission::Shed::evenly; }

std::size_t Books::present(const BookedRequest& request) const {
    return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [&](const BookedRequest& other) {
        return other.cls == request.cls && other.client == request.client &&
               (other.known == Standing::waiting || other.known == Standing::running);
    }));
}

BookedRequest& Books::arrive(const Operation& operation, TimePoint now) {
    BookedRequest& request = requests.emplace_back();
    request.cls = operation.cls;
    request.client = operation.client;
    request.prompt = operation.prompt;
    request.streams = streams(operation);
    request.retry = operation.retry;
    request.arrival = requests.size();
    request.since = now;
    request.expires = now + *config.classes[request.cls].config.queue_timeout;
    const auto running = static_cast<double>(count(request.cls, Standing::running));
    request.over = static_cast<double>(present(request) + 1) > 0.1 * std::max(16.0, running);
    // In these books a client's cohort is its number.
    request.turn = is_evenly(request.cls)
                       ? std::max(fair_times_[request.cls], finish_tags_[{request.cls, request.client}])
                   : is_calm(request.cls, now) ? 0
                                               : request.client;
    return request;
}

// The best class that sends requests, and it has refused none for overload for a minute.
bool Books::is_calm(std::size_t cls, TimePoint now) const {
    return room(cls, now) == 0 && (!overloaded_[cls] || *overloaded_[cls] + 60s <= now);
}

void Books::overloaded(std::size_t cls, TimePoint now) { overloaded_[cls] = now; }

void Books::enter_queue(BookedRequest& request, TimePoint now) {
    seen_[request.cls] = now;
    request.known = Standing::waiting;
    if (is_evenly(request.cls)) finish_tags_[{request.cls, request.client}] = request.turn + 1;
}

void Books::dispatch(BookedRequest& request, EndpointId endpoint, TimePoint now) {
    request.known = Standing::running;
    request.endpoint = endpoint;
    request.dispatch = ++dispatches_;
    request.dispatched = now;
    request.pending = request.prompt > 0;
    request.answered = false;
    request.streamed = 0;
    if (is_evenly(request.cls)) fair_times_[request.cls] = std::max(fair_times_[request.cls], request.turn);
}

void Books::settle_unseen_before(const BookedRequest& request) {
    for (BookedRequest& other : requests) {
        const bool earlier =
            other.known == Standing::running && other.endpoint == request.endpoint && other.dispatch < request.dispatch;
        if (earlier && !other.streams) other.pending = false;
    }
}

void Books::first_token(BookedRequest& request) {
    if (request.answered) return;
    request.answered = true;
    request.pending = false;
    settle_unseen_before(request);
}

void Books::finish(BookedRequest& request) {
    settle_unseen_before(request);
    request.known = Standing::ended;
    request.evicted = false;
}

void Books::refuse(BookedRequest& request) {
    request.known = Standing::ended;
    if (!is_evenly(request.cls)) return;
    std::uint64_t& tag = finish_tags_[{request.cls, request.client}];
    tag -= std::min<std::uint64_t>(tag, 1);
}

void Books::settle_old(TimePoint now) {
    for (BookedRequest& request : requests) {
        const bool old = request.known == Standing::running && request.dispatched + 1s <= now;
        if (old && !request.streams) request.pending = false;
    }
}

bool Books::served_sooner(const BookedRequest& a, const BookedRequest& b) const {
    return std::tie(a.over, a.retry, a.turn, a.arrival) < std::tie(b.over, b.retry, b.turn, b.arrival);
}

const BookedRequest* Books::head_of(std::size_t cls) const {
    const BookedRequest* head = nullptr;
    for (const BookedRequest& request : requests) {
        if (request.cls != cls || request.known != Standing::waiting) continue;
        if (head == nullptr || served_sooner(request, *head)) head = &request;
    }
    return head;
}

bool Books::first_class(std::size_t a, std::size_t b) const {
    const auto& ca = config.classes[a].config;
    const auto& cb = config.classes[b].config;
    if (ca.priority != cb.priority) return ca.priority < cb.priority;
    const auto na = count(a, Standing::running) * cb.weight;
    const auto nb = count(b, Standing::running) * ca.weight;
    return na != nb ? na < nb : a < b;
}

const BookedRequest* Books::head() const {
    std::optional<std::size_t> first;
    for (std::size_t cls = 0; cls < config.classes.size(); ++cls) {
        if (count(cls, Standing::waiting) > 0 && (!first || first_class(cls, *first))) first = cls;
    }
    return first ? head_of(*first) : nullptr;
}

bool Books::is_below_guarantee(std::size_t cls) const {
    const double guarantee = config.classes[cls].config.guarantee;
    return guarantee > 0 &&
           static_cast<double>(count(cls, Standing::running)) < guarantee * static_cast<double>(inflight());
}

const BookedRequest* Books::next(TimePoint now) const {
    const BookedRequest* below_guarantee = nullptr;
    const auto part = [this](std::size_t cls) {
        return static_cast<double>(count(cls, Standing::running)) / config.classes[cls].config.guarantee;
    };
    for (std::size_t cls = 0; cls < config.classes.size(); ++cls) {
        const BookedRequest* first = head_of(cls);
        if (first == nullptr || !is_below_guarantee(cls) || !fits_anywhere(*first, true, now)) continue;
        if (below_guarantee == nullptr || part(cls) < part(below_guarantee->cls)) below_guarantee = first;
    }
    if (below_guarantee != nullptr) return below_guarantee;
    const BookedRequest* first = head();
    return first != nullptr && fits_anywhere(*first, false, now) ? first : nullptr;
}

bool Books::fits_anywhere(const BookedRequest& request, bool below_guarantee, TimePoint now) const {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        if (endpoints[i].available && fits(request, i, below_guarantee, now)) return true;
    }
    return false;
}

bool Books::fits(const BookedRequest& request, std::size_t endpoint, bool below_guarantee, TimePoint now) const {
    const BookedEndpoint& e = endpoints[endpoint];
    const auto n = static_cast<double>(inflight(endpoint));
    if (n == 0) return true;
    const double kept = below_guarantee ? 0 : room(request.cls, now);
    double share = 1;
    if (kept > 0) {
        double better = 0;
        for (std::size_t cls = 0; cls < config.classes.size(); ++cls) {
            if (config.classes[cls].config.priority >= config.classes[request.cls].config.priority) continue;
            better += static_cast<double>(count(cls, Standing::running));
        }
        share = 1.0 / 8 - better / static_cast<double>(inflight()) / 16;
    }
    constexpr double kRounding = 1e-6;
    const auto fits_in = [&](std::uint64_t used, double limit) {
        return static_cast<double>(used + request.prompt) <= limit + kRounding;
    };
    return n + 1 <= std::max(1.0, e.limit * (1 - kept) + kRounding) &&
           (e.context_limit == 0 || fits_in(context(endpoint), 0.95 * e.context_limit * (1 - kept))) &&
           (prompts(endpoint) == 0 || fits_in(prompts(endpoint), e.prompt_limit * share));
}

double Books::fill(std::size_t endpoint) const {
    const BookedEndpoint& e = endpoints[endpoint];
    const double tokens = e.context_limit == 0 ? 0 : static_cast<double>(context(endpoint)) / (0.95 * e.context_limit);
    return std::max({static_cast<double>(inflight(endpoint)) / e.limit, tokens,
                     static_cast<double>(prompts(endpoint)) / e.prompt_limit});
}

double Books::room(std::size_t cls, TimePoint now) const {
    std::array<bool, admission::kPriorityCount> active{};
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        const Priority priority = config.classes[i].config.priority;
        if (priority < config.classes[cls].config.priority && seen_[i] && now < *seen_[i] + 60s)
            active[static_cast<std::size_t>(priority)] = true;
    }
    return std::min(0.2, 0.15 * static_cast<double>(std::count(active.begin(), active.end(), true)));
}

bool Books::over_concurrency(const BookedRequest& request) const {
    const auto limit = config.classes[request.cls].config.per_client.concurrency;
    return limit && present(request) >= *limit;
}

BookedRequest* Books::pick(Standing standing, std::uint32_t which) {
    std::vector<BookedRequest*> candidates;
    for (BookedRequest& request : requests) {
        if (request.known == standing) candidates.push_back(&request);
    }
    return candidates.empty() ? nullptr : candidates[which % candidates.size()];
}

std::size_t Books::count(std::size_t cls, Standing standing) const {
    return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [&](const BookedRequest& request) {
        return request.cls == cls && request.known == standing;
    }));
}

std::size_t Books::inflight() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < endpoints.size(); ++i) sum += inflight(i);
    return sum;
}

std::size_t Books::inflight(std::size_t endpoint) const {
    return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [&](const BookedRequest& request) {
        return request.known == Standing::running && number(request.endpoint) == endpoint;
    }));
}

std::uint64_t Books::context(std::size_t endpoint) const {
    std::uint64_t sum = 0;
    for (const BookedRequest& request : requests) {
        if (request.known == Standing::running && number(request.endpoint) == endpoint)
            sum += request.prompt + request.streamed;
    }
    return sum;
}

std::uint64_t Books::prompts(std::size_t endpoint) const {
    std::uint64_t sum = 0;
    for (const BookedRequest& request : requests) {
        if (request.known == Standing::running && number(request.endpoint) == endpoint && request.pending)
            sum += request.prompt;
    }
    return sum;
}

}  // namespace weir::test
