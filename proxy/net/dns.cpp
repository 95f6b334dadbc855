#include "net/dns.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "net/srv_records.hpp"

namespace weir::net {
namespace {

constexpr int kTryMillis = 1000;
constexpr int kTries = 2;
constexpr std::size_t kMaxTargets = 64;  // of a service

struct Call {
    Dns::Question question;
    Dns::OnAnswer on_answer;
};

SocketAddress address_of(const ares_addrinfo_node& node) {
    SocketAddress address;
    address.size = node.ai_addrlen;
    std::memcpy(&address.storage, node.ai_addr, std::min<std::size_t>(node.ai_addrlen, sizeof address.storage));
    return address;
}

void keep_shorter(Duration& ttl, Duration other) { ttl = ttl == Duration{} ? other : std::min(ttl, other); }

}  // namespace

// Runs the look-ups. Everything from run() on belongs to its thread.
class Dns::Thread {
public:
    Thread(EventLoop& loop, std::weak_ptr<char> wanted)
        : loop_(loop), wanted_(std::move(wanted)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        ares_library_init(ARES_LIB_INIT_ALL);
    }
    ~Thread() {
        ::close(wake_);
        ares_library_cleanup();
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    void add(Call call) {
        {
            const std::lock_guard lock(mutex_);
            calls_.push_back(std::move(call));
        }
        wake();
    }
    void start() {
        // Signals belong to the control loop: the new thread starts with all of them blocked.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        thread_ = std::thread([this] { run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    // Ends all look-ups; nothing is called back afterwards.
    void stop() {
        stopped_.store(true);
        wake();
        if (thread_.joinable()) thread_.join();
    }

private:
    // One question on its way: a service's targets are looked up each.
    struct LookUp {
        Thread* thread;
        Call call;
        TimePoint end_by;
        Answer answer{};
        std::size_t open = 0;   // look-ups of addresses that are not answered
        std::string missing{};  // what one of them said
        bool ended = false;
    };
    struct Target {
        std::shared_ptr<LookUp> of;
        std::string host;
        std::uint16_t weight;
        ares_channel channel;
    };

    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    }

    void run() {
        while (!stopped_.load()) {
            try {
                begin_calls();
                end_late_ones();
                await_sockets();
            } catch (const std::exception&) {
                // Out of memory: those that it befell end when their time is over.
            }
        }
        for (auto& [servers, channel] : channels_) ares_destroy(channel);  // its look-ups end as ARES_EDESTRUCTION
    }

    void begin_calls() {
        std::vector<Call> calls;
        {
            const std::lock_guard lock(mutex_);
            calls.swap(calls_);
        }
        for (Call& call : calls) begin(std::move(call));
    }

    void begin(Call call) {
        ares_channel channel = channel_for(call.question.servers);
        auto look_up = std::make_shared<LookUp>(LookUp{this, std::move(call), Clock::now() + kLongest});
        open_.push_back(look_up);
        const Question& question = look_up->call.question;
        if (channel == nullptr) return finish(*look_up, "the resolver could not be set up");
        if (!question.is_service) return add_target(look_up, channel, question.host, question.port, 1);
        auto* target = new Target{look_up, {}, 1, channel};
        ares_search(channel, question.host.c_str(), ns_c_in, ns_t_srv, on_service, target);
    }

    // c-ares bounds each of its questions, and asks many: for every name server, and for every domain that is searched.
    void end_late_ones() {
        const TimePoint now = Clock::now();
        for (const auto& look_up : open_) {
            if (!look_up->ended && look_up->end_by <= now) finish(*look_up, "no answer in time");
        }
        std::erase_if(open_, [](const auto& look_up) { return look_up->ended; });
    }

    // Callbacks return into C, which nothing must be thrown through.
    template <typename Work>
    static void guarded(Work work) noexcept {
        try {
            work();
        } catch (const std::exception&) {
            // Out of memory: the look-up ends when its time is over.
        }
    }

    ares_channel channel_for(const std::vector<std::string>& servers) {
        const std::string list = fmt::format("{}", fmt::join(servers, ","));
        if (const auto known = channels_.find(list); known != channels_.end()) return known->second;
        ares_options options{};
        options.timeout = kTryMillis;
        options.tries = kTries;
        ares_channel channel = nullptr;
        if (ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) return nullptr;
        if (!list.empty() && ares_set_servers_ports_csv(channel, list.c_str()) != ARES_SUCCESS) {
            ares_destroy(channel);
            return nullptr;
        }
        channels_.emplace(list, channel);
        return channel;
    }

    static void add_target(const std::shared_ptr<LookUp>& look_up, ares_channel channel, const std::string& host,
                           std::uint16_t port, std::uint16_t weight) {
        ++look_up->open;
        auto* target = new Target{look_up, host, weight, channel};
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = ARES_AI_NUMERICSERV;
        ares_getaddrinfo(channel, host.c_str(), std::to_string(port).c_str(), &hints, on_addresses, target);
    }

    static void on_service(void* argument, int status, int /*timeouts*/, unsigned char* bytes, int size) {
        const std::unique_ptr<Target> target(static_cast<Target*>(argument));
        guarded([&] { take_services(*target, status, {reinterpret_cast<const char*>(bytes), std::size_t(size)}); });
    }

    static void take_services(const Target& of, int status, std::string_view message) {
        const std::shared_ptr<LookUp>& look_up = of.of;
        if (status != ARES_SUCCESS) return look_up->thread->finish(*look_up, ares_strerror(status));
        const SrvRecords records = read_srv_records(message);
        look_up->answer.ttl = records.ttl;
        if (records.services.empty()) return look_up->thread->finish(*look_up, "the name has no services");
        // Their number is known before the first is answered, which may be at once.
        ++look_up->open;
        const std::size_t count = std::min(records.services.size(), kMaxTargets);
        for (std::size_t i = 0; i < count; ++i) {
            const SrvRecords::Service& service = records.services[i];
            add_target(look_up, of.channel, service.host, service.port, service.weight);
        }
        if (--look_up->open == 0) look_up->thread->finish(*look_up, look_up->missing);
    }

    static void on_addresses(void* argument, int status, int /*timeouts*/, ares_addrinfo* result) {
        const std::unique_ptr<Target> target(static_cast<Target*>(argument));
        guarded([&] { take_addresses(*target, status, result); });
        ares_freeaddrinfo(result);
    }

    static void take_addresses(const Target& of, int status, const ares_addrinfo* result) {
        LookUp& look_up = *of.of;
        for (const ares_addrinfo_node* node = result != nullptr ? result->nodes : nullptr; node != nullptr;
             node = node->ai_next) {
            look_up.answer.found.push_back({address_of(*node), of.host, of.weight});
            keep_shorter(look_up.answer.ttl, std::chrono::seconds(std::max(node->ai_ttl, 0)));
        }
        // A target that certainly has no address is left out; of one whose name server fails that is not known, and a
        // part that is missing must not make the service seem smaller than it is.
        const bool has_none = status == ARES_ENOTFOUND || status == ARES_ENODATA;
        const bool left_out = look_up.call.question.is_service && has_none;
        if (status != ARES_SUCCESS && !left_out) look_up.missing = ares_strerror(status);
        if (--look_up.open == 0) look_up.thread->finish(look_up, look_up.missing);
    }

    void finish(LookUp& look_up, std::string_view error) {
        if (std::exchange(look_up.ended, true)) return;
        const bool whole = error.empty() && !look_up.answer.found.empty();
        if (!whole) look_up.answer.error = error.empty() ? "the name has no addresses" : std::string(error);
        if (!whole) look_up.answer.found.clear();
        if (stopped_.load()) return;
        loop_.post([wanted = wanted_, answer = std::move(look_up.answer),
                    on_answer = std::move(look_up.call.on_answer)]() mutable {
            if (!wanted.expired()) on_answer(std::move(answer));
        });
    }

    void await_sockets() {
        std::vector<pollfd> polled{{wake_, POLLIN, 0}};
        timeval longest{1, 0};
        std::vector<ares_channel> owners;
        for (auto& [servers, channel] : channels_) {
            std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
            const int bits = ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM);
            for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
                short events = 0;
                if (ARES_GETSOCK_READABLE(bits, i)) events |= POLLIN;
                if (ARES_GETSOCK_WRITABLE(bits, i)) events |= POLLOUT;
                if (events != 0) polled.push_back({sockets[static_cast<std::size_t>(i)], events, 0});
                if (events != 0) owners.push_back(channel);
            }
            timeval next{};
            longest = *ares_timeout(channel, &longest, &next);
        }
        const int millis = static_cast<int>(longest.tv_sec * 1000 + longest.tv_usec / 1000 + 1);
        ::poll(polled.data(), polled.size(), millis);
        std::uint64_t woken = 0;
        [[maybe_unused]] const auto got = ::read(wake_, &woken, sizeof woken);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            const pollfd& ready = polled[i + 1];
            const bool reads = (ready.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
            const bool writes = (ready.revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
            ares_process_fd(owners[i], reads ? ready.fd : ARES_SOCKET_BAD, writes ? ready.fd : ARES_SOCKET_BAD);
        }
        for (auto& [servers, channel] : channels_) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

    EventLoop& loop_;
    std::weak_ptr<char> wanted_;
    int wake_;
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;  // guards the next member
    std::vector<Call> calls_;
    std::map<std::string, ares_channel> channels_;  // by their name servers
    std::vector<std::shared_ptr<LookUp>> open_;
    std::thread thread_;
};

Dns::Dns(EventLoop& loop) : thread_(std::make_unique<Thread>(loop, wanted_)) { thread_->start(); }

Dns::~Dns() {
    wanted_.reset();
    thread_->stop();
}

void Dns::ask(const Question& question, OnAnswer on_answer) { thread_->add({question, std::move(on_answer)}); }

}  // namespace weir::net
