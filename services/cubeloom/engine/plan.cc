#include "cubeloom/engine/plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/clock.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/base/status.h"
#include "cubeloom/base/value.h"

namespace cubeloom::engine {
namespace {

using graph::PhysicalGraph;

int64_t ArrayBytes(const OutputDesc& output) {
  if (output.kind != PayloadKind::kArray) return 0;
  return output.array.shape.elements() * static_cast<int64_t>(DTypeSize(output.array.dtype));
}

plan::GroupCost AppCost(const graph::Node& node, const resolve::BlockFacts& facts) {
  plan::GroupCost cost;
  cost.seconds = facts.time_ns * 1e-9;
  const double cores = node.resources.cores > 0 ? node.resources.cores : 1;
  cost.needs = {std::max<int64_t>(1, std::llround(cores * 1000)),
                node.resources.memory > 0 ? node.resources.memory : facts.memory, node.resources.gpus};
  return cost;
}

class Maker {
 public:
  Maker(const Prepared& prepared, const PlanRequest& request)
      : prepared_(prepared), request_(request), graph_(prepared.physical) {}

  absl::StatusOr<Plan> Run() {
    const absl::Duration start = Clock::Real().Monotonic();
    AddGroups();
    CL_RETURN_IF_ERROR(CheckEachDrop());
    const plan::DagView whole{graph_.out_offsets, graph_.out, graph_.in_offsets, graph_.in};
    CL_ASSIGN_OR_RETURN(const plan::Dag ordered, WithoutStreams());
    const bool streams = ordered.view().size() > 0;
    const plan::CostedDag graph{streams ? ordered.view() : whole, group_, plan_.costs};
    CL_ASSIGN_OR_RETURN(const plan::Symmetry symmetry, plan::Symmetry::Make(graph.dag, group_));
    plan_.classes = symmetry.classes().count();
    CL_ASSIGN_OR_RETURN(plan_.bound, plan::LowerBound(graph, symmetry, request_.worker));
    for (size_t r = 0; r < plan::kResources; ++r) AddWidest(symmetry, r);
    CL_ASSIGN_OR_RETURN(plan_.partition, plan::PartitionByChains(graph, plan_.bound, request_.worker));
    const plan::CostedDag all{whole, group_, plan_.costs};
    CL_ASSIGN_OR_RETURN(plan_.outcome, plan::Evaluate(all, plan_.partition, request_.bandwidth));
    plan_.time = Clock::Real().Monotonic() - start;
    return std::move(plan_);
  }

 private:
  void AddGroups() {
    group_.resize(graph_.drops());
    for (size_t b = 0; b < graph_.blocks.size(); ++b) {
      const graph::Block& block = graph_.blocks[b];
      if (block.has_app()) {
        AddGroup({b, -1, block.instances, block.first_app},
                 AppCost(graph_.logical.nodes[block.node], prepared_.facts[b]));
        plan_.work_seconds += plan_.costs.back().seconds * static_cast<double>(block.instances);
      }
      for (size_t port = 0; port < block.ports.size(); ++port) {
        plan::GroupCost cost;
        cost.data = true;
        const std::vector<OutputDesc>& outputs = prepared_.facts[b].outputs;
        if (port < outputs.size()) cost.bytes = ArrayBytes(outputs[port]);
        AddGroup({b, static_cast<int>(port), block.instances, block.data(static_cast<int64_t>(port), 0)},
                 cost);
      }
    }
  }
  void AddGroup(const PlanGroup& group, const plan::GroupCost& cost) {
    std::fill_n(group_.begin() + group.first, group.drops, static_cast<uint32_t>(plan_.groups.size()));
    plan_.groups.push_back(group);
    plan_.costs.push_back(cost);
  }

  absl::Status CheckEachDrop() const {
    for (size_t g = 0; g < plan_.groups.size(); ++g) {
      const graph::Node& node = graph_.logical.nodes[graph_.blocks[plan_.groups[g].block].node];
      for (size_t r = 0; r < plan::kResources; ++r) {
        const int64_t need = plan_.costs[g].needs[r], limit = request_.worker[r];
        if (need <= limit) continue;
        const auto text = [r](int64_t amount) {
          if (r == plan::kMemory) return FormatBytes(static_cast<double>(amount));
          return absl::StrCat(r == plan::kCores ? static_cast<double>(amount) / 1000
                                                : static_cast<double>(amount));
        };
        return absl::InvalidArgumentError(absl::StrCat(
            graph::Locate(graph_.logical, &node, "resources"), "one instance needs ", text(need), " of ",
            plan::kResourceNames[r], ", a worker has ", text(limit), ": ", text(need - limit), " too few"));
      }
    }
    return absl::OkStatus();
  }

