#include "downstream/exchange/body_intake.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace weir::downstream {
namespace {

using ai::Member;
using http::BodyReader;
using http::Framing;

std::string gzip(std::string_view text) {
    std::string out(text.size() + 100, '\0');
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

// An intake with its framing and its body.
struct Taking {
    Taking(Framing framing, std::uint64_t length, BodyIntake::Plan plan)
        : reader(framing, length), intake(reader, body, plan) {}

    // In pieces of at most `piece` bytes. The reason and the detail of a fault; empty: none.
    std::string take(std::string_view bytes, std::size_t piece) {
        while (!bytes.empty() && !reader.done()) {
            std::string_view first = bytes.substr(0, piece);
            const std::size_t given = first.size();
            if (const auto fault = intake.take(first)) {
                return std::string(name(fault->reason)).append(": ").append(fault->detail);
            }
            bytes.remove_prefix(given - first.size());
            left = bytes;
        }
        return {};
    }

    SegmentedText body;
    BodyReader reader;
    BodyIntake intake;
    std::string left;  // what stands behind the body
};

constexpr std::string_view kJson = R"({"model":"m","stream":true,"max_tokens":7})";
constexpr BodyIntake::Plan kPlain{BodyForm::json, ai::Api::chat, {}, http::ContentCoding::identity, 1000};
constexpr BodyIntake::Plan kGzip{BodyForm::json, ai::Api::chat, {}, http::ContentCoding::gzip, 10'000'000};

TEST(BodyIntake, ReadsThePrefixKeyOnlyWhereItIsAskedFor) {
    const std::string body = R"({"prompt":"hi"})";
    const auto key_of = [&](BodyIntake::Plan plan, std::string_view bytes) {
        Taking taking(Framing::length, bytes.size(), plan);
        EXPECT_EQ(taking.take(bytes, 4), "");
        return taking.intake.finish().prefix_key;
    };
    BodyIntake::Plan asks = kPlain;
    asks.prefix = true;
    EXPECT_EQ(key_of(kPlain, body), 0U);
    EXPECT_NE(key_of(asks, body), 0U);
    const std::uint64_t plain = key_of(asks, body);
    asks.coding = http::ContentCoding::gzip;
    EXPECT_EQ(key_of(asks, gzip(body)), plain);
}

std::string chunked(std::string_view content) {
    return "3\r\n" + std::string(content.substr(0, 3)) + "\r\n27;a=b\r\n" + std::string(content.substr(3)) +
           "\r\n0\r\nTrailer: x\r\n\r\n";
}

TEST(BodyIntake, ReadsTheSameHoweverTheBytesCome) {
    const std::string coded = gzip(kJson);
    struct Way {
        Framing framing;
        BodyIntake::Plan plan;
        std::string bytes;
    };
    for (const Way& way : {Way{Framing::length, kPlain, std::string(kJson)},
                           {Framing::chunked, kPlain, chunked(kJson)},
                           {Framing::length, kGzip, coded}}) {
        for (std::size_t piece = 1; piece <= way.bytes.size() + 4; ++piece) {
            Taking taking(way.framing, way.bytes.size(), way.plan);
            EXPECT_EQ(taking.take(way.bytes + "NEXT", piece), "") << piece;
            EXPECT_TRUE(taking.reader.done()) << piece;
            EXPECT_EQ(taking.left, "NEXT") << "it has taken what is not its own";
            EXPECT_EQ(taking.body.joined(), kJson) << piece;
            const ai::RequestFacts facts = taking.intake.finish();
            EXPECT_TRUE(facts.is_object && facts.stream);
            EXPECT_EQ(facts.max_output_tokens, 7U);
            EXPECT_EQ(facts.text(Member::model), "m");
            EXPECT_EQ(facts.body_bytes, kJson.size());
        }
    }
}

TEST(BodyIntake, FindsWhatIsWrongWithABody) {
    const std::string coded = gzip(kJson);
    const std::string bomb = gzip(std::string(2'000'000, ' '));
    BodyIntake::Plan small = kGzip;
    small.max_bytes = kJson.size() - 1;
    struct Wrong {
        Framing framing;
        BodyIntake::Plan plan;
        std::string bytes;
        std::string_view fault;
    };
    for (const Wrong& row : {
             Wrong{Framing::chunked, kPlain, "x\r\n", "bad_request: the chunked framing of the body is broken"},
             {Framing::length, kPlain, std::string(1001, ' '), "body_too_large: "},
             {Framing::length, small, coded, "body_too_large: "},
             {Framing::length, kGzip, bomb, "body_too_large: decoded it is more than a hundred times as large"},
             {Framing::length, kGzip, std::string(kJson),
              "bad_request: the body is not what its Content-Encoding says"},
             {Framing::length, kGzip, coded + "more", "bad_request: the body is not what its Content-Encoding says"},
             {Framing::length, kGzip, coded.substr(0, coded.size() - 1),
              "bad_request: the body ends within its Content-Encoding"},
         }) {
        for (const std::size_t piece : {row.bytes.size(), std::size_t{100}}) {
            Taking taking(row.framing, row.bytes.size(), row.plan);
            EXPECT_EQ(taking.take(row.bytes, piece), row.fault);
        }
    }
}

TEST(BodyIntake, TakesAnEmptyBodyWhateverItsCoding) {
    Taking taking(Framing::chunked, 0, kGzip);
    EXPECT_EQ(taking.take("0\r\n\r\n", 1), "");
    EXPECT_FALSE(taking.intake.finish().is_object);
}

TEST(BodyIntake, KnowsOnlyTheBytesOfWhatItDoesNotRead) {
    BodyIntake::Plan plan = kPlain;
    plan.form = BodyForm::unread;
    Taking taking(Framing::length, kJson.size(), plan);
    EXPECT_TRUE(taking.intake.gave_up());
    EXPECT_EQ(taking.take(kJson, 5), "");
    const ai::RequestFacts facts = taking.intake.finish();
    EXPECT_FALSE(facts.is_object);
    EXPECT_EQ(facts.api, ai::Api::chat);
    EXPECT_EQ(facts.body_bytes, kJson.size());
}

TEST(BodyIntake, GivesUpOnABodyThatIsNotWhatItIsReadAs) {
    Taking taking(Framing::length, 100, kPlain);
    EXPECT_FALSE(taking.intake.gave_up());
    EXPECT_EQ(taking.take("<html>", 6), "");
    EXPECT_TRUE(taking.intake.gave_up());
    EXPECT_EQ(taking.body.joined(), "<html>") << "it is passed on all the same";
}

TEST(BodyIntake, ReadsAForm) {
    const std::string form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
    Taking taking(
        Framing::length, form.size(),
        {BodyForm::form, ai::Api::videos, "multipart/form-data; boundary=b", http::ContentCoding::identity, 1000});
    EXPECT_EQ(taking.take(form, 9), "");
    EXPECT_EQ(taking.intake.finish().text(Member::model), "m");
}

TEST(BodyIntake, CountsItsDecoderAmongWhatItOccupies) {
    Taking taking(Framing::length, kJson.size(), kGzip);
    EXPECT_EQ(taking.take(gzip(kJson).substr(0, 1), 1), "");
    EXPECT_GT(taking.intake.memory(), taking.body.capacity() + 10'000);
}

}  // namespace
}  // namespace weir::downstream
