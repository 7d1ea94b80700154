#include "cubeloom/plan/partition/refine.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace cubeloom::plan {
namespace {

// A bijection of 64 bits that mixes well (the finaliser of SplitMix64).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class Refiner {
 public:
  Refiner(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const uint32_t> color)
      : dag_(dag), order_(order), color_(dag.size()) {
    for (size_t v = 0; v < color_.size(); ++v) color_[v] = Mix(color[v]);
  }

  Classes Run() {
    size_t before = 0;
    for (size_t count = Number(); count != before && count != dag_.size(); count = Number()) {
      before = count;
      Sweep(true);
      Sweep(false);
    }
    return std::move(classes_);
  }

 private:
  // A sum of mixed colours does not depend on the order of the neighbours, but counts repeats.
  void Sweep(bool forward) {
    for (size_t i = 0; i < order_.size(); ++i) {
      const Vertex v = forward ? order_[i] : order_[order_.size() - 1 - i];
      uint64_t sum = 0;
      for (const Vertex n : forward ? dag_.predecessors(v) : dag_.successors(v)) sum += Mix(color_[n]);
      color_[v] = Mix(color_[v] ^ Mix(sum + (forward ? 1 : 2)));
    }
  }

  // Numbers the colours; the count of them.
  size_t Number() {
    absl::flat_hash_map<uint64_t, uint32_t> numbers;
    classes_.class_of.resize(dag_.size());
    classes_.representative.clear();
    classes_.size.clear();
    for (const Vertex v : order_) {
      const auto [it, fresh] = numbers.emplace(color_[v], static_cast<uint32_t>(classes_.size.size()));
      if (fresh) {
        classes_.representative.push_back(v);
        classes_.size.push_back(0);
      }
      classes_.class_of[v] = it->second;
      ++classes_.size[it->second];
    }
    return classes_.size.size();
  }

  const DagView& dag_;
  const absl::Span<const Vertex> order_;
  std::vector<uint64_t> color_;
  Classes classes_;
};

void SortedClasses(const Classes& classes, absl::Span<const Vertex> of, std::vector<uint32_t>& out) {
  out.clear();
  for (const Vertex v : of) out.push_back(classes.class_of[v]);
  std::sort(out.begin(), out.end());
}

bool IsEquitable(const DagView& dag, const Classes& classes, absl::Span<const uint32_t> color) {
  std::vector<std::vector<uint32_t>> out(classes.count()), in(classes.count());
  for (size_t c = 0; c < classes.count(); ++c) {
    SortedClasses(classes, dag.successors(classes.representative[c]), out[c]);
    SortedClasses(classes, dag.predecessors(classes.representative[c]), in[c]);
  }
  std::vector<uint32_t> own;
  for (Vertex v = 0; v < dag.size(); ++v) {
    const uint32_t c = classes.class_of[v];
    if (color[v] != color[classes.representative[c]]) return false;
    SortedClasses(classes, dag.successors(v), own);
    if (own != out[c]) return false;
    SortedClasses(classes, dag.predecessors(v), own);
    if (own != in[c]) return false;
  }
  return true;
}

Classes Discrete(absl::Span<const Vertex> order) {
  Classes classes;
  classes.representative.assign(order.begin(), order.end());
  classes.size.assign(order.size(), 1);
  classes.class_of.resize(order.size());
  for (size_t i = 0; i < order.size(); ++i) classes.class_of[order[i]] = static_cast<uint32_t>(i);
  return classes;
}

}  // namespace

Classes Refine(const DagView& dag, absl::Span<const Vertex> order, absl::Span<const uint32_t> color) {
  Classes classes = Refiner(dag, order, color).Run();
  if (classes.count() == dag.size() || IsEquitable(dag, classes, color)) return classes;
  return Discrete(order);
}

Dag Quotient(const DagView& dag, const Classes& classes) {
  std::vector<std::pair<Vertex, Vertex>> edges;
  std::vector<uint32_t> to;
  for (uint32_t c = 0; c < classes.count(); ++c) {
    SortedClasses(classes, dag.successors(classes.representative[c]), to);
    to.erase(std::unique(to.begin(), to.end()), to.end());
    for (const uint32_t t : to) edges.emplace_back(c, t);
  }
  return Dag::Make(classes.count(), edges).value();
}

}  // namespace cubeloom::plan
