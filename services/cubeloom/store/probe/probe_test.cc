#include "cubeloom/store/probe/probe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "cubeloom/store/probe/protocol.h"
#include "cubeloom/store/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

using ::testing::HasSubstr;

ProbeOptions TestOptions() {
  ProbeOptions options;
  options.program = CL_BINARY_DIR "/bin/cubeloom-probe-test-helper";
  options.max_processes = 1;
  return options;
}

int64_t PidOf(Probe& probe) { return probe.Call({"pid", "x", Value(), {}})->result.integer(); }

TEST(ProbeClientTest, AnswersFromOneLastingProcess) {
  const auto client = MakeProbeClient(TestOptions());
  const int64_t pid = PidOf(*client);
  EXPECT_NE(pid, ::getpid());
  EXPECT_EQ(PidOf(*client), pid);
  Value args;
  args.Set("text", std::string(100000, 'y'));
  EXPECT_EQ(client->Call({"echo", "x", args, {}})->result, args);
  EXPECT_EQ(client->Call({"nothing", "x", Value(), {}}).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(ProbeClientTest, PassesDescriptorsBothWays) {
  TempFolder folder;
  const UniqueFd fd(::open(folder.Write("a", "hello world").c_str(), O_RDONLY | O_CLOEXEC));
  const auto client = MakeProbeClient(TestOptions());
  const absl::StatusOr<ProbeReply> reply = client->Call({"files", "a", Value(), {fd.get()}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->result, Value("hello"));
  ASSERT_EQ(reply->fds.size(), 1u);
  char text[5] = {};
  EXPECT_EQ(::pread(reply->fds[0].get(), text, 4, 0), 4);
  EXPECT_STREQ(text, "back");
  EXPECT_EQ(client->Call({"files", "a", Value(), {}}).status().code(), absl::StatusCode::kInvalidArgument);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CL_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CL_TEST_SANITIZED 1  // no limit on address space there
#endif
#endif

struct Bad {
  const char* verb;
  absl::StatusCode code;
  const char* text;
  bool survives;  // the same process answers the next call
};

TEST(ProbeClientTest, MisbehaviourCostsOneRequestOnly) {
  ProbeOptions options = TestOptions();
  options.timeout = absl::Seconds(60);
  options.memory_bytes = int64_t{512} << 20;
  const auto client = MakeProbeClient(options);
  std::vector<Bad> cases = {
      {"fail", absl::StatusCode::kInvalidArgument, "no good", true},
      {"throw", absl::StatusCode::kDataLoss, "thrown", true},
      {"crash", absl::StatusCode::kDataLoss, "Aborted", false},
      {"exit", absl::StatusCode::kDataLoss, "ended with status 7", false},
      {"big", absl::StatusCode::kResourceExhausted, "limit", true},
  };
#if !defined(CL_TEST_SANITIZED)
  cases.push_back({"hog", absl::StatusCode::kDataLoss, "bad_alloc", true});
#endif
  for (const Bad& bad : cases) {
    const int64_t before = PidOf(*client);
    const absl::Status status = client->Call({bad.verb, "the file.fits", Value(), {}}).status();
    EXPECT_EQ(status.code(), bad.code) << bad.verb << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.text)) << bad.verb;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the file.fits")) << bad.verb;
    EXPECT_EQ(PidOf(*client) == before, bad.survives) << bad.verb;
  }
}

TEST(ProbeClientTest, ARequestThatSpinsIsEndedByItsProcessorTime) {
  ProbeOptions options = TestOptions();
  options.timeout = absl::Seconds(60);
  options.cpu_time = absl::Seconds(1);
  const auto client = MakeProbeClient(options);
  const int64_t before = PidOf(*client);
  const absl::Status status = client->Call({"spin", "x.fits", Value(), {}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("processor time"));
  EXPECT_NE(PidOf(*client), before);
}

TEST(ProbeClientTest, ARequestThatHangsIsEndedInTime) {
  ProbeOptions options = TestOptions();
  options.timeout = absl::Milliseconds(300);
  const auto client = MakeProbeClient(options);
  PidOf(*client);
  const absl::Time start = absl::Now();
  const absl::Status status = client->Call({"hang", "x.fits", Value(), {}}).status();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("took longer than 300ms"));
  EXPECT_GT(PidOf(*client), 0);
}

TEST(ProbeClientTest, AHelperThatDiedWhileIdleIsReplaced) {
  const auto client = MakeProbeClient(TestOptions());
  const pid_t pid = static_cast<pid_t>(PidOf(*client));
  ::kill(pid, SIGKILL);
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_NE(PidOf(*client), pid);
}

TEST(ProbeClientTest, StartsOneProcessForManyCallersUpToTheLimit) {
  ProbeOptions options = TestOptions();
  options.max_processes = 2;
  const auto client = MakeProbeClient(options);
  ASSERT_TRUE(client->Warm().ok());
  ASSERT_TRUE(client->Warm().ok());
  std::vector<std::thread> threads;
  std::vector<int64_t> pids(16);
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) pids[t] = PidOf(*client);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_LE((std::set<int64_t>(pids.begin(), pids.end()).size()), 2u);
}

TEST(ProbeClientTest, TheHelperEndsWithTheClient) {
  pid_t pid;
  {
    const auto client = MakeProbeClient(TestOptions());
    pid = static_cast<pid_t>(PidOf(*client));
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ProbeClientTest, SaysWhenThereIsNoHelper) {
  for (const char* program : {"/no/such/program", "/bin/false"}) {
    ProbeOptions options = TestOptions();
    options.program = program;
    const auto client = MakeProbeClient(options);
    const absl::Status status = client->Call({"pid", "x", Value(), {}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    // And the right to start one was given back.
    EXPECT_EQ(client->Call({"pid", "x", Value(), {}}).status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

// Both ends of a socket, and raw bytes into one.
struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    a = UniqueFd(fds[0]);
    b = UniqueFd(fds[1]);
  }
  void Write(const std::string& bytes) {
    EXPECT_EQ(::write(a.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  absl::Status Receive() {
    return ReceiveProbeFrame(b.get(), absl::Now() + absl::Milliseconds(100)).status();
  }
  UniqueFd a, b;
};

std::string RawHeader(const std::string& magic, uint32_t length, uint32_t fds, uint32_t zero) {
  std::string out = magic;
  for (const uint32_t v : {length, fds, zero}) out.append(reinterpret_cast<const char*>(&v), 4);
  return out;
}

TEST(ProbeProtocolTest, RefusesWhatIsNoFrame) {
  struct Case {
    std::string bytes;
    bool close;
    absl::StatusCode code;
  };
  for (const Case& c :
       std::vector<Case>{{"", true, absl::StatusCode::kUnavailable},
                         {"", false, absl::StatusCode::kDeadlineExceeded},
                         {"CLP1", true, absl::StatusCode::kUnavailable},
                         {RawHeader("CLP2", 2, 0, 0) + "{}", false, absl::StatusCode::kDataLoss},
                         {RawHeader("CLP1", 2, 0, 1) + "{}", false, absl::StatusCode::kDataLoss},
                         {RawHeader("CLP1", 2, 1, 0) + "{}", false, absl::StatusCode::kDataLoss},
                         {RawHeader("CLP1", 0xFFFFFFFF, 0, 0), false, absl::StatusCode::kDataLoss},
                         {RawHeader("CLP1", 10, 0, 0) + "{}", true, absl::StatusCode::kUnavailable},
                         {RawHeader("CLP1", 2, 0, 0) + "{]", false, absl::StatusCode::kInvalidArgument},
                         {RawHeader("CLP1", 2, 0, 0) + "{}", false, absl::StatusCode::kOk}}) {
    Pair pair;
    pair.Write(c.bytes);
    if (c.close) pair.a.Reset();
    EXPECT_EQ(pair.Receive().code(), c.code) << c.bytes.size();
  }
}

TEST(ProbeProtocolTest, RefusesToSendToNobody) {
  Pair pair;
  pair.b.Reset();
  EXPECT_EQ(SendProbeFrame(pair.a.get(), Value(Value::Map{}), {}, absl::InfiniteFuture()).code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace cubeloom
