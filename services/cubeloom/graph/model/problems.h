// Collects the errors of one pass over a graph, so that a user sees all of them at once.
#ifndef CUBELOOM_GRAPH_MODEL_PROBLEMS_H_
#define CUBELOOM_GRAPH_MODEL_PROBLEMS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cubeloom::graph {

// Keeps the first kShown messages and counts the rest. Not thread-safe.
class Problems {
 public:
  static constexpr size_t kShown = 20;

  void Add(std::string message) {
    if (messages_.size() < kShown) messages_.push_back(std::move(message));
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  // More problems would not be shown: a pass may stop.
  bool full() const { return count_ > kShown; }

  // OK, or InvalidArgument with one message a line.
  absl::Status ToStatus() const {
    if (empty()) return absl::OkStatus();
    std::string text = absl::StrJoin(messages_, "\n");
    if (full()) absl::StrAppend(&text, "\nand more problems of this kind");
    return absl::InvalidArgumentError(text);
  }

 private:
  std::vector<std::string> messages_;
  size_t count_ = 0;
};

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_MODEL_PROBLEMS_H_
