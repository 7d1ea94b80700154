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
// what they are given, and no two drops write one file. Relative URIs lie in `folder`; they may not leave it
// by "..".
absl::StatusOr<SinkPlan> PlanSinks(const Prepared& prepared, const std::string& folder);

// Whether a format can hold a payload of this kind, e.g. CSV holds tables only.
bool CanHold(SinkFormat format, PayloadKind kind);

// mkdir -p. The status names the folder.
absl::Status MakeFolders(const std::string& folder);
std::string FolderOf(const std::string& path);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_SINK_PLAN_H_
