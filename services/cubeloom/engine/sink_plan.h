// Which file each sink drop writes, decided and checked before anything runs.
#ifndef CUBELOOM_ENGINE_SINK_PLAN_H_
#define CUBELOOM_ENGINE_SINK_PLAN_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/engine/prepare.h"

namespace cubeloom::engine {

enum class SinkFormat : uint8_t { kJson, kCsv, kFits, kHdf5, kNpy, kBytes };

struct SinkTarget {
  std::string uri;   // as the user wrote it, instance references bound
  std::string path;  // where it goes
  SinkFormat format = SinkFormat::kBytes;
};

// By app drop of a sink block.
using SinkPlan = std::map<DropId, SinkTarget>;

// Binds the URIs of all sink drops and checks them: formats are known (by `format` or extension) and can hold
// what they are given, no two drops write one file (however its name is spelled), none writes an input, the
// run's own records or a folder. Relative URIs lie in `folder`; they may not leave it by "..".
absl::StatusOr<SinkPlan> PlanSinks(const Prepared& prepared, const std::string& folder);

// Where a persisted data drop goes: "data/<external id>" in `folder`, with a format by kind.
SinkTarget PersistTarget(const graph::PhysicalGraph& graph, DropId drop, PayloadKind kind,
                         const std::string& folder);

// Whether a format can hold a payload of this kind, e.g. CSV holds tables only.
bool CanHold(SinkFormat format, PayloadKind kind);

// mkdir -p. The status names the folder.
absl::Status MakeFolders(const std::string& folder);
std::string FolderOf(const std::string& path);
// `path`, below the current folder unless it is absolute.
std::string AbsolutePath(const std::string& path);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_SINK_PLAN_H_
