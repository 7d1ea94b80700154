// PartitionByChains: see partition.h.
//
// A *lane* is one unit of the binding resource in one part, and the chain of drops that have used it. The
// flow hands lanes from drop to drop: whatever lane arrives at a drop was last used by one before it.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/plan/partition/min_flow.h"
#include "cubeloom/plan/partition/partition.h"

namespace cubeloom::plan {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
constexpr int64_t kMostUnits = 4096;      // of one worker; finer needs are rounded up
constexpr size_t kPartsTried = 64;        // with room, at both ends, before a new one is opened
constexpr size_t kManyVertices = 200000;  // beyond, the flow is improved in a few rounds only
constexpr int64_t kFewRounds = 20;

// Ready drops last in, first out: a branch is followed to its end before the next begins, so that drops of
// one branch come together.
std::vector<Vertex> BranchOrder(const DagView& dag) {
  std::vector<uint32_t> open(dag.size());
  std::vector<Vertex> ready, order;
  order.reserve(dag.size());
  for (auto v = static_cast<int64_t>(dag.size()) - 1; v >= 0; --v) {
    open[v] = static_cast<uint32_t>(dag.predecessors(static_cast<Vertex>(v)).size());
    if (open[v] == 0) ready.push_back(static_cast<Vertex>(v));
  }
  while (!ready.empty()) {
    const Vertex v = ready.back();
    ready.pop_back();
    order.push_back(v);
    const absl::Span<const Vertex> to = dag.successors(v);
    for (auto t = to.rbegin(); t != to.rend(); ++t) {
      if (--open[*t] == 0) ready.push_back(*t);
    }
  }
  return order;
}

// Takes back what flows on only to end unused, so that few lanes pass through a drop.
void TrimFlow(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const int64_t> weights,
              MinFlow& flow) {
  std::vector<uint32_t> twin(dag.edges());
  std::vector<uint32_t> at(dag.in_offsets.begin(), dag.in_offsets.end() - 1);
  std::vector<Vertex> tail(dag.edges());
  for (Vertex v = 0; v < dag.size(); ++v) {
    for (size_t e = dag.out_offsets[v]; e < dag.out_offsets[v + 1]; ++e) {
      tail[at[dag.out[e]]] = v;
      twin[at[dag.out[e]]++] = static_cast<uint32_t>(e);
    }
  }
  for (size_t i = order.size(); i-- > 0;) {
    const Vertex v = order[i];
    int64_t sent = 0;
    for (size_t e = dag.out_offsets[v]; e < dag.out_offsets[v + 1]; ++e) sent += flow.edge[e];
    int64_t surplus = flow.through[v] - std::max(weights[v], sent);
    for (size_t k = dag.in_offsets[v]; k < dag.in_offsets[v + 1] && surplus > 0; ++k) {
      const int64_t back = std::min(surplus, flow.edge[twin[k]]);
      flow.edge[twin[k]] -= back;
      flow.through[v] -= back;
      surplus -= back;
    }
  }
}

class Chains {
 public:
  Chains(const CostedDag& graph, const Bound& bound, const Amounts& limits)
      : graph_(graph), bound_(bound), limits_(limits), order_(BranchOrder(graph.dag)) {
    const Resource r = bound.binding;
    int64_t unit = limits[r];
    for (const GroupCost& cost : graph.cost) unit = std::gcd(unit, cost.needs[r]);
    unit = std::max<int64_t>(1, std::max(unit, (limits[r] + kMostUnits - 1) / kMostUnits));
    capacity_ = static_cast<uint32_t>(limits[r] / unit);
    for (const GroupCost& cost : graph.cost) {
      int64_t units = (cost.needs[r] + unit - 1) / unit;
      for (const int64_t need : cost.needs) units = std::max<int64_t>(units, need > 0 ? 1 : 0);
      units_.push_back(units);
    }
    exact_units_ = unit;
  }

  absl::StatusOr<Partition> Run() {
    if (order_.size() != graph_.dag.size()) return absl::FailedPreconditionError("the graph has a cycle");
    for (size_t g = 0; g < units_.size(); ++g) {
      if (units_[g] > int64_t{capacity_})
        return absl::InvalidArgumentError(
            absl::StrCat("group ", g, ": one drop exceeds a worker's ", kResourceNames[bound_.binding]));
    }
    std::vector<int64_t> weights(graph_.dag.size());
    for (Vertex v = 0; v < weights.size(); ++v) weights[v] = units_[graph_.group[v]];
    MinFlowOptions options;
    if (weights.size() > kManyVertices) options.max_rounds = kFewRounds;
    const Width& width = bound_.width[bound_.binding];
    if (width.exact && width.value % exact_units_ == 0) options.known = width.value / exact_units_;
    flow_ = SolveMinFlow(graph_.dag, order_, weights, options);
    TrimFlow(graph_.dag, order_, weights, flow_);
    inbox_.assign(graph_.dag.size(), kNone);
    partition_.part_of.assign(graph_.dag.size(), kNone);
    for (const Vertex v : order_) Place(v);
    for (size_t i = order_.size(); i-- > 0;) PlaceFree(order_[i]);
    if (parts_.empty()) parts_.emplace_back();
    partition_.parts = static_cast<uint32_t>(parts_.size());
    return std::move(partition_);
  }