  // The graph without streaming edges; an empty one when there are none.
  absl::StatusOr<plan::Dag> WithoutStreams() const {
    bool any = false;
    for (const graph::Block& block : graph_.blocks) {
      for (const graph::Link& link : block.links) any = any || link.streaming;
    }
    if (!any) return plan::Dag();
    std::vector<std::pair<plan::Vertex, plan::Vertex>> edges;
    for (DropId d = 0; d < graph_.drops(); ++d) {
      const graph::Block& block = graph_.block(d);
      if (graph_.kind(d) == graph::DropKind::kData) {
        for (const DropId from : graph_.predecessors(d)) edges.emplace_back(from, d);
        continue;
      }
      for (size_t l = 0; l < block.links.size(); ++l) {
        if (block.links[l].streaming) continue;
        for (const DropId from : graph_.InputsOf(d, l)) edges.emplace_back(from, d);
      }
    }
    return plan::Dag::Make(graph_.drops(), edges);
  }

  void AddWidest(const plan::Symmetry& symmetry, size_t r) {
    std::map<size_t, int64_t> drops;
    for (const uint32_t c : plan_.bound.width[r].classes) {
      drops[group_[symmetry.classes().representative[c]]] += symmetry.classes().size[c];
    }
    for (const auto& [group, count] : drops) plan_.widest[r].push_back({group, count});
  }

  const Prepared& prepared_;
  const PlanRequest& request_;
  const PhysicalGraph& graph_;
  std::vector<uint32_t> group_;  // per drop
  Plan plan_;
};

Value AmountsValue(const plan::Amounts& amounts) {
  return Value(Value::Map{{"cores", Value(static_cast<double>(amounts[plan::kCores]) / 1000)},
                          {"memory", Value(amounts[plan::kMemory])},
                          {"gpus", Value(amounts[plan::kGpus])}});
}

}  // namespace

absl::StatusOr<Plan> MakePlan(const Prepared& prepared, const PlanRequest& request) {
  if (!(request.bandwidth > 0))
    return absl::InvalidArgumentError(absl::StrCat("bandwidth is ", request.bandwidth, ", expected above 0"));
  return Maker(prepared, request).Run();
}

std::string PlanToJson(const Prepared& prepared, const PlanRequest& request, const Plan& plan) {
  plan::Amounts width;
  bool exact = true;
  for (size_t r = 0; r < plan::kResources; ++r) {
    width[r] = plan.bound.width[r].value;
    exact = exact && plan.bound.width[r].exact;
  }
  const Value head(Value::Map{{"version", Value(1)},
                              {"graph", Value(prepared.checked.written.name)},
                              {"worker", AmountsValue(request.worker)},
                              {"bandwidth", Value(request.bandwidth)},
                              {"drops", Value(static_cast<int64_t>(prepared.physical.drops()))},
                              {"edges", Value(static_cast<int64_t>(prepared.physical.edges()))},
                              {"atOnce", AmountsValue(width)},
                              {"atOnceIsExact", Value(exact)},
                              {"fewestPartitions", Value(int64_t{plan.bound.parts})},
                              {"partitions", Value(int64_t{plan.partition.parts})},
                              {"seconds", Value(plan.outcome.seconds)},
                              {"secondsWithoutMoves", Value(plan.outcome.least_seconds)},
                              {"movedBytes", Value(plan.outcome.moved_bytes)},
                              {"movedEdges", Value(plan.outcome.moved_edges)}});
  std::string text = head.ToJson();
  text.pop_back();
  absl::StrAppend(&text, ",\"assignment\":[");
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    const PlanGroup& group = plan.groups[g];
    const graph::Block& block = prepared.physical.blocks[group.block];
    absl::StrAppend(&text, g == 0 ? "\n" : ",\n",
                    "{\"node\":", Value(prepared.physical.logical.nodes[block.node].id).ToJson());
    if (group.port >= 0)
      absl::StrAppend(&text, ",\"port\":", Value(block.ports[static_cast<size_t>(group.port)]).ToJson());
    absl::StrAppend(&text, ",\"parts\":[");
    for (int64_t i = 0; i < group.drops; ++i) {
      absl::StrAppend(&text, i == 0 ? "" : ",", plan.partition.part_of[group.first + static_cast<DropId>(i)]);
    }
    absl::StrAppend(&text, "]}");
  }
  absl::StrAppend(&text, "\n]}\n");
  return text;
}

}  // namespace cubeloom::engine
