#include "property/judge_plan.hpp"

#include <array>
#include <ostream>

namespace weir::test {

using admission::Part;
using admission::Priority;

namespace {

constexpr std::array kPriorities{Priority::critical, Priority::normal, Priority::normal, Priority::sheddable};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Operation& op) {
    constexpr std::array kNames{"arrive",   "finish", "leave",         "requeue",    "first_token",
                                "streamed", "wait",   "flip_endpoint", "reconfigure"};
    return out << kNames[op.kind] << "{class " << op.cls << ", client " << op.client << (op.retry ? ", retry" : "")
               << ", pick " << op.pick << ", " << op.ms << " ms, prompt " << op.prompt << "}";
}

std::ostream& operator<<(std::ostream& out, const ClassPlan& plan) {
    return out << "{queue " << plan.queue << ", queue_timeout " << plan.queue_timeout_ms << " ms, rate " << plan.rate
               << ", concurrency " << plan.concurrency << ", weight " << plan.weight << ", guarantee " << plan.guarantee
               << " %" << (plan.evenly ? ", evenly" : "") << (plan.preemptible ? ", preemptible" : "") << "}";
}

std::ostream& operator<<(std::ostream& out, const EndpointPlan& plan) {
    return out << "endpoint{" << plan.requests << ", context " << plan.context << ", prompts " << plan.prompts << "}";
}

std::ostream& operator<<(std::ostream& out, const Plan& plan) {
    for (const auto& cls : plan.classes) out << cls << ' ';
    for (const auto& endpoint : plan.endpoints) out << endpoint << ' ';
    return out;
}

admission::JudgeConfig Plan::config() const {
    admission::JudgeConfig config;
    config.client_table = 8;
    // These depend on how long things took; they have tests of their own.
    for (const Part learned : {Part::growth, Part::unseen, Part::backoff, Part::pipe}) config.parts.remove(learned);
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const ClassPlan& plan = classes[i];
        admission::JudgeClass cls;
        cls.id = ClassId{static_cast<std::uint16_t>(i)};
        cls.config.priority = kPriorities[i];
        cls.config.queue = plan.queue;
        cls.config.queue_timeout = std::chrono::milliseconds(plan.queue_timeout_ms);
        cls.config.weight = plan.weight;
        cls.config.guarantee = plan.guarantee / 100.0;
        cls.config.shed = plan.evenly ? admission::Shed::evenly : admission::Shed::whole_clients;
        cls.config.preemptible = plan.preemptible;
        if (plan.rate > 0) cls.config.limits.requests = {1.0 * plan.rate, 4};
        if (plan.concurrency > 0) cls.config.per_client.concurrency = plan.concurrency;
        config.classes.push_back(cls);
    }
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        config.endpoints.push_back({EndpointId{static_cast<std::uint16_t>(i)}, endpoints[i].requests,
                                    endpoints[i].context, endpoints[i].prompts});
    }
    return config;
}

rc::Gen<Plan> any_plan() {
    using rc::gen::inRange;
    using rc::gen::weightedElement;
    const auto cls = rc::gen::build<ClassPlan>(
        rc::gen::set(&ClassPlan::queue, inRange(0U, 5U)),
        rc::gen::set(&ClassPlan::queue_timeout_ms, rc::gen::element(0U, 50U, 2'000U, 90'000U)),
        rc::gen::set(&ClassPlan::rate, weightedElement<std::uint32_t>({{4, 0U}, {1, 5U}, {1, 100U}})),
        rc::gen::set(&ClassPlan::concurrency, weightedElement<std::uint32_t>({{3, 0U}, {1, 2U}})),
        rc::gen::set(&ClassPlan::weight, inRange(1U, 4U)),
        rc::gen::set(&ClassPlan::guarantee, weightedElement<std::uint32_t>({{4, 0U}, {1, 10U}, {1, 40U}})),
        rc::gen::set(&ClassPlan::evenly, weightedElement<bool>({{3, false}, {1, true}})),
        rc::gen::set(&ClassPlan::preemptible, weightedElement<bool>({{2, false}, {1, true}})));
    const auto endpoint = rc::gen::build<EndpointPlan>(
        rc::gen::set(&EndpointPlan::requests, inRange(1U, 13U)),
        rc::gen::set(&EndpointPlan::context, weightedElement<std::uint32_t>({{1, 0U}, {1, 1'000U}})),
        rc::gen::set(&EndpointPlan::prompts, weightedElement<std::uint32_t>({{1, 16'384U}, {1, 1'000U}})));
    return rc::gen::build<Plan>(
        rc::gen::set(&Plan::classes, rc::gen::container<std::vector<ClassPlan>>(kPriorities.size(), cls)),
        rc::gen::set(&Plan::endpoints, rc::gen::mapcat(inRange(1U, 4U), [endpoint](std::uint32_t count) {
            return rc::gen::container<std::vector<EndpointPlan>>(count, endpoint);
        })));
}

rc::Gen<std::vector<Operation>> any_operations() {
    using rc::gen::inRange;
    using rc::gen::weightedElement;
    const auto kind = weightedElement<Operation::Kind>({{12, Operation::arrive},
                                                        {6, Operation::finish},
                                                        {2, Operation::leave},
                                                        {1, Operation::requeue},
                                                        {3, Operation::first_token},
                                                        {2, Operation::streamed},
                                                        {1, Operation::wait},
                                                        {1, Operation::flip_endpoint},
                                                        {1, Operation::reconfigure}});
    return rc::gen::container<std::vector<Operation>>(rc::gen::build<Operation>(
        rc::gen::set(&Operation::kind, kind), rc::gen::set(&Operation::cls, inRange(0U, 4U)),
        rc::gen::set(&Operation::client, weightedElement<std::uint32_t>({{4, 0U}, {1, 1U}, {1, 2U}})),
        rc::gen::set(&Operation::retry), rc::gen::set(&Operation::pick, inRange(0U, 100U)),
        rc::gen::set(&Operation::ms, weightedElement<std::uint32_t>({{6, 0U}, {4, 7U}, {2, 60U}, {1, 20'000U}})),
        rc::gen::set(&Operation::prompt,
                     weightedElement<std::uint32_t>({{3, 0U}, {2, 100U}, {2, 101U}, {1, 700U}, {1, 701U}}))));
}

std::vector<Operation> flood() {
    std::vector<Operation> operations;
    for (std::uint32_t i = 0; i < 40; ++i) {
        // Mostly of one client: a whale.
        operations.push_back({Operation::arrive, 3 - i % 4, i % 7 / 4, i % 5 == 0, 0, 0, i % 3 * 100});
    }
    return operations;
}

}  // namespace weir::test
