// Source nodes become lists of files with known shapes.
#ifndef CUBELOOM_RESOLVE_SOURCES_H_
#define CUBELOOM_RESOLVE_SOURCES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/base/cancel.h"
#include "cubeloom/base/executor.h"
#include "cubeloom/graph/model/graph.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/probe/probe.h"

namespace cubeloom::resolve {

// Where files come from. All outlive what is opened through them.
struct Environment {
  Store* store = nullptr;
  Probe* probe = nullptr;
  std::string scratch_folder;  // for inflated files; "" = $TMPDIR or /tmp
  CancelToken cancel;          // stops inflating
};

struct SourceItem {
  std::string uri;
  std::string name;      // file name without folders and known extensions, for ${scatter.name}
  int64_t bytes = 0;     // of the file
  std::string identity;  // of the file when it was listed; checked again when it is opened
  ArrayDesc desc;        // of the selected image; of a described item where `described` is false
  bool described = false;
};

// Items by source node, in the order of the run: patterns sorted by name, lists as given.
using Sources = std::map<std::string, std::vector<SourceItem>>;

// Lists every source and reads its headers. Headers of all items are read for sources of up to 4 096 items;
// of longer ones only the first and the largest file's, the others when they are opened. In a list, the share
// of files that the largest `errorThreshold` of the graph allows may be missing or unreadable: they fail when
// the run opens them, and leave holes. Errors name the node and its URI: a pattern without match, a missing
// file, an HDU that is not there, a format that is not known.
absl::StatusOr<Sources> ResolveSources(const graph::Graph& graph, const Environment& environment,
                                       Executor& executor, const CancelToken& cancel);

// Opens one file as the source says: format by content unless stated, HDU or dataset, element type.
absl::StatusOr<ArrayPtr> OpenSource(const Environment& environment, const graph::SourceSpec& source,
                                    const std::string& uri);

// "dir/a.b.fits.gz" -> "a.b".
std::string ItemName(absl::string_view uri);

}  // namespace cubeloom::resolve

#endif  // CUBELOOM_RESOLVE_SOURCES_H_