 private:
  struct Part {
    uint32_t lanes = 0;
    Amounts held = {};  // sum of the lanes' largest needs, without the binding resource
  };
  struct Lane {
    uint32_t part = 0;
    Amounts most = {};
  };
  struct Token {
    uint32_t lane, next;
  };
  struct Choice {
    uint32_t part = kNone;
    uint32_t lanes = 0;     // of this part that have arrived
    int64_t affinity = -1;  // bytes of input that lie there
  };

  void Place(Vertex v) {
    const auto wanted = static_cast<uint32_t>(units_[graph_.group[v]]);
    OpenInbox(v);
    if (wanted == 0) {
      PlaceWithProducer(v);
    } else {
      const uint32_t part = Choose(v, wanted);
      partition_.part_of[v] = part;
      Occupy(v, part, wanted);
    }
    SendOn(v, partition_.part_of[v]);
  }

  void OpenInbox(Vertex v) {
    arrived_.clear();
    for (uint32_t t = inbox_[v]; t != kNone;) {
      arrived_.push_back(tokens_[t].lane);
      const uint32_t next = tokens_[t].next;
      tokens_[t].next = free_token_;
      free_token_ = t;
      t = next;
    }
    std::sort(arrived_.begin(), arrived_.end());
  }

  // A drop that needs nothing lies with the producer of most bytes; one without producers waits (PlaceFree).
  void PlaceWithProducer(Vertex v) {
    int64_t most = -1;
    for (const Vertex from : graph_.dag.predecessors(v)) {
      const int64_t bytes = graph_.EdgeBytes(from, v);
      if (partition_.part_of[from] != kNone && bytes > most) {
        most = bytes;
        partition_.part_of[v] = partition_.part_of[from];
      }
    }
  }
  void PlaceFree(Vertex v) {
    if (partition_.part_of[v] != kNone) return;
    partition_.part_of[v] = 0;
    int64_t most = -1;
    for (const Vertex to : graph_.dag.successors(v)) {
      const int64_t bytes = graph_.EdgeBytes(v, to);
      if (bytes > most) {
        most = bytes;
        partition_.part_of[v] = partition_.part_of[to];
      }
    }
  }

  uint32_t Choose(Vertex v, uint32_t wanted) {
    CollectChoices(v);
    const Choice* best = nullptr;
    for (const Choice& choice : choices_) {
      if (!Fits(v, choice.part, choice.lanes, wanted)) continue;
      if (best == nullptr || Better(choice, *best, wanted)) best = &choice;
    }
    if (best != nullptr) return best->part;
    while (open_part_ < parts_.size() && parts_[open_part_].lanes >= capacity_) ++open_part_;
    const size_t end = parts_.size();
    for (size_t p = std::max(open_part_, end - std::min(end, kPartsTried)); p < end; ++p) {
      if (Fits(v, static_cast<uint32_t>(p), 0, wanted)) return static_cast<uint32_t>(p);
    }
    for (size_t p = open_part_; p < std::min(end, open_part_ + kPartsTried); ++p) {
      if (Fits(v, static_cast<uint32_t>(p), 0, wanted)) return static_cast<uint32_t>(p);
    }
    parts_.emplace_back();
    return static_cast<uint32_t>(parts_.size() - 1);
  }

  // Parts with enough lanes here first, then those that need the fewest new ones; then by bytes.
  static bool Better(const Choice& a, const Choice& b, uint32_t wanted) {
    const uint32_t a_new = wanted - std::min(wanted, a.lanes), b_new = wanted - std::min(wanted, b.lanes);
    if (a_new != b_new) return a_new < b_new;
    if (a.affinity != b.affinity) return a.affinity > b.affinity;
    return a.part < b.part;
  }

