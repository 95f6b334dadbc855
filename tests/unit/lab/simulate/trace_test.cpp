#include "lab/simulate/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader = "arrival_s,prompt_tokens,output_tokens,class,client\n";

std::string error_of(const std::string& text) {
    TraceReader reader;
    std::istringstream stream(text);
    const auto error = reader.read(stream, "day.csv");
    return error ? error->message : "";
}

Trace trace_of(std::initializer_list<std::string> texts) {
    TraceReader reader;
    for (const std::string& text : texts) {
        std::istringstream stream(text);
        EXPECT_FALSE(reader.read(stream, "day.csv"));
    }
    return reader.take();
}

TEST(Trace, ReadsTheColumnsThatTheHeaderNames) {
    const Trace trace = trace_of({"class,arrival_s,output_tokens,prompt_tokens\nbulk,1.5,20,100\r\n"});
    ASSERT_EQ(trace.requests.size(), 1U);
    EXPECT_EQ(trace.requests[0].arrival, 1500ms);
    EXPECT_EQ(trace.requests[0].prompt_tokens, 100U);
    EXPECT_EQ(trace.requests[0].output_tokens, 20U);
    EXPECT_EQ(trace.requests[0].client, kNoClient);
    EXPECT_THAT(trace.hints, ElementsAre("bulk"));
}

TEST(Trace, MergesFilesByArrivalAndKnowsAClientByItsName) {
    const Trace trace = trace_of(
        {std::string(kHeader) + "2,1,1,bulk,ann\n4,1,1,bulk,bob\n", std::string(kHeader) + "3,1,1,direct,bob\n"});
    ASSERT_EQ(trace.requests.size(), 3U);
    EXPECT_EQ(trace.requests[1].arrival, 3s);
    EXPECT_EQ(trace.requests[1].client, trace.requests[2].client);
    EXPECT_NE(trace.requests[0].client, trace.requests[1].client);
    EXPECT_EQ(trace.clients, 2U);
    EXPECT_THAT(trace.hints, ElementsAre("bulk", "direct"));
}

TEST(Trace, ReadsWhatAPromptRepeatsOfOthers) {
    const std::string header = "arrival_s,prompt_tokens,output_tokens,class,conversation,prefix,prefix_tokens\n";
    const Trace trace = trace_of({header + "1,100,1,bulk,a,house,40\n2,120,1,bulk,a,house,40\n3,9,1,bulk,b,,\n"});
    ASSERT_EQ(trace.requests.size(), 3U);
    const auto lineage = [&](std::size_t i) { return trace.requests[i].lineage; };
    EXPECT_NE(lineage(0).conversation, 0U);
    EXPECT_EQ(lineage(0).conversation, lineage(1).conversation);
    EXPECT_NE(lineage(0).conversation, lineage(2).conversation);
    EXPECT_EQ(lineage(0).prefix, lineage(1).prefix);
    EXPECT_EQ(lineage(1).prefix_tokens, 40U);
    EXPECT_EQ(lineage(2).prefix, 0U);
    EXPECT_THAT(error_of(header + "1,9,1,bulk,a,house,10\n"), HasSubstr("day.csv:2: the prefix is longer"));
    EXPECT_THAT(error_of(header + "1,9,1,bulk,a,house,x\n"), HasSubstr("(prefix_tokens)"));
}

