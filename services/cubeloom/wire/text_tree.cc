#include "cubeloom/wire/text_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // completes what parser.h only declares
#include <yaml-cpp/parser.h>

#include <exception>
#include <istream>
#include <streambuf>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/wire/tree_builder.h"

namespace cubeloom::wire {
namespace {

graph::SourceLocation Where(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Hands yaml-cpp's events to the builder.
class YamlEvents : public YAML::EventHandler {
 public:
  explicit YamlEvents(TreeBuilder& builder) : builder_(builder) {}

  void OnDocumentStart(const YAML::Mark& mark) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    builder_.Scalar(Where(mark), TextKind::kNull, "null", false, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    builder_.Alias(Where(mark), anchor);
  }
  // yaml-cpp marks quoted and block scalars with the tag "!".
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    builder_.Scalar(Where(mark), TextKind::kScalar, value, tag == "!", anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    builder_.Open(Where(mark), TextKind::kList, anchor);
  }
  void OnSequenceEnd() override { builder_.Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    builder_.Open(Where(mark), TextKind::kMap, anchor);
  }
  void OnMapEnd() override { builder_.Close(); }

 private:
  TreeBuilder& builder_;
};

// Reads from memory without a copy, and then one "#" where that starts a comment on a line of its own:
// yaml-cpp takes the end of the text right after a line break for the end of a quoted scalar, so a truncated
// file would pass.
class YamlBuffer : public std::streambuf {
 public:
  explicit YamlBuffer(absl::string_view text) {
    const size_t end = text.find_last_not_of(" \t") + 1;
    if (end > 0 && text[end - 1] == '\n') text = text.substr(0, end);
    ended_ = text.empty() || text.back() != '\n';
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; nothing writes
    setg(begin, begin, begin + text.size());
  }

 protected:
  int_type underflow() override {
    if (ended_) return traits_type::eof();
    ended_ = true;
    setg(&comment_, &comment_, &comment_ + 1);
    return traits_type::to_int_type(comment_);
  }

 private:
  char comment_ = '#';
  bool ended_ = false;
};

absl::Status ParseYaml(absl::string_view text, absl::string_view file, TreeBuilder& builder) {
  YamlBuffer buffer(text);
  std::istream stream(&buffer);
  YamlEvents events(builder);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(events) || !builder.status().ok()) return builder.status();
    TreeBuilder rest_builder(file, TextLimits{});
    YamlEvents rest(rest_builder);
    if (parser.HandleNextDocument(rest)) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": expected one document, got more"));
    }
  } catch (const YAML::Exception& e) {
    if (!builder.status().ok()) return builder.status();
    return absl::InvalidArgumentError(absl::StrCat(Place(file, Where(e.mark)), e.msg));
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": malformed text: ", e.what()));
  }
  return builder.status();
}

// JSON by its name, or by its look when the name says nothing.
bool IsJson(absl::string_view text, absl::string_view file) {
  if (absl::EndsWithIgnoreCase(file, ".json")) return true;
  if (absl::EndsWithIgnoreCase(file, ".yaml") || absl::EndsWithIgnoreCase(file, ".yml")) return false;
  text = absl::StripLeadingAsciiWhitespace(text);
  if (text.empty() || text[0] != '{') return false;
  text = absl::StripLeadingAsciiWhitespace(text.substr(1));
  return !text.empty() && (text[0] == '"' || text[0] == '}');
}

}  // namespace

absl::StatusOr<TextTree> ParseText(absl::string_view text, absl::string_view file, const TextLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": the text has ", text.size(), " bytes, the limit is ", limits.max_bytes));
  }
  const size_t invalid = FindInvalidUtf8(text);
  if (invalid != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": byte ", invalid, ": expected UTF-8 text"));
  }
  TreeBuilder builder(file, limits);
  const absl::Status status = IsJson(text, file) ? ParseJson(text, builder) : ParseYaml(text, file, builder);
  if (!status.ok()) return status;
  TextTree tree = builder.Take();
  if (tree.empty()) return absl::InvalidArgumentError(absl::StrCat(file, ": the text is empty"));
  return tree;
}

}  // namespace cubeloom::wire
