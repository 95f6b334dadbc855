#pragma once
// An answer on its way to the client, as tests write it.

#include <optional>
#include <string>
#include <string_view>

#include "downstream/transfer/framing.hpp"
#include "downstream/transfer/relay.hpp"
#include "support/test_bed.hpp"

namespace weir::test {

struct RelayBed : TestBed {
    static constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\n\r\n";

    explicit RelayBed(std::uint32_t slots = 8) : TestBed(slots) {
        options.endpoint = &endpoint;
        options.idle_timeout = 60s;
        options.total_deadline = began + 600s;
    }

    // The answer ends with this many bytes, or goes as a stream of events in chunks.
    void by_length(std::uint64_t length) { body = http::BodyReader(http::Framing::length, length); }
    void as_events(http::Framing framing = http::Framing::chunked, bool drops_usage = false) {
        body = http::BodyReader(framing, 0);
        options.chunked_out = true;
        options.event_stream = true;
        progress.begin(downstream::Reading::events, drops_usage);
    }
    // What the client has got of the body, after the head.
    [[nodiscard]] std::string sent() const { return client_end->written.substr(kHead.size()); }

    downstream::RelayEnd go(std::string_view first = {}) {
        make();
        return run(relay->run(first));
    }
    void make() {
        relay.emplace(client, presence, progress, observer, backend_end_stream(), body, std::string(kHead), options);
    }

    // Notes what the client had when the slot was given back.
    struct Observer final : downstream::Relay::Observer {
        explicit Observer(RelayBed& owner) : bed(owner) {}
        void answer_is_in() override {
            ++calls;
            written = bed.client_end->written;
        }
        RelayBed& bed;
        int calls = 0;
        std::string written;
    };

    http::BodyReader body;
    downstream::Relay::Options options;
    Observer observer{*this};
    std::optional<downstream::Relay> relay;

private:
    net::ByteStream& backend_end_stream() {
        connection->stream().source().set_waker(&client.waker);
        return connection->stream();
    }
};

inline std::string chunk(std::string_view content) {
    return std::string(downstream::ChunkSize(content.size()).text()).append(content).append("\r\n");
}

}  // namespace weir::test
