// The physical graph: all drops of a run, compact.
//
// Definitions. Each logical node that works (source, kernel, sink, command) and each data node that is not
// merged into its producer's port is a *block*: K instances in row-major order of its axes (outermost
// construct first). Per block the drops are numbered without gaps: first the K app drops (none for sources
// and data nodes), then for each output port the K data drops of that port. So drop -> block -> attributes;
// nothing is stored per drop but its edges. An output whose only users are data blocks has no port in the
// block: the app drops feed those data drops directly.
//
// Edges go data -> app (an input), app -> data (an output, or a link of a data block), and where the graph
// says so app -> app and data -> data. CSR in both directions, 32-bit ids. The predecessors of a drop with
// links stand in order of its block's links, and within a link in producer order; a drop that feeds two ports
// of one app stands twice. The successors of a drop ascend. Without loops and batches, predecessors have
// smaller ids.
//
// Cost: 2 * 4 bytes per edge, 2 * 4 bytes of offsets and 4 bytes of block number per drop.
// Everything here is a pure function of graph, parameters and resolved sources.
#ifndef CUBELOOM_GRAPH_UNROLL_PHYSICAL_GRAPH_H_
#define CUBELOOM_GRAPH_UNROLL_PHYSICAL_GRAPH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cubeloom/base/ids.h"
#include "cubeloom/graph/model/graph.h"

namespace cubeloom::graph {

enum class DropKind : uint8_t { kApp, kData };

// One enclosing construct of a block: its node and how many instances it has there.
struct Axis {
  NodeId construct = kNoId;  // for the items of a list source: that source itself
  int64_t count = 1;
};

// How the consumer's instance number fixes one axis of the producer (or several adjacent ones together, or
// none: a condition). For consumer instance c, with j = c / div % per / group + shift, the indices
//   [j * width, min((j + 1) * width, extent)) are taken; none when j * width is outside [0, extent).
// Each index counts `stride` producer instances. Equal indices: width 1, extent = per. All: per 1, width =
// extent. A gather's piece: width > 1, per = ceil(extent / width). The previous iteration: shift -1. The last
// one: per 1, width 1, shift = extent - 1. Only in the first iteration: stride 0, extent 1, width 1.
struct Digit {
  int64_t div = 1;
  int64_t per = 1;
  int64_t group = 1;
  int64_t shift = 0;
  int64_t width = 1;
  int64_t extent = 1;
  int64_t stride = 1;

  // First index taken and how many, for consumer instance c.
  int64_t Take(int64_t c, int64_t* count) const {
    uint32_t j = static_cast<uint32_t>(c);
    if (div != 1) j /= static_cast<uint32_t>(div);
    if (per == 1) {
      j = 0;
    } else if (j >= per) {
      j %= static_cast<uint32_t>(per);
    }
    if (group != 1) j /= static_cast<uint32_t>(group);
    const int64_t first = (static_cast<int64_t>(j) + shift) * width;
    *count = first < 0 || first >= extent ? 0 : (extent - first < width ? extent - first : width);
    return first;
  }
};

inline constexpr uint32_t kSelf = UINT32_MAX;    // Link::producer_port: the app drop itself
inline constexpr uint32_t kNoPort = UINT32_MAX;  // Link::port: a control link, which brings no data

// How the instances of a consumer block take the drops of one producer port: the product of its digits, in
// order of the producer's axes, so ascending. The digits of a link read different parts of c.
struct Link {
  uint32_t port = 0;      // index of the consumer's input (Node::inputs); several links may feed one port
  uint32_t producer = 0;  // block; that of a carry link or a batch may stand at or after the consumer
  uint32_t producer_port = 0;  // output port of the producer, or kSelf
  bool streaming = false;      // the consumer may start before the producer completes
  bool carry = false;          // from the iteration before of a loop around both
  // A scatter over a chunk grid of this very array encloses the consumer: its axis (index into Block::axes),
  // whose index is the number of the chunk to take. -1: the whole payload.
  int32_t grid_axis = -1;
  std::vector<Digit> digits;

