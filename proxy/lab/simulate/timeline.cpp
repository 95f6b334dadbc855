#include "lab/simulate/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace weir::simulate {
namespace {

constexpr double kShortest = 1e-4;  // seconds

}  // namespace

void Timeline::pad(std::size_t count) {
    const std::size_t length = inflight.size();
    const std::vector<std::uint32_t> none(length);
    Class empty{none, none, none, none, none, std::vector<double>(length), {}, {}};
    empty.first_token_p50.resize(length);
    empty.first_token_p99.resize(length);
    while (classes.size() < count) classes.push_back(empty);
}

void Recorder::count(Event event, ClassId cls, Duration at) {
    ++stretch_at(at).classes[index(cls)].counts[static_cast<std::size_t>(event)];
}

void Recorder::first_token(ClassId cls, Duration at, Duration time) {
    const double step = kStepsADecade * std::log10(std::max(seconds(time), kShortest) / kShortest);
    Histogram& counts = stretch_at(at).classes[index(cls)].first_tokens;
    ++counts[std::min(static_cast<std::size_t>(step), counts.size() - 1)];
}

void Recorder::sample(const Snapshot& snapshot) {
    // A sample stands for the time before it, which may end with a stretch.
    Stretch& stretch = stretch_at(next_sample_ - std::chrono::nanoseconds(1));
    for (std::size_t i = 0; i < snapshot.waiting.size(); ++i) stretch.classes[i].waiting += snapshot.waiting[i];
    stretch.inflight += snapshot.inflight;
    stretch.limit += snapshot.limit;
    stretch.slots += snapshot.slots;
    stretch.kv += snapshot.kv;
    stretch.prompts += snapshot.prompts;
    stretch.held_context += snapshot.held_context;
    stretch.held_prompts += snapshot.held_prompts;
    ++stretch.samples;
    next_sample_ += kSampleEvery;
}

Recorder::Stretch& Recorder::stretch_at(Duration at) {
    while (at >= width_ * kMaxStretches) halve();
    const auto place = static_cast<std::size_t>(at / width_);
    while (stretches_.size() <= place) stretches_.emplace_back().classes.resize(classes_);
    return stretches_[place];
}

void Recorder::halve() {
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
        if (i % 2 == 1) {
            merge(stretches_[i / 2], stretches_[i]);
        } else if (i > 0) {
            stretches_[i / 2] = std::move(stretches_[i]);
        }
    }
    stretches_.resize((stretches_.size() + 1) / 2);
    width_ *= 2;
}

void Recorder::merge(Stretch& into, const Stretch& other) {
    for (std::size_t i = 0; i < into.classes.size(); ++i) {
        ClassStretch& cls = into.classes[i];
        for (std::size_t j = 0; j < kEvents; ++j) cls.counts[j] += other.classes[i].counts[j];
        for (std::size_t j = 0; j < cls.first_tokens.size(); ++j)
            cls.first_tokens[j] += other.classes[i].first_tokens[j];
        cls.waiting += other.classes[i].waiting;
    }
    into.samples += other.samples;
    into.inflight += other.inflight;
    into.limit += other.limit;
    into.slots += other.slots;
    into.kv += other.kv;
    into.prompts += other.prompts;
    into.held_context += other.held_context;
    into.held_prompts += other.held_prompts;
}

std::optional<double> Recorder::quantile(const Histogram& counts, double q) {
    std::uint64_t total = 0;
    for (const std::uint32_t count : counts) total += count;
    if (total == 0) return std::nullopt;
    const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        seen += counts[i];
        // The middle of the step.
        if (seen >= rank) return kShortest * std::pow(10, (static_cast<double>(i) + 0.5) / kStepsADecade);
    }
    return std::nullopt;
}

Timeline Recorder::close() const {
    Timeline timeline;
    timeline.width = width_;
    timeline.classes.resize(classes_);
    for (const Stretch& stretch : stretches_) {
        const double samples = std::max(stretch.samples, 1.0);
        for (std::size_t i = 0; i < classes_; ++i) {
            const ClassStretch& from = stretch.classes[i];
            Timeline::Class& to = timeline.classes[i];
            const auto count = [&](Event event) { return from.counts[static_cast<std::size_t>(event)]; };
            to.offered.push_back(count(Event::offered));
            to.tries.push_back(count(Event::tried));
            to.served.push_back(count(Event::served));
            to.refused.push_back(count(Event::refused));
            to.failed.push_back(count(Event::failed));
            to.waiting.push_back(from.waiting / samples);
            to.first_token_p50.push_back(quantile(from.first_tokens, 0.5));
            to.first_token_p99.push_back(quantile(from.first_tokens, 0.99));
        }
        timeline.inflight.push_back(stretch.inflight / samples);
        timeline.limit.push_back(stretch.limit / samples);
        timeline.slots.push_back(stretch.slots / samples);
        timeline.kv.push_back(stretch.kv / samples);
        timeline.prompts.push_back(stretch.prompts / samples);
        timeline.held_context.push_back(stretch.held_context / samples);
        timeline.held_prompts.push_back(stretch.held_prompts / samples);
    }
    return timeline;
}

}  // namespace weir::simulate
