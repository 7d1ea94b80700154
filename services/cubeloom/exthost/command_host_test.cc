#include "cubeloom/exthost/command_host.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/exthost/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::exthost {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CommandHostTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<Payload>> Shell(const std::string& script,
                                             std::vector<std::string> arguments = {}) {
    node_.inputs.clear();
    for (const auto& [port, payloads] : inputs_) node_.inputs.push_back({port, {}});
    std::vector<std::vector<Payload>> payloads;
    for (const auto& [port, given] : inputs_) payloads.push_back(given);
    runtime::CommandRequest request;
    request.node = &node_;
    request.command.argv = {"sh", "-c", script, "sh"};
    request.command.argv.insert(request.command.argv.end(), arguments.begin(), arguments.end());
    request.command.outputs = outputs_;
    request.command.media_type = media_type_;
    request.command.environment = environment_;
    request.drop = "call/3";
    request.cores = 2;
    request.inputs = payloads;
    CommandHostOptions options;
    options.scratch = root_.path();
    return CommandHost(options).Run(request);
  }
  std::string Message(const std::string& script, std::vector<std::string> arguments = {}) {
    return std::string(Shell(script, std::move(arguments)).status().message());
  }

  ScratchFolder root_ = ScratchFolder::Make(::testing::TempDir(), "host").value();
  graph::Node node_;
  std::vector<std::pair<std::string, std::vector<Payload>>> inputs_;
  std::vector<std::string> outputs_ = {"out"};
  std::string media_type_;
  std::map<std::string, std::string> environment_;
};

TEST(SubstituteTest, ReplacesPortsWithoutAShell) {
  const PortFiles files = {{"image", {"/a b.npy"}}, {"many", {"/1", "/2"}}, {"none", {}}, {"out", {"/out"}}};
  EXPECT_THAT(
      Substitute({"prog", "-i=${image}", "${many}", "${none}", "$HOME;${out}", "${cores}", "${"}, files, 4)
          .value(),
      ElementsAre("prog", "-i=/a b.npy", "/1", "/2", "$HOME;/out", "4", "${"));
  EXPECT_THAT(std::string(Substitute({"${imag}"}, files, 1).status().message()),
              HasSubstr("did you mean 'image'"));
  EXPECT_THAT(std::string(Substitute({"x${many}"}, files, 1).status().message()), HasSubstr("is 2 files"));
}

TEST_F(CommandHostTest, FilesGoInAndComeOut) {
  inputs_ = {{"array", {Payload(ArrayFromVector<float>({2, 2}, {1, 2, 3, 4}))}},
             {"value", {Payload(Value(7))}}};
  outputs_ = {"copy"};
  const std::vector<Payload> out = Shell("cp $1 $2", {"${array}", "${copy}"}).value();
  ASSERT_EQ(out.size(), 1u);
  ASSERT_EQ(out[0].kind(), PayloadKind::kArray);
  EXPECT_EQ(out[0].array()->Read(Box::Whole({2, 2}), {}).value().as<float>()[3], 4.0f);
  media_type_ = "application/json";
  EXPECT_EQ(Shell("cat $1 > $2", {"${value}", "${copy}"}).value()[0].value().integer(), 7);
  media_type_ = "text/csv";
  EXPECT_EQ(Shell("printf 'a,b\\n1,2\\n' > $1", {"${copy}"}).value()[0].table()->rows(), 1);
  media_type_ = "text/plain";
  const std::vector<Payload> text = Shell("echo $OMP_NUM_THREADS > $1", {"${copy}"}).value();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(text[0].blob().bytes.data()), 2), "2\n");
  EXPECT_EQ(text[0].blob().media_type, "text/plain");
}

TEST_F(CommandHostTest, SeveralInputsBecomeSeveralArguments) {
  inputs_ = {{"all", {Payload(Value(1)), Payload(Value(2)), Payload(Value(3))}}};
  media_type_ = "application/json";
  EXPECT_EQ(Shell("cat $2 $3 $4 > $1", {"${out}", "${all}"}).value()[0].value().integer(), 123);
}

TEST_F(CommandHostTest, EnvironmentIsSubstitutedToo) {
  environment_ = {{"TARGET", "${out}"}};
  EXPECT_TRUE(Shell("echo hello > $TARGET").ok());
}

TEST_F(CommandHostTest, FailureNamesProgramCodeAndLastOutput) {
  EXPECT_EQ(Message("echo cannot find the stars >&2; exit 4"),
            "command 'sh' exited with 4; its last output:\ncannot find the stars");
  EXPECT_EQ(Message("exit 1"), "command 'sh' exited with 1; it wrote nothing");
  EXPECT_EQ(Message("printf '\\033[2Jred\\000'; exit 1"),
            "command 'sh' exited with 1; its last output:\n\\x1b[2Jred\\x00");
  EXPECT_LT(Message("yes | head -c 10000000; exit 1").size(), 200u) << "20 lines";
  EXPECT_THAT(Message("kill -11 $$"), HasSubstr("died of signal 11"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Shell("exit 1").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Shell("kill -9 $$").status()));
}

TEST_F(CommandHostTest, BadOutputsAreErrors) {
  EXPECT_THAT(Message("echo done"),
              HasSubstr("output 'out': the command did not write it; its last output:\ndone"));
  EXPECT_THAT(Message("mkdir $1", {"${out}"}), HasSubstr("is no regular file"));
  EXPECT_FALSE(Shell("mkfifo $1", {"${out}"}).ok());
  EXPECT_THAT(Message("ln -s /etc/hostname $1", {"${out}"}), HasSubstr("is a link, no regular file"));
  media_type_ = "application/json";
  EXPECT_FALSE(Shell("echo '{' > $1", {"${out}"}).ok());
  // More memory would not help, so it is not repeated: not ResourceExhausted.
  EXPECT_TRUE(absl::IsOutOfRange(Shell("truncate -s 3G $1", {"${out}"}).status()));
  media_type_ = "application/x-npy";
  EXPECT_THAT(Message("echo no array here > $1", {"${out}"}), HasSubstr("is no .npy file"));
  inputs_ = {{"out", {Payload(Value(1))}}};
  EXPECT_THAT(Message("true"), HasSubstr("both input and output"));
}

TEST_F(CommandHostTest, NothingIsLeftInTheScratchFolder) {
  inputs_ = {{"value", {Payload(Value(7))}}};
  EXPECT_TRUE(Shell("cp $1 $2; mkdir -p deep/er; touch deep/er/file", {"${value}", "${out}"}).ok());
  EXPECT_FALSE(Shell("touch rest; exit 1").ok());
  EXPECT_TRUE(std::filesystem::is_empty(root_.path()));
}

}  // namespace
}  // namespace cubeloom::exthost
