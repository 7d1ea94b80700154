#include "cubeloom/base/status.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace cubeloom {
namespace {

absl::Status Fails() { return absl::NotFoundError("no such frame"); }
absl::StatusOr<std::unique_ptr<int>> Gives(int value) {
  if (value < 0) return absl::OutOfRangeError("negative");
  return std::make_unique<int>(value);
}

TEST(StatusTest, ReturnIfErrorPassesTheErrorOn) {
  auto run = [](bool fail, bool* reached) -> absl::Status {
    CL_RETURN_IF_ERROR(fail ? Fails() : absl::OkStatus());
    *reached = true;
    return absl::OkStatus();
  };
  bool reached = false;
  EXPECT_EQ(run(true, &reached), absl::NotFoundError("no such frame"));
  EXPECT_FALSE(reached);
  EXPECT_TRUE(run(false, &reached).ok());
  EXPECT_TRUE(reached);
}

TEST(StatusTest, ContextIsPutInFrontAndEvaluatedOnErrorOnly) {
  int evaluated = 0;
  auto context = [&evaluated](const char* what) {
    ++evaluated;
    return std::string("reading ") + what;
  };
  auto run = [&](const absl::Status& status) -> absl::Status {
    CL_RETURN_IF_ERROR_IN(absl::Status(status), context("a.fits"));
    return absl::OkStatus();
  };
  EXPECT_TRUE(run(absl::OkStatus()).ok());
  EXPECT_EQ(evaluated, 0);
  EXPECT_EQ(run(Fails()), absl::NotFoundError("reading a.fits: no such frame"));
  EXPECT_EQ(evaluated, 1);
}

TEST(StatusTest, AssignOrReturnMovesTheValueOut) {
  auto run = [](int value) -> absl::StatusOr<int> {
    CL_ASSIGN_OR_RETURN(std::unique_ptr<int> first, Gives(value));
    CL_ASSIGN_OR_RETURN_IN(auto second, Gives(value - 1), "second");
    return *first + *second;
  };
  EXPECT_EQ(*run(3), 5);
  EXPECT_EQ(run(-1).status(), absl::OutOfRangeError("negative"));
  EXPECT_EQ(run(0).status(), absl::OutOfRangeError("second: negative"));
}

TEST(StatusTest, AnnotateKeepsCodeAndPayloads) {
  absl::Status status = absl::DataLossError("truncated");
  status.SetPayload("k", absl::Cord("v"));
  absl::Status annotated = Annotate(status, "HDU 1");
  EXPECT_EQ(annotated.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(annotated.message(), "HDU 1: truncated");
  EXPECT_EQ(annotated.GetPayload("k"), absl::Cord("v"));
  EXPECT_TRUE(Annotate(absl::OkStatus(), "HDU 1").ok());
}

TEST(StatusTest, DefaultsFollowTheCode) {
  struct Case {
    absl::StatusCode code;
    Blame blame;
    Repeat repeat;
  };
  const Case kCases[] = {
      {absl::StatusCode::kOk, Blame::kUser, Repeat::kNever},
      {absl::StatusCode::kInvalidArgument, Blame::kUser, Repeat::kNever},
      {absl::StatusCode::kDataLoss, Blame::kUser, Repeat::kNever},
      {absl::StatusCode::kInternal, Blame::kUser, Repeat::kNever},
      {absl::StatusCode::kCancelled, Blame::kUser, Repeat::kNever},
      {absl::StatusCode::kUnavailable, Blame::kInfrastructure, Repeat::kAtOnce},
      {absl::StatusCode::kAborted, Blame::kInfrastructure, Repeat::kAtOnce},
      {absl::StatusCode::kResourceExhausted, Blame::kInfrastructure, Repeat::kAtOnce},
      {absl::StatusCode::kDeadlineExceeded, Blame::kInfrastructure, Repeat::kAtOnce},
  };
  for (const Case& c : kCases) {
    absl::Status status(c.code, "x");
    SCOPED_TRACE(absl::StatusCodeToString(c.code));
    EXPECT_EQ(BlameOf(status), c.blame);
    EXPECT_EQ(RepeatOf(status), c.repeat);
    EXPECT_EQ(RetryDelay(status), absl::ZeroDuration());
  }
}

TEST(StatusTest, OverridesWinAndSurviveAnnotation) {
  absl::Status blamed = Annotate(WithBlame(absl::InternalError("x"), Blame::kInfrastructure), "ctx");
  EXPECT_EQ(BlameOf(blamed), Blame::kInfrastructure);
  EXPECT_EQ(RepeatOf(blamed), Repeat::kNever);
  EXPECT_EQ(BlameOf(WithBlame(absl::UnavailableError("x"), Blame::kUser)), Blame::kUser);

  absl::Status later = Annotate(WithRetryAfter(absl::InternalError("x"), absl::Milliseconds(250)), "ctx");
  EXPECT_EQ(RepeatOf(later), Repeat::kAfterDelay);
  EXPECT_EQ(RetryDelay(later), absl::Milliseconds(250));
}

TEST(StatusTest, ExtremeDelays) {
  absl::Status never = WithRetryAfter(absl::UnavailableError("x"), absl::InfiniteDuration());
  EXPECT_EQ(RepeatOf(never), Repeat::kNever);
  EXPECT_EQ(RepeatOf(WithRetryAfter(never, absl::ZeroDuration())), Repeat::kAtOnce);
  absl::Status negative = WithRetryAfter(absl::InternalError("x"), -absl::Seconds(5));
  EXPECT_EQ(RepeatOf(negative), Repeat::kAtOnce);
  EXPECT_EQ(RetryDelay(negative), absl::ZeroDuration());
}

TEST(StatusTest, GarbagePayloadsFromAPeerAreIgnored) {
  for (const char* garbage : {"", "-1", "1e9", "99999999999999999999", "soon"}) {
    absl::Status status =
        WithBlame(WithRetryAfter(absl::UnavailableError("x"), absl::Seconds(1)), Blame::kUser);
    std::string retry_key, blame_key;
    status.ForEachPayload([&](absl::string_view key, const absl::Cord& value) {
      (value == "user" ? blame_key : retry_key) = std::string(key);
    });
    status.SetPayload(retry_key, absl::Cord(garbage));
    status.SetPayload(blame_key, absl::Cord(garbage));
    EXPECT_EQ(RepeatOf(status), Repeat::kAtOnce) << garbage;
    EXPECT_EQ(BlameOf(status), Blame::kInfrastructure) << garbage;
  }
}

}  // namespace
}  // namespace cubeloom
