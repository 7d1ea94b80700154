// The manifest: what a run was made of and what came out, for provenance and comparison.
//
// A manifest holds no clock, host, absolute output path or thread count, so equal runs have equal manifests,
// byte for byte. Two kinds of checksums stand in it: over canonical content (pixels and ordered header,
// whatever the file format or compression) and over files as written.
#ifndef CUBELOOM_ENGINE_MANIFEST_H_
#define CUBELOOM_ENGINE_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cubeloom/base/value.h"

namespace cubeloom::engine {

inline constexpr int kManifestVersion = 1;
inline constexpr char kManifestName[] = "manifest.json";

struct ManifestInput {
  std::string node;
  std::string uri;  // as resolved
  int64_t bytes = 0;
  std::string sha256;  // of the file; "" when input checksums were off
};

struct ManifestOutput {
  std::string drop;  // external id
  std::string uri;   // relative to the run folder where it lies inside
  int64_t bytes = 0;
  std::string sha256;  // of the file
};

struct ManifestDrop {
  std::string drop;    // external id of a data drop
  std::string kind;    // payload kind
  std::string sha256;  // canonical content
};

struct Manifest {
  std::string graph_name;
  std::string graph_sha256;           // of the bound graph's canonical text
  Value::Map parameters;              // final values, by name
  std::vector<std::string> kernels;   // identities, sorted
  std::vector<ManifestInput> inputs;  // by node, then index
  std::string outcome;
  int64_t drops = 0;
  Value::Map states;                    // drops by final state, zero counts left out
  std::vector<ManifestDrop> contents;   // data drops whose content was hashed, in id order
  std::vector<ManifestOutput> outputs;  // in id order
  std::string merkle_root;              // over all completed data drops, in id order
};

std::string ManifestToJson(const Manifest& manifest);
// Refuses other versions and malformed text; `name` is for messages.
absl::StatusOr<Manifest> ManifestFromJson(absl::string_view json, absl::string_view name);

// How two runs compare, level by level; each difference is one line.
struct Comparison {
  std::vector<std::string> graph;  // graph, parameters, kernels
  std::vector<std::string> inputs;
  std::vector<std::string> contents;  // canonical content of data drops, Merkle root
  std::vector<std::string> files;     // files as written
  bool same_results() const { return contents.empty(); }
  bool same_files() const { return contents.empty() && files.empty(); }
};
Comparison CompareManifests(const Manifest& a, const Manifest& b);

}  // namespace cubeloom::engine

#endif  // CUBELOOM_ENGINE_MANIFEST_H_