TEST(Trace, DrawsWhichAnswersAreStreamedWhereItDoesNotSay) {
    const std::string header = "arrival_s,prompt_tokens,output_tokens,class,stream\n";
    std::string rows = "0,1,1,said,1\n0,1,1,said,0\n";
    for (int i = 0; i < 1'000; ++i) rows += "1,1,1,bulk,\n1,1,1,direct,\n";
    Trace trace = trace_of({header + rows});
    draw_streams(trace, {1, 0.3, 0}, 7);
    EXPECT_EQ(trace.requests[0].streams, Streams::yes);
    EXPECT_EQ(trace.requests[1].streams, Streams::no);
    const auto whole = [&](std::uint16_t hint) {
        return std::count_if(trace.requests.begin(), trace.requests.end(), [hint](const TraceRequest& request) {
            return request.hint == hint && request.streams == Streams::no;
        });
    };
    EXPECT_NEAR(static_cast<double>(whole(1)), 300, 60);
    EXPECT_EQ(whole(2), 0);
    EXPECT_THAT(error_of(header + "1,9,1,bulk,yes\n"), HasSubstr("day.csv:2: stream is 1 or 0"));
}

TEST(Trace, ReadsWhatAzurePublishes) {
    const Trace trace =
        trace_of({"TIMESTAMP,ContextTokens,GeneratedTokens\n"
                  "2023-11-16 23:59:46.5000000,374,44\n2023-11-17 00:00:50.7500000,396,0\n",
                  "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-12 00:00:00+00:00,100,10\n"
                  "2024-05-12 00:00:00.250000+00:00,100,10\n"});
    ASSERT_EQ(trace.requests.size(), 4U);
    EXPECT_EQ(trace.requests[2].arrival, 250ms);
    EXPECT_EQ(trace.requests[3].arrival, 64'250ms);
    EXPECT_EQ(trace.requests[3].prompt_tokens, 396U);
    EXPECT_EQ(trace.requests[3].output_tokens, 1U);
    EXPECT_THAT(trace.hints, ElementsAre(std::string(kNoHint)));
    EXPECT_THAT(error_of("TIMESTAMP,ContextTokens,GeneratedTokens\n2024-13-12 00:00:00,1,1\n"),
                HasSubstr("day.csv:2: '2024-13-12 00:00:00' is not a time"));
}

TEST(Trace, ReadsWhatBurstGptPublishes) {
    const Trace trace =
        trace_of({"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                  "5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,300,0,300,API log\n",
                  "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,"
                  "Log Type\n19440110.0,17-22,43,GPT-4,906,446,1352,Conversation log\n"
                  "19440161.0,17-22,2,GPT-4,36,29,65,Conversation log\n"});
    ASSERT_EQ(trace.requests.size(), 4U);
    EXPECT_EQ(trace.requests[2].arrival, 40s);
    EXPECT_EQ(trace.requests[3].arrival, 51s);
    EXPECT_NE(trace.requests[3].lineage.conversation, 0U);
    EXPECT_EQ(trace.requests[1].lineage.conversation, trace.requests[3].lineage.conversation);
    EXPECT_EQ(trace.requests[0].lineage.conversation, 0U);
    EXPECT_THAT(trace.hints, ElementsAre("Conversation log", "API log"));
}

TEST(Trace, ReadsTheGroupsOfPrefixesOfACutOfMooncakes) {
    const Trace trace =
        trace_of({"arrival_s,prompt_tokens,output_tokens,class,cached_prompt_tokens,prefix_group\n"
                  "0.000,12508,463,direct,512,90449\n1.000,6083,11,direct,512,90449\n"});
    EXPECT_EQ(trace.requests[1].lineage.prefix, trace.requests[0].lineage.prefix);
    EXPECT_EQ(trace.requests[1].lineage.prefix_tokens, 512U);
}

TEST(Trace, ReadsMooncakesLines) {
    const Trace trace =
        trace_of({"{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47]}\n"
                  "{\"timestamp\": 30535, \"input_length\": 10, \"output_length\": 5, \"class\": \"bulk\"}\n"});
    ASSERT_EQ(trace.requests.size(), 2U);
    EXPECT_EQ(trace.requests[0].arrival, 27'482ms);
    EXPECT_EQ(trace.requests[0].prompt_tokens, 6955U);
    EXPECT_THAT(trace.hints, ElementsAre(std::string(kNoHint), "bulk"));
}

TEST(Trace, NamesTheLineThatIsWrong) {
    const std::string good = std::string(kHeader) + "0,1,1,bulk,\n";
    EXPECT_THAT(error_of(good + "x,1,1,bulk,\n"), HasSubstr("day.csv:3: 'x' is not a time"));
    EXPECT_THAT(error_of(good + "1,1.5,1,bulk,\n"), HasSubstr("day.csv:3: '1.5' is not a count of tokens"));
    EXPECT_THAT(error_of(good + "1,1,-1,bulk,\n"), HasSubstr("day.csv:3: '-1'"));
    EXPECT_THAT(error_of(good + "-1,1,1,bulk,\n"), HasSubstr("day.csv:3: an arrival"));
    EXPECT_THAT(error_of(good + "nan,1,1,bulk,\n"), HasSubstr("day.csv:3: an arrival"));
    EXPECT_THAT(error_of(good + "1,1,1,,\n"), HasSubstr("day.csv:3: the class is empty"));
    EXPECT_THAT(error_of(good + "1,1,1,bulk\n"), HasSubstr("day.csv:3: 4 columns"));
    EXPECT_THAT(error_of(good + "\n"), HasSubstr("day.csv:3: 1 columns"));
    EXPECT_THAT(error_of(good + "1,99999999999,1,bulk,\n"), HasSubstr("day.csv:3: more than"));
    EXPECT_THAT(error_of("{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 3}\n{]\n"),
                HasSubstr("day.csv:2: not a"));
    EXPECT_THAT(error_of("{\"timestamp\": 1, \"input_length\": 2}\n"), HasSubstr("day.csv:1: 'output_length'"));
}

TEST(Trace, HoldsAHeaderToItsColumns) {
    EXPECT_THAT(error_of(""), HasSubstr("day.csv: the trace is empty"));
    EXPECT_THAT(error_of("arrival_s,prompt_tokens,output_tokens\n"),
                HasSubstr("day.csv:1: the header lacks the column 'class'"));
    EXPECT_THAT(error_of("arrival,prompt_tokens,output_tokens,class\n"),
                HasSubstr("day.csv:1: unknown column 'arrival'"));
    EXPECT_THAT(error_of("class,class,arrival_s,prompt_tokens,output_tokens\n"), HasSubstr("is there twice"));
}

TEST(Trace, PlaysFaster) {
    Trace trace = trace_of({std::string(kHeader) + "10,1,1,bulk,\n"});
    speed_up(trace, 4);
    EXPECT_EQ(trace.requests[0].arrival, 2500ms);
}

}  // namespace
}  // namespace weir::simulate
