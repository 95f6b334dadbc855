#include "lab/mock/engine_driver.hpp"

#include <algorithm>

namespace weir::mock {

using simulate::EngineEvent;

Generation::~Generation() {
    if (id_ != 0) driver_.cancel(*this);
}

bool Generation::start(const Ask& ask) { return driver_.submit(*this, ask); }

EngineDriver::EngineDriver(boost::asio::io_context& io, const simulate::EngineConfig& config, double speed)
    : engine_(config), speed_(speed), origin_(now()), timer_(io) {}

TimePoint EngineDriver::now() const { return Clock::now(); }

void EngineDriver::stop() {
    stopped_ = true;
    timer_.cancel();
}

std::string EngineDriver::metrics(std::string_view model) {
    catch_up(now());
    return write_metrics(totals_, engine_.counts(), engine_.config(), model);
}

bool EngineDriver::submit(Generation& generation, const Ask& ask) {
    // An event that is due comes first: the engine takes no request in its past. One look at the clock for both, as
    // another event may be due a moment later.
    const TimePoint arrived = now();
    catch_up(arrived);
    const simulate::RequestId id = ++last_id_;
    const std::uint32_t prompt = std::max(ask.prompt_tokens, 1U);
    if (!engine_.submit(id, prompt, ask.output_tokens, ask.priority, engine_time(arrived))) return false;
    generations_.emplace(id, &generation);
    generation.id_ = id;
    generation.arrived_ = arrived;
    generation.prompt_tokens_ = ask.prompt_tokens;
    settle();
    return true;
}

void EngineDriver::cancel(Generation& generation) {
    generations_.erase(generation.id_);
    engine_.cancel(generation.id_);
    ++totals_.cancelled;
}

void EngineDriver::catch_up(TimePoint to) {
    events_.clear();
    engine_.advance(engine_time(to), events_);
    for (const EngineEvent& event : events_) note(event);
    settle();
}

void EngineDriver::note(const EngineEvent& event) {
    const auto found = generations_.find(event.id);
    if (found == generations_.end()) return;
    Generation& generation = *found->second;
    if (event.kind == EngineEvent::Kind::finished) {
        generation.finished_ = true;
        generation.id_ = 0;
        generations_.erase(found);
        ++totals_.finished;
        return generation.on_progress_();
    }
    generation.tokens_ = event.tokens;
    generation.on_progress_();
    ++totals_.generation_tokens;
    if (event.kind != EngineEvent::Kind::first_token) return;
    totals_.prompt_tokens += generation.prompt_tokens_;
    totals_.first_token_times.add(real_time(event.at) - generation.arrived_);
}

void EngineDriver::settle() {
    totals_.max_running = std::max(totals_.max_running, engine_.counts().running);
    const auto next = engine_.next_event();
    if (!next || stopped_ || (timer_set_ && *timer_set_ <= real_time(*next))) return;
    timer_set_ = real_time(*next);
    timer_.expires_at(*timer_set_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        timer_set_.reset();
        catch_up(now());
    });
}

TimePoint EngineDriver::engine_time(TimePoint real) const {
    return origin_ + from_seconds(seconds(real - origin_) * speed_);
}

TimePoint EngineDriver::real_time(TimePoint engine) const {
    // A nanosecond late rather than early: too early there would be nothing to do yet.
    return origin_ + from_seconds(seconds(engine - origin_) / speed_) + std::chrono::nanoseconds(1);
}

}  // namespace weir::mock
