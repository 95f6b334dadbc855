#include "downstream/connection_refusal.hpp"

#include "admission/advice.hpp"
#include "downstream/exchange/reply.hpp"

namespace weir::downstream {

std::string connection_refusal(WorkerContext& worker) {
    const admission::RefusalConfig usual;
    const admission::Advice advice =
        admission::advise(Reason::connection_limit, usual.retry_after, usual, worker.ids().random());
    const RequestId id = worker.ids().next();
    Reply reply;
    reply.reason = Reason::connection_limit;
    reply.request_id = id;
    reply.retry_after = advice.retry_after;
    return write_reply(reply);
}

}  // namespace weir::downstream
