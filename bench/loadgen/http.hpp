#pragma once
// Reads HTTP/1.1 messages, either side's, from whatever pieces arrive. Just enough HTTP to measure proxies with:
// lengths, chunks and `connection: close`; it checks nothing that a benchmark does not need.

#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace weir::bench {

// Not thread-safe. One message after another: reset() before the next.
class MessageReader {
public:
    // Takes bytes up to the end of the message, hands body pieces to `body(std::string_view)`, and returns how many
    // bytes it took. After it, done() or broken() may hold.
    template <class Body>
    std::size_t feed(std::string_view bytes, Body&& body) {
        std::size_t taken = 0;
        while (taken < bytes.size() && !done() && !broken()) {
            const std::string_view rest = bytes.substr(taken);
            switch (state_) {
                case State::head: taken += read_head(rest); break;
                case State::body: taken += read_body(rest, body); break;
                case State::chunk_size: taken += read_line(rest, &MessageReader::chunk_size_line); break;
                case State::chunk_data: taken += read_body(rest, body); break;
                case State::chunk_end: taken += read_line(rest, &MessageReader::chunk_end_line); break;
                case State::trailers: taken += read_line(rest, &MessageReader::trailer_line); break;
                case State::done:
                case State::broken: break;
            }
        }
        return taken;
    }

    // REQUIRES: done(), or nothing fed yet.
    void reset() {
        state_ = State::head;
        line_.clear();
        left_ = 0;
        status_ = 0;
        chunked_ = close_ = false;
    }

    [[nodiscard]] bool done() const { return state_ == State::done; }
    [[nodiscard]] bool broken() const { return state_ == State::broken; }
    [[nodiscard]] bool started() const { return state_ != State::head || !line_.empty(); }
    [[nodiscard]] int status() const { return status_; }  // 0 for a request
    [[nodiscard]] bool close() const { return close_; }

private:
    enum class State { head, body, chunk_size, chunk_data, chunk_end, trailers, done, broken };

    std::size_t read_head(std::string_view bytes) {
        if (line_.empty()) {
            // The usual case: the whole head in one piece, parsed where it lies.
            const auto end = bytes.find("\r\n\r\n");
            if (end != std::string_view::npos) {
                parse_head(bytes.substr(0, end + 2));
                return end + 4;
            }
        }
        const std::size_t before = line_.size();
        line_ += bytes;
        const auto end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            if (line_.size() > 64 * 1024) state_ = State::broken;
            return bytes.size();
        }
        const std::string head = line_.substr(0, end + 2);
        line_.clear();
        parse_head(head);
        return end + 4 - before;
    }

    void parse_head(std::string_view head) {
        auto eol = head.find("\r\n");
        if (head.starts_with("HTTP/1.") && head.size() > 12) status_ = std::atoi(head.data() + 9);
        for (auto at = eol + 2; at < head.size(); at = eol + 2) {
            eol = head.find("\r\n", at);
            if (eol == std::string_view::npos) break;
            field(head.substr(at, eol - at));
        }
        if (status_ >= 100 && status_ < 200) {
            reset();
        } else if (chunked_) {
            state_ = State::chunk_size;
        } else {
            state_ = left_ > 0 ? State::body : State::done;
        }
    }

    void field(std::string_view line) {
        const auto is = [&](std::string_view name) {
            return line.size() > name.size() && line[name.size()] == ':' &&
                   strncasecmp(line.data(), name.data(), name.size()) == 0;
        };
        if (is("content-length")) {
            left_ = std::strtoull(line.data() + 15, nullptr, 10);
        } else if (is("transfer-encoding")) {
            chunked_ = line.find("chunked") != std::string_view::npos;
        } else if (is("connection")) {
            close_ = line.find("close") != std::string_view::npos;
        }
    }

    template <class Body>
    std::size_t read_body(std::string_view bytes, Body&& body) {
        const std::size_t n = std::min<std::size_t>(bytes.size(), left_);
        body(bytes.substr(0, n));
        left_ -= n;
        if (left_ == 0) state_ = state_ == State::body ? State::done : State::chunk_end;
        return n;
    }

    std::size_t read_line(std::string_view bytes, void (MessageReader::*use)()) {
        const auto end = bytes.find('\n');
        line_ += bytes.substr(0, end);
        if (end == std::string_view::npos) return bytes.size();
        if (line_.ends_with('\r')) line_.pop_back();
        (this->*use)();
        line_.clear();
        return end + 1;
    }
    void chunk_size_line() {
        char* end = nullptr;
        left_ = std::strtoull(line_.c_str(), &end, 16);
        if (end == line_.c_str())
            state_ = State::broken;
        else
            state_ = left_ > 0 ? State::chunk_data : State::trailers;
    }
    void chunk_end_line() { state_ = line_.empty() ? State::chunk_size : State::broken; }
    void trailer_line() {
        if (line_.empty()) state_ = State::done;
    }

    State state_ = State::head;
    std::string line_;        // an unfinished head or chunk line
    std::uint64_t left_ = 0;  // of the body or of the chunk
    int status_ = 0;
    bool chunked_ = false;
    bool close_ = false;
};

}  // namespace weir::bench
