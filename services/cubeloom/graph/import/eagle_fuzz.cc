// Fuzz target: any text of any generation. What imports must have unique valid ids, known producers and
// construct parents, and must not depend on anything but the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "cubeloom/graph/import/import.h"

namespace cubeloom::graph {
namespace {

[[noreturn]] void Die(const char* what, const std::string& id) {
  std::fprintf(stderr, "fuzz_eagle: %s: %s\n", what, id.c_str());
  std::abort();
}

using Kinds = absl::flat_hash_map<std::string, NodeKind>;

void CheckNode(const Kinds& kinds, const Node& node) {
  if (node.id.size() > 63 || node.id.empty() || node.id[0] < 'a' || node.id[0] > 'z') Die("bad id", node.id);
  const auto around = kinds.find(node.in);
  if (!node.in.empty() && (around == kinds.end() || !IsConstruct(around->second))) Die("bad 'in'", node.id);
  if (!node.inputs.empty() && IsConstruct(node.kind)) Die("a construct with inputs", node.id);
  for (const Input& input : node.inputs) {
    if (input.port.empty() || input.from.empty()) Die("an empty input", node.id);
    for (const Endpoint& from : input.from) {
      const auto producer = kinds.find(from.node);
      if (producer == kinds.end() || IsConstruct(producer->second)) Die("a bad producer", node.id);
    }
  }
  if (node.scatter.count < 0 || node.gather.width < 0 || node.loop.count < 0 || node.data.expected_size < 0) {
    Die("a negative count", node.id);
  }
}

}  // namespace
}  // namespace cubeloom::graph

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cubeloom::graph;  // NOLINT
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  ImportOptions options;
  options.max_bytes = 1 << 16;
  (void)IsForeignGraph(text);
  const absl::StatusOr<Imported> imported = ImportGraph(text, options);
  if (!imported.ok()) return 0;
  Kinds kinds;
  for (const Node& node : imported->graph.nodes) {
    if (!kinds.emplace(node.id, node.kind).second) Die("an id twice", node.id);
  }
  for (const Node& node : imported->graph.nodes) CheckNode(kinds, node);
  if (imported->report.ToString().empty()) Die("no report", "");
  return 0;
}
