#include "cubeloom/runtime/testing/graph_builder.h"

#include <algorithm>
#include <utility>

namespace cubeloom::runtime {

using graph::Block;
using graph::Link;

uint32_t GraphBuilder::Add(const std::string& id, graph::NodeKind kind, int64_t instances) {
  const auto index = static_cast<uint32_t>(graph_.blocks.size());
  graph::Node node;
  node.id = id;
  node.kind = kind;
  graph_.logical.nodes.push_back(std::move(node));
  Block block;
  block.node = index;
  block.instances = instances;
  if (instances > 1) block.axes.push_back({kNoId, instances});
  graph_.blocks.push_back(std::move(block));
  return index;
}

uint32_t GraphBuilder::Source(const std::string& id, int64_t instances) {
  const uint32_t b = Add(id, graph::NodeKind::kSource, instances);
  graph_.blocks[b].ports = {"data"};
  return b;
}

uint32_t GraphBuilder::App(const std::string& id, int64_t instances, std::vector<std::string> ports) {
  const uint32_t b = Add(id, graph::NodeKind::kKernel, instances);
  graph_.blocks[b].ports = std::move(ports);
  return b;
}

void GraphBuilder::Connect(uint32_t producer, uint32_t consumer, const std::string& port,
                           uint32_t producer_port) {
  graph::Node& node = graph_.logical.nodes[consumer];
  size_t index = 0;
  while (index < node.inputs.size() && node.inputs[index].port != port) ++index;
  if (index == node.inputs.size()) node.inputs.push_back({port, {}});
  const std::string& producer_id = graph_.logical.nodes[producer].id;
  node.inputs[index].from.push_back({producer_id, graph_.blocks[producer].ports[producer_port]});
  Link link;
  link.port = static_cast<uint32_t>(index);
  link.producer = producer;
  link.producer_port = producer_port;
  const int64_t p = graph_.blocks[producer].instances, c = graph_.blocks[consumer].instances;
  graph::Digit digit;
  digit.extent = p;
  digit.per = std::min(p, c);
  if (p > c) digit.width = (p + c - 1) / c;
  if (p < c) digit.div = (c + p - 1) / p;
  link.digits = {digit};
  std::vector<Link>& links = graph_.blocks[consumer].links;
  links.insert(std::upper_bound(links.begin(), links.end(), link,
                                [](const Link& a, const Link& b) { return a.port < b.port; }),
               link);
}

namespace {

// The other direction of a CSR adjacency.
void Transpose(const std::vector<uint32_t>& offsets, const std::vector<DropId>& to,
               std::vector<uint32_t>* other_offsets, std::vector<DropId>* other) {
  const size_t n = offsets.size() - 1;
  other_offsets->assign(n + 1, 0);
  for (DropId d : to) ++(*other_offsets)[d + 1];
  for (size_t i = 0; i < n; ++i) (*other_offsets)[i + 1] += (*other_offsets)[i];
  other->resize(to.size());
  std::vector<uint32_t> at(other_offsets->begin(), other_offsets->end() - 1);
  for (DropId d = 0; d < n; ++d) {
    for (uint32_t e = offsets[d]; e < offsets[d + 1]; ++e) (*other)[at[to[e]]++] = d;
  }
}

}  // namespace

graph::PhysicalGraph GraphBuilder::Build() {
  graph::PhysicalGraph& g = graph_;
  for (uint32_t b = 0; b < g.blocks.size(); ++b) {
    Block& block = g.blocks[b];
    auto next = static_cast<DropId>(g.block_of.size());
    if (g.logical.nodes[block.node].kind != graph::NodeKind::kSource) {
      block.first_app = next;
      next += static_cast<DropId>(block.instances);
    }
    block.first_data = next;
    next += static_cast<DropId>(block.instances * static_cast<int64_t>(block.ports.size()));
    g.block_of.resize(next, b);
  }
  g.in_offsets.assign(1, 0);
  for (DropId d = 0; d < g.block_of.size(); ++d) {
    const Block& block = g.blocks[g.block_of[d]];
    if (block.has_app() && d < block.first_data) {
      for (const Link& link : block.links) {
        const Block& from = g.blocks[link.producer];
        const int64_t c = d - block.first_app;
        link.ForEachRun(c, [&](int64_t first, int64_t count) {
          for (int64_t i = 0; i < count; ++i) g.in.push_back(from.data(link.producer_port, first + i));
        });
      }
    } else if (block.has_app()) {
      g.in.push_back(block.app((d - block.first_data) % block.instances));
    }
    g.in_offsets.push_back(static_cast<uint32_t>(g.in.size()));
  }
  Transpose(g.in_offsets, g.in, &g.out_offsets, &g.out);
  return std::move(graph_);
}

}  // namespace cubeloom::runtime
