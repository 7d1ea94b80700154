// validate and unroll.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cubeloom/cli/commands.h"
#include "cubeloom/cli/prepare_file.h"
#include "cubeloom/cli/text_table.h"
#include "cubeloom/engine/catalogue.h"
#include "cubeloom/engine/prepare.h"

namespace cubeloom::cli {
namespace {

std::string AxesText(const graph::PhysicalGraph& physical, const graph::Block& block) {
  std::string text;
  for (const graph::Axis& axis : block.axes) {
    absl::StrAppend(&text, text.empty() ? "" : " x ",
                    axis.construct == kNoId ? "files" : physical.logical.nodes[axis.construct].id, "[",
                    axis.count, "]");
  }
  return text.empty() ? "-" : text;
}

std::string OutputText(const engine::Prepared& prepared, size_t block) {
  std::string text;
  const std::vector<OutputDesc>& outputs = prepared.facts[block].outputs;
  const size_t ports = prepared.physical.blocks[block].ports.size();
  for (size_t p = 0; p < outputs.size() && p < ports; ++p) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", prepared.physical.blocks[block].ports[p], ": ");
    if (!prepared.facts[block].known && outputs[p].kind == PayloadKind::kArray) {
      absl::StrAppend(&text, "not known yet");
    } else if (outputs[p].kind == PayloadKind::kArray) {
      absl::StrAppend(&text, DTypeName(outputs[p].array.dtype), " ", outputs[p].array.shape.ToString());
    } else {
      absl::StrAppend(&text, PayloadKindName(outputs[p].kind));
    }
  }
  return text;
}

}  // namespace

int ValidateCommand(const ValidateFlags& flags) {
  const absl::StatusOr<KernelCatalogue> catalogue = engine::MakeCatalogue();
  if (!catalogue.ok()) return ReportError(catalogue.status());
  if (flags.sources) {
    const absl::StatusOr<engine::Prepared> prepared = PrepareFile(flags, *catalogue);
    if (!prepared.ok()) return ReportError(prepared.status());
    std::printf("%s: valid: %d nodes, %d drops, %d edges\n", flags.file.c_str(),
                static_cast<int>(prepared->checked.written.nodes.size()),
                static_cast<int>(prepared->physical.drops()), static_cast<int>(prepared->physical.edges()));
    return kOk;
  }
  const absl::StatusOr<engine::CheckedGraph> checked =
      engine::CheckGraphFile(flags.file, flags.set, *catalogue);
  if (!checked.ok()) return ReportError(checked.status());
  std::printf("%s: valid: %d nodes\n", flags.file.c_str(), static_cast<int>(checked->written.nodes.size()));
  return kOk;
}

int UnrollCommand(const UnrollFlags& flags) {
  const absl::StatusOr<KernelCatalogue> catalogue = engine::MakeCatalogue();
  if (!catalogue.ok()) return ReportError(catalogue.status());
  const absl::StatusOr<engine::Prepared> prepared = PrepareFile(flags.graph, *catalogue);
  if (!prepared.ok()) return ReportError(prepared.status());
  const graph::PhysicalGraph& physical = prepared->physical;
  if (flags.ids) {
    for (DropId d = 0; d < physical.drops(); ++d) std::printf("%s\n", physical.ExternalId(d).c_str());
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"node", "does", "over", "instances", "outputs of one instance"}};
  for (size_t b = 0; b < physical.blocks.size(); ++b) {
    const graph::Node& node = physical.logical.nodes[physical.blocks[b].node];
    rows.push_back({node.id, node.kernel.empty() ? graph::NodeKindName(node.kind) : node.kernel,
                    AxesText(physical, physical.blocks[b]), absl::StrCat(physical.blocks[b].instances),
                    OutputText(*prepared, b)});
  }
  std::printf("%s\n%d drops, %d edges\n", TextTable(rows, {3}).c_str(), static_cast<int>(physical.drops()),
              static_cast<int>(physical.edges()));
  return kOk;
}

}  // namespace cubeloom::cli
