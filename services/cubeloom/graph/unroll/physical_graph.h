// The physical graph: all drops of a run, compact.
//
// Definitions. Each logical node (source, kernel, sink, command) is a *block*: K instances in row-major order
// of its axes (outermost construct first). Per block the drops are numbered without gaps: first the K app
// drops (none for sources, whose data drops are given), then for each output port the K data drops of that
// port. So drop -> block -> attributes; nothing is stored per drop but its edges.
//
// Edges go data -> app (an input) and app -> data (an output). CSR in both directions, 32-bit ids. The
// predecessors of an app drop stand in order of its block's links, and within a link in producer order; a
// drop that feeds two ports of one app stands twice. The successors of a drop ascend.
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

// How the instances of a consumer block take the data drops of one producer port.
//
// Consumer and producer share their outer axes; let p be the consumer's index over those, and `block` the
// number of producer instances for one p. An enclosing construct of the consumer may select among them: j is
// the consumer's index on that axis, which runs over `per` pieces of `width`. Consumer instance c takes
//   [p * block + j * width, min(p * block + (j + 1) * width, (p + 1) * block)),
//   p = c / outer_div,  j = (c / inner_div) % per.
// Equal indices: all 1. Broadcast: outer_div > 1. Fan-in: width = block. Scatter over a list: width 1, per =
// block. Gather: width > 1, per = ceil(block / width).
struct Link {
  uint32_t port = 0;      // index of the consumer's input (Node::inputs); several links may feed one port
  uint32_t producer = 0;  // block
  uint32_t producer_port = 0;  // output port of the producer
  bool streaming = false;      // the consumer may start before the producer completes
  // A scatter over a chunk grid of this very array encloses the consumer: its axis (index into Block::axes),
  // whose index is the number of the chunk to take. -1: the whole payload.
  int32_t grid_axis = -1;
  int64_t outer_div = 1;
  int64_t inner_div = 1;
  int64_t per = 1;
  int64_t block = 1;
  int64_t width = 1;

  int64_t First(int64_t c) const { return c / outer_div * block + c / inner_div % per * width; }
  int64_t Last(int64_t c) const {
    const int64_t end = First(c) + width, limit = (c / outer_div + 1) * block;
    return end < limit ? end : limit;
  }
};

struct Block {
  NodeId node = kNoId;       // in `PhysicalGraph::logical`
  std::vector<Axis> axes;    // outermost first
  int64_t instances = 1;     // product of axes
  DropId first_app = kNoId;  // kNoId for a source
  DropId first_data = kNoId;
  std::vector<std::string>
      ports;                // outputs; data drop of (port p, instance i) = first_data + p * instances + i
  std::vector<Link> links;  // inputs in order

  DropId app(int64_t i) const { return first_app + static_cast<DropId>(i); }
  DropId data(int64_t port, int64_t i) const {
    return first_data + static_cast<DropId>(port * instances + i);
  }
  bool has_app() const { return first_app != kNoId; }
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
  // Predecessors of app drop `d` on its link `link`.
  absl::Span<const DropId> InputsOf(DropId d, size_t link) const;
};

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_UNROLL_PHYSICAL_GRAPH_H_
