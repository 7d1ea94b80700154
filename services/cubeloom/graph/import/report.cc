#include "cubeloom/graph/import/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cubeloom::graph {
namespace {

constexpr size_t kNamed = 8;  // nodes named in a line
constexpr const char* kKinds[] = {"mapped", "defaulted", "ignored"};

}  // namespace

void ReportBuilder::Add(ImportNote::Kind kind, absl::string_view node, std::string& what) {
  const auto [it, fresh] = by_text_.emplace(absl::StrCat(static_cast<int>(kind), what), notes_.size());
  if (fresh) notes_.push_back({kind, std::move(what), {}});
  if (!node.empty()) notes_[it->second].nodes.emplace_back(node);
}

ImportReport ReportBuilder::Take(Generation generation) {
  std::stable_sort(notes_.begin(), notes_.end(),
                   [](const ImportNote& a, const ImportNote& b) { return a.kind < b.kind; });
  return {generation, std::move(notes_)};
}

std::string ImportReport::ToString() const {
  std::string text = absl::StrCat("format ", GenerationName(generation), "\n");
  for (const ImportNote& note : notes) {
    absl::StrAppend(&text, kKinds[static_cast<size_t>(note.kind)], ": ", note.what);
    for (size_t i = 0; i < std::min(note.nodes.size(), kNamed); ++i) {
      absl::StrAppend(&text, i == 0 ? ": " : ", ", note.nodes[i]);
    }
    if (note.nodes.size() > kNamed) absl::StrAppend(&text, " and ", note.nodes.size() - kNamed, " more");
    text += '\n';
  }
  return text;
}

const char* GenerationName(Generation generation) {
  static constexpr const char* kNames[] = {"A (GoJS)",
                                           "B (EAGLE 2.8 to 4.0)",
                                           "C (EAGLE 5.0)",
                                           "D (EAGLE 5.1 to 6.3)",
                                           "E (EAGLE 6.4 and later)",
                                           "F (AppRef)",
                                           "G (V4)"};
  return kNames[static_cast<size_t>(generation)];
}

}  // namespace cubeloom::graph
