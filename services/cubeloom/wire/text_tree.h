// A parsed YAML or JSON document as a flat tree with positions; private to wire.
//
// Built from events (yaml-cpp's for YAML, our own reader's for JSON), so that depth, number of values,
// aliases and duplicate keys are bounded and checked while parsing, before anything large is kept. Scalars
// keep their text: what a plain `1` means is decided by the field that takes it.
#ifndef CUBELOOM_WIRE_TEXT_TREE_H_
#define CUBELOOM_WIRE_TEXT_TREE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::wire {

struct TextLimits {
  size_t max_bytes = size_t{64} << 20;
  size_t max_values = 4'000'000;  // scalars, lists and maps, with those behind aliases counted again
  size_t max_aliases = 1000;
  int max_depth = 64;
};

enum class TextKind : uint8_t { kNull, kScalar, kList, kMap };

inline constexpr uint32_t kNoText = 0xffffffffu;

struct TextNode {
  TextKind kind = TextKind::kNull;
  bool quoted = false;  // a scalar in quotes or block form: always text
  std::string key;      // within a map
  graph::SourceLocation where;
  graph::SourceLocation key_where;
  std::string text;          // of a scalar
  uint32_t first = kNoText;  // first child
  uint32_t next = kNoText;   // next sibling
};

class TextTree {
 public:
  const TextNode& operator[](uint32_t n) const { return nodes[n]; }
  bool empty() const { return nodes.empty(); }

  std::vector<TextNode> nodes;  // the root is nodes[0]
};

// InvalidArgument with "file:line:column: ..." for malformed text, duplicate keys, more than one document,
// and whatever exceeds the limits.
absl::StatusOr<TextTree> ParseText(absl::string_view text, absl::string_view file, const TextLimits& limits);

}  // namespace cubeloom::wire

#endif  // CUBELOOM_WIRE_TEXT_TREE_H_