  bool control() const { return port == kNoPort; }
  bool FansIn() const;             // some consumer instance may take more than one
  int64_t Count(int64_t c) const;  // how many producer instances consumer instance c takes
  // Over all consumer instances, at most INT64_MAX; exact and without visiting them.
  int64_t Total(int64_t instances) const;
  // Calls run(first, count) for the runs of adjacent producer instances that consumer instance c takes.
  template <typename Run>
  void ForEachRun(int64_t c, Run run) const {
    Walk(c, 0, 0, run);
  }

 private:
  template <typename Run>
  void Walk(int64_t c, size_t digit, int64_t base, Run& run) const {
    if (digit == digits.size()) return run(base, int64_t{1});
    const Digit& d = digits[digit];
    int64_t count = 0;
    const int64_t first = base + d.Take(c, &count) * d.stride;
    if (count == 0) return;
    if (digit + 1 == digits.size() && d.stride == 1) return run(first, count);
    for (int64_t i = 0; i < count; ++i) Walk(c, digit + 1, first + i * d.stride, run);
  }
};

struct Block {
  NodeId node = kNoId;       // in `PhysicalGraph::logical`
  std::vector<Axis> axes;    // outermost first
  int64_t instances = 1;     // product of axes
  DropId first_app = kNoId;  // kNoId for a source or data node
  DropId first_data = kNoId;
  std::vector<std::string>
      ports;                // outputs; data drop of (port p, instance i) = first_data + p * instances + i
  std::vector<Link> links;  // by input, then carries of that input, then control links
  bool gang = false;        // instances of one rank group: admitted all or none

  DropId app(int64_t i) const { return first_app + static_cast<DropId>(i); }
  DropId data(int64_t port, int64_t i) const {
    return first_data + static_cast<DropId>(port * instances + i);
  }
  bool has_app() const { return first_app != kNoId; }
  // The drop that a link with this producer port means.
  DropId output(uint32_t port, int64_t i) const { return port == kSelf ? app(i) : data(port, i); }
};

struct PhysicalGraph {
  Graph logical;                      // expanded and bound; blocks point into it
  std::vector<Block> blocks;          // in topological order of the logical graph, ties by file order
  std::vector<uint32_t> block_of;     // per drop
  std::vector<uint32_t> out_offsets;  // drops + 1
  std::vector<DropId> out;            // successors
  std::vector<uint32_t> in_offsets;   // drops + 1
  std::vector<DropId> in;             // predecessors

  size_t drops() const { return block_of.size(); }
  size_t edges() const { return out.size(); }
  absl::Span<const DropId> successors(DropId d) const {
    return absl::MakeConstSpan(out).subspan(out_offsets[d], out_offsets[d + 1] - out_offsets[d]);
  }
  absl::Span<const DropId> predecessors(DropId d) const {
    return absl::MakeConstSpan(in).subspan(in_offsets[d], in_offsets[d + 1] - in_offsets[d]);
  }
  const Block& block(DropId d) const { return blocks[block_of[d]]; }
  const Node& node(DropId d) const { return logical.nodes[block(d).node]; }
  DropKind kind(DropId d) const;
  int64_t instance(DropId d) const;              // index within its block
  int32_t port(DropId d) const;                  // output port of a data drop, -1 for an app drop
  std::vector<int64_t> indices(DropId d) const;  // per axis, outermost first
  // "<node>[:<port>]/<i>/<j>...": data drops always carry the port. The inverse is FindDrop.
  std::string ExternalId(DropId d) const;
  DropId FindDrop(absl::string_view external_id) const;  // kNoId when there is none
  // Predecessors of `d` (an app drop, or a drop of a data block) on its link `link`.
  absl::Span<const DropId> InputsOf(DropId d, size_t link) const;
};

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_PHYSICAL_GRAPH_H_
