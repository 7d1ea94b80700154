#include "cubeloom/wire/tree_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace cubeloom::wire {

std::string Place(absl::string_view file, const graph::SourceLocation& where) {
  return absl::StrCat(file.empty() ? "text" : file, ":", where.line, ":", where.column, ": ");
}

void TreeBuilder::Fail(const Location& where, absl::string_view what) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat(Place(file_, where), what));
}

void TreeBuilder::SetKey(const Location& where, absl::string_view key) {
  Level& level = open_.back();
  const auto [it, fresh] = level.keys.emplace(key, where.line);
  if (!fresh) return Fail(where, absl::StrCat("key '", key, "' is given twice, first at line ", it->second));
  level.have_key = true;
  level.key = std::string(key);
  level.key_where = where;
}

uint32_t TreeBuilder::Append(TextNode node) {
  if (tree_.nodes.size() >= limits_.max_values) {
    Fail(node.where, absl::StrCat("more than ", limits_.max_values, " values"));
    return kNoText;
  }
  const uint32_t at = static_cast<uint32_t>(tree_.nodes.size());
  if (!open_.empty()) {
    Level& level = open_.back();
    if (IsMap(level)) {
      node.key = std::move(level.key);
      node.key_where = level.key_where;
      level.have_key = false;
    }
    uint32_t& link = level.last == kNoText ? tree_.nodes[level.node].first : tree_.nodes[level.last].next;
    link = at;
    level.last = at;
  }
  tree_.nodes.push_back(std::move(node));
  return at;
}

void TreeBuilder::Scalar(const Location& where, TextKind kind, absl::string_view text, bool quoted,
                         size_t anchor) {
  if (!status_.ok()) return;
  if (TakesKey()) return SetKey(where, text);
  TextNode node;
  node.kind = kind;
  node.quoted = quoted;
  node.where = where;
  node.text = std::string(text);
  const uint32_t at = Append(std::move(node));
  if (anchor != 0) anchors_.insert_or_assign(anchor, at);
}

void TreeBuilder::Open(const Location& where, TextKind kind, size_t anchor) {
  if (!status_.ok()) return;
  if (TakesKey()) return Fail(where, "a key must be plain text");
  if (open_.size() >= static_cast<size_t>(limits_.max_depth)) {
    return Fail(where, absl::StrCat("nested deeper than ", limits_.max_depth, " levels"));
  }
  TextNode node;
  node.kind = kind;
  node.where = where;
  const uint32_t at = Append(std::move(node));
  if (at == kNoText) return;
  if (anchor != 0) anchors_.insert_or_assign(anchor, at);
  open_.emplace_back();
  open_.back().node = at;
}

void TreeBuilder::Close() {
  if (status_.ok()) open_.pop_back();
}

void TreeBuilder::Alias(const Location& where, size_t anchor) {
  if (!status_.ok()) return;
  const auto it = anchors_.find(anchor);
  if (it == anchors_.end()) return Fail(where, "unknown alias");
  if (++aliases_ > limits_.max_aliases)
    return Fail(where, absl::StrCat("more than ", limits_.max_aliases, " aliases"));
  for (const Level& level : open_) {
    if (level.node == it->second) return Fail(where, "an alias inside of what it names");
  }
  if (TakesKey()) {
    const TextNode& named = tree_.nodes[it->second];
    if (named.kind != TextKind::kScalar) return Fail(where, "a key must be plain text");
    return SetKey(where, std::string(named.text));
  }
  Copy(it->second, where);
}

// A deep copy below the open level, with its own stack instead of recursion. Aliases within aliases could
// otherwise build a tree deeper than the text, so depth is checked here too.
void TreeBuilder::Copy(uint32_t from, const Location& where) {
  TextNode head = tree_.nodes[from];
  head.first = head.next = kNoText;
  const uint32_t at = Append(std::move(head));
  if (at == kNoText) return;
  struct Pair {
    uint32_t source, copy;
    size_t depth;
  };
  std::vector<Pair> work = {{from, at, open_.size()}};
  while (!work.empty()) {
    const Pair pair = work.back();
    work.pop_back();
    if (pair.depth > static_cast<size_t>(limits_.max_depth)) {
      return Fail(where, absl::StrCat("nested deeper than ", limits_.max_depth, " levels"));
    }
    uint32_t last = kNoText;
    for (uint32_t child = tree_.nodes[pair.source].first; child != kNoText; child = tree_.nodes[child].next) {
      if (tree_.nodes.size() >= limits_.max_values) {
        return Fail(where, absl::StrCat("more than ", limits_.max_values, " values"));
      }
      const uint32_t made = static_cast<uint32_t>(tree_.nodes.size());
      TextNode node = tree_.nodes[child];
      node.first = node.next = kNoText;
      tree_.nodes.push_back(std::move(node));
      (last == kNoText ? tree_.nodes[pair.copy].first : tree_.nodes[last].next) = made;
      last = made;
      work.push_back({child, made, pair.depth + 1});
    }
  }
}

}  // namespace cubeloom::wire
