// The common half of the YAML and the JSON reader. Private to wire.
#ifndef CUBELOOM_WIRE_TREE_BUILDER_H_
#define CUBELOOM_WIRE_TREE_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cubeloom/wire/text_tree.h"

namespace cubeloom::wire {

class TreeBuilder;

// Strict JSON (RFC 8259), one value. Positions count code points, as those of YAML do. The text is valid
// UTF-8.
absl::Status ParseJson(absl::string_view text, TreeBuilder& builder);

// Offset of the first byte that is not part of well-formed UTF-8 (no overlong forms, no surrogates), or npos.
size_t FindInvalidUtf8(absl::string_view text);

// "file:line:column: ".
std::string Place(absl::string_view file, const graph::SourceLocation& where);

// Builds a TextTree from the events of a parser and enforces the limits. After the first problem all further
// events are ignored; the parser should stop when it can. Not thread-safe.
class TreeBuilder {
 public:
  using Location = graph::SourceLocation;

  TreeBuilder(absl::string_view file, const TextLimits& limits) : file_(file), limits_(limits) {}

  const absl::Status& status() const { return status_; }
  TextTree Take() { return std::move(tree_); }
  void Fail(const Location& where, absl::string_view what);

  // A key, where a map expects one, or else a value. `anchor` is 0 for none.
  void Scalar(const Location& where, TextKind kind, absl::string_view text, bool quoted, size_t anchor = 0);
  void Open(const Location& where, TextKind kind, size_t anchor = 0);
  void Close();
  // A copy of what `anchor` names. Aliases count against max_aliases, what they copy against max_values and
  // max_depth.
  void Alias(const Location& where, size_t anchor);

  size_t depth() const { return open_.size(); }
  bool InMap() const { return !open_.empty() && IsMap(open_.back()); }
  bool TakesKey() const { return InMap() && !open_.back().have_key; }

 private:
  // An open list or map.
  struct Level {
    uint32_t node = kNoText;
    uint32_t last = kNoText;  // its latest child
    bool have_key = false;    // of a map: the next event is the value of `key`
    std::string key;
    Location key_where;
    absl::flat_hash_map<std::string, int> keys;  // key -> line
  };

  bool IsMap(const Level& level) const { return tree_.nodes[level.node].kind == TextKind::kMap; }
  void SetKey(const Location& where, absl::string_view key);
  uint32_t Append(TextNode node);
  void Copy(uint32_t from, const Location& where);

  const absl::string_view file_;
  const TextLimits limits_;
  absl::Status status_;
  TextTree tree_;
  std::vector<Level> open_;
  absl::flat_hash_map<size_t, uint32_t> anchors_;
  size_t aliases_ = 0;
};

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_TREE_BUILDER_H_
