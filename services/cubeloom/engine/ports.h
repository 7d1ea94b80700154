// The runtime's ports over stores and formats.
#ifndef CUBELOOM_ENGINE_PORTS_H_
#define CUBELOOM_ENGINE_PORTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "cubeloom/engine/prepare.h"
#include "cubeloom/engine/sink_plan.h"
#include "cubeloom/resolve/sources.h"
#include "cubeloom/runtime/exec/ports.h"

namespace cubeloom::engine {

// Opens the i-th resolved item of a source. DataLoss "changed while read" when the file is no longer the one
// that was listed. Thread-safe.
class FileSourcePort : public runtime::SourcePort {
 public:
  FileSourcePort(const resolve::Sources& sources, const resolve::Environment& environment)
      : sources_(sources), environment_(environment) {}
  absl::StatusOr<Payload> Open(const graph::Node& node, int64_t instance,
                               const ReadContext& context) override;

 private:
  const resolve::Sources& sources_;
  const resolve::Environment& environment_;
};

// Writes sinks as planned. Thread-safe: drops write different files.
class FileSinkPort : public runtime::SinkPort {
 public:
  // Persisted data drops go to `folder`/data/<external id with '/' and ':' as '_'>.
  FileSinkPort(const SinkPlan& plan, Store& store, std::string folder)
      : plan_(plan), store_(store), folder_(std::move(folder)) {}
  absl::StatusOr<runtime::SinkResult> Write(const runtime::SinkRequest& request) override;
  absl::StatusOr<runtime::SinkResult> Persist(const PersistRequest& request) override;

 private:
  const SinkPlan& plan_;
  Store& store_;
  const std::string folder_;
};

// SHA-256 of a whole file, in blocks, stoppable.
absl::StatusOr<Digest> FileDigest(Store& store, const std::string& uri, const CancelToken& cancel);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_PORTS_H_
