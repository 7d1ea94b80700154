// plan.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cubeloom/base/quantity.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/cli/prepare_file.h"
#include "cubeloom/cli/text_table.h"
#include "cubeloom/engine/capacity.h"
#include "cubeloom/engine/catalogue.h"
#include "cubeloom/engine/plan.h"
#include "cubeloom/store/blob/store.h"

namespace cubeloom::cli {
namespace {

using engine::Plan;
using engine::PlanGroup;

std::string AmountText(size_t resource, int64_t amount) {
  if (resource == plan::kMemory) return FormatBytes(static_cast<double>(amount));
  return absl::StrCat(resource == plan::kCores ? static_cast<double>(amount) / 1000
                                               : static_cast<double>(amount));
}

std::string SecondsText(double seconds) {
  return absl::FormatDuration(absl::Trunc(absl::Seconds(seconds), absl::Microseconds(1)));
}

const std::string& NodeName(const engine::Prepared& prepared, const PlanGroup& group) {
  return prepared.physical.logical.nodes[prepared.physical.blocks[group.block].node].id;
}

// "12 of noise, 1 of stats": the drops that are at work when most of a resource is in use.
std::string WidestText(const engine::Prepared& prepared, const Plan& plan, size_t resource) {
  std::string text;
  for (const Plan::Share& share : plan.widest[resource]) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", share.drops, " of ",
                    NodeName(prepared, plan.groups[share.group]));
  }
  return text.empty() ? "" : absl::StrCat(" (", text, ")");
}

void PrintNodes(const engine::Prepared& prepared, const Plan& plan) {
  std::vector<std::vector<std::string>> rows = {
      {"node", "instances", "time each", "cores", "memory", "output each"}};
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    const PlanGroup& group = plan.groups[g];
    const plan::GroupCost& cost = plan.costs[g];
    if (group.port >= 0) continue;
    int64_t bytes = 0;
    for (size_t d = g + 1; d < plan.groups.size() && plan.groups[d].block == group.block; ++d) {
      bytes += plan.costs[d].bytes;
    }
    rows.push_back({NodeName(prepared, group), absl::StrCat(group.drops), SecondsText(cost.seconds),
                    AmountText(plan::kCores, cost.needs[plan::kCores]),
                    AmountText(plan::kMemory, cost.needs[plan::kMemory]),
                    bytes == 0 ? "-" : FormatBytes(static_cast<double>(bytes))});
  }
  std::printf("%s\n", TextTable(rows, {1, 2, 3, 4, 5}).c_str());
}

void PrintPlan(const engine::Prepared& prepared, const PlanFlags& flags, const Plan& plan) {
  const size_t drops = prepared.physical.drops();
  std::printf("drops          %zu, edges %zu, %zu kinds of like drops\n", drops, prepared.physical.edges(),
              plan.classes);
  for (size_t r = 0; r < plan::kResources; ++r) {
    const plan::Width& width = plan.bound.width[r];
    if (width.value == 0) continue;
    std::printf("at most        %s %s at once%s%s\n", AmountText(r, width.value).c_str(),
                plan::kResourceNames[r], width.exact ? "" : " (bound)",
                flags.explain ? WidestText(prepared, plan, r).c_str() : "");
  }
  std::printf("a worker has   %s cores, %s\n",
              AmountText(plan::kCores, flags.plan.worker[plan::kCores]).c_str(),
              AmountText(plan::kMemory, flags.plan.worker[plan::kMemory]).c_str());
  std::printf("partitions     %u; no fewer than %u are possible (%s)\n", plan.partition.parts,
              plan.bound.parts, plan::kResourceNames[plan.bound.binding]);
  std::printf("completion     %s; without moving data %s; all work on one core %s\n",
              SecondsText(plan.outcome.seconds).c_str(), SecondsText(plan.outcome.least_seconds).c_str(),
              SecondsText(plan.work_seconds).c_str());
  std::printf("moved          %s over %lld edges between partitions\n",
              FormatBytes(static_cast<double>(plan.outcome.moved_bytes)).c_str(),
              static_cast<long long>(plan.outcome.moved_edges));  // NOLINT(google-runtime-int)
  std::printf("planned in     %s\n",
              absl::FormatDuration(absl::Trunc(plan.time, absl::Microseconds(10))).c_str());
}

}  // namespace

int PlanCommand(PlanFlags flags) {
  const absl::StatusOr<KernelCatalogue> catalogue = engine::MakeCatalogue();
  if (!catalogue.ok()) return ReportError(catalogue.status());
  const absl::StatusOr<engine::Prepared> prepared = PrepareFile(flags.graph, *catalogue);
  if (!prepared.ok()) return ReportError(prepared.status());
  const engine::Capacity capacity = engine::ReadCapacity();
  plan::Amounts& worker = flags.plan.worker;
  if (worker[plan::kCores] == 0) worker[plan::kCores] = int64_t{1000} * capacity.cores;
  if (worker[plan::kMemory] == 0) worker[plan::kMemory] = capacity.memory;
  const absl::StatusOr<Plan> plan = engine::MakePlan(*prepared, flags.plan);
  if (!plan.ok()) return ReportError(plan.status());
  if (!flags.out.empty()) {
    const absl::Status written =
        WriteObject(LocalStore(), flags.out, engine::PlanToJson(*prepared, flags.plan, *plan));
    if (!written.ok()) return ReportError(written);
  }
  PrintNodes(*prepared, *plan);
  PrintPlan(*prepared, flags, *plan);
  return kOk;
}

}  // namespace cubeloom::cli
