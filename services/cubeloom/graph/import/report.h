// Collects the notes of an import. Private to graph/import.
#ifndef CUBELOOM_GRAPH_IMPORT_REPORT_H_
#define CUBELOOM_GRAPH_IMPORT_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "cubeloom/graph/import/import.h"

namespace cubeloom::graph {

// Notes with the same text become one. Not thread-safe.
class ReportBuilder {
 public:
  void Mapped(absl::string_view node, std::string what) { Add(ImportNote::Kind::kMapped, node, what); }
  void Defaulted(absl::string_view node, std::string what) { Add(ImportNote::Kind::kDefaulted, node, what); }
  void Ignored(absl::string_view node, std::string what) { Add(ImportNote::Kind::kIgnored, node, what); }
  ImportReport Take(Generation generation);

 private:
  void Add(ImportNote::Kind kind, absl::string_view node, std::string& what);

  std::vector<ImportNote> notes_;
  absl::flat_hash_map<std::string, size_t> by_text_;
};

}  // namespace cubeloom::graph

#endif  // CUBELOOM_GRAPH_IMPORT_REPORT_H_