  // The parts of arrived lanes and of producers, by part.
  void CollectChoices(Vertex v) {
    choices_.clear();
    for (const uint32_t lane : arrived_) choices_.push_back({lanes_[lane].part, 1, -1});
    for (const Vertex from : graph_.dag.predecessors(v)) {
      if (partition_.part_of[from] != kNone)
        choices_.push_back({partition_.part_of[from], 0, graph_.EdgeBytes(from, v)});
    }
    std::sort(choices_.begin(), choices_.end(),
              [](const Choice& a, const Choice& b) { return a.part < b.part; });
    size_t kept = 0;
    for (const Choice& choice : choices_) {
      if (kept == 0 || choices_[kept - 1].part != choice.part) {
        choices_[kept++] = choice;
        continue;
      }
      Choice& into = choices_[kept - 1];
      into.lanes += choice.lanes;
      if (choice.affinity >= 0) into.affinity = std::max<int64_t>(into.affinity, 0) + choice.affinity;
    }
    choices_.resize(kept);
  }

  bool Fits(Vertex v, uint32_t part, uint32_t arrived, uint32_t wanted) const {
    const Part& p = parts_[part];
    if (wanted > arrived && p.lanes + (wanted - arrived) > capacity_) return false;
    for (size_t r = 0; r < kResources; ++r) {
      if (r == bound_.binding) continue;
      // At worst a new lane holds the whole need.
      if (p.held[r] + ExtraNeed(v, part, r) > limits_[r]) return false;
    }
    return true;
  }
  // What the part's sum grows by when v goes to its best arrived lane.
  int64_t ExtraNeed(Vertex v, uint32_t part, size_t r) const {
    const int64_t need = graph_.of(v).needs[r];
    const uint32_t lane = FirstLane(part);
    return lane == kNone ? need : std::max<int64_t>(0, need - lanes_[lane].most[r]);
  }
  uint32_t FirstLane(uint32_t part) const {
    for (const uint32_t lane : arrived_) {
      if (lanes_[lane].part == part) return lane;
    }
    return kNone;
  }

  // v uses `wanted` lanes of the part: arrived ones, then new ones. Its other needs go to the first.
  void Occupy(Vertex v, uint32_t part, uint32_t wanted) {
    uint32_t have = 0;
    for (const uint32_t lane : arrived_) have += lanes_[lane].part == part ? 1 : 0;
    for (; have < wanted; ++have) {
      ++parts_[part].lanes;
      arrived_.push_back(static_cast<uint32_t>(lanes_.size()));
      lanes_.push_back({part, {}});
    }
    Lane& first = lanes_[FirstLane(part)];
    for (size_t r = 0; r < kResources; ++r) {
      const int64_t need = graph_.of(v).needs[r];
      if (r == bound_.binding || need <= first.most[r]) continue;
      parts_[part].held[r] += need - first.most[r];
      first.most[r] = need;
    }
  }

  // Lanes go on along the flow, those of the drop's own part first.
  void SendOn(Vertex v, uint32_t part) {
    std::stable_partition(arrived_.begin(), arrived_.end(),
                          [&](uint32_t lane) { return lanes_[lane].part == part; });
    size_t next = 0;
    for (size_t e = graph_.dag.out_offsets[v]; e < graph_.dag.out_offsets[v + 1]; ++e) {
      for (int64_t k = 0; k < flow_.edge[e] && next < arrived_.size(); ++k) {
        PutToken(graph_.dag.out[e], arrived_[next++]);
      }
    }
  }
  void PutToken(Vertex to, uint32_t lane) {
    uint32_t t = free_token_;
    if (t == kNone) {
      t = static_cast<uint32_t>(tokens_.size());
      tokens_.push_back({});
    } else {
      free_token_ = tokens_[t].next;
    }
    tokens_[t] = {lane, inbox_[to]};
    inbox_[to] = t;
  }

  const CostedDag& graph_;
  const Bound& bound_;
  const Amounts& limits_;
  const std::vector<Vertex> order_;
  std::vector<int64_t> units_;  // per group
  int64_t exact_units_ = 1;
  uint32_t capacity_ = 0;  // lanes of a part
  MinFlow flow_;
  std::vector<uint32_t> inbox_;  // per vertex, a list of tokens
  std::vector<Token> tokens_;
  uint32_t free_token_ = kNone;
  std::vector<uint32_t> arrived_;
  std::vector<Choice> choices_;
  std::vector<Lane> lanes_;
  std::vector<Part> parts_;
  size_t open_part_ = 0;
  Partition partition_;
};

}  // namespace

absl::StatusOr<Partition> PartitionByChains(const CostedDag& graph, const Bound& bound,
                                            const Amounts& limits) {
  return Chains(graph, bound, limits).Run();
}

}  // namespace cubeloom::plan
