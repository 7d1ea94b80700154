// An HDF5 file being written: elements first, as they come, then everything that describes them.
#ifndef CUBELOOM_STORE_HDF5_FILE_WRITER_H_
#define CUBELOOM_STORE_HDF5_FILE_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/chunk/chunk.h"
#include "cubeloom/store/blob/store.h"
#include "cubeloom/store/hdf5/encode.h"

namespace cubeloom {

// One attribute to write.
struct Hdf5WriteAttribute {
  std::string name;
  Value value;
  // Set: the value is this one element, in machine order, and `value` says nothing.
  std::string element;
  DType dtype = DType::kF64;  // of `element`
};

// How values become types. Integers are i64 and reals f64 in both; lists are one axis.
enum class Hdf5AttributeStyle {
  kPython,  // strings of variable length (str in h5py), bool an enum {FALSE, TRUE}
  kIdia,    // strings of fixed length, bool an unsigned byte: what CARTA reads
};

// The attributes with every name once: of COMMENT, HISTORY and nameless cards one list in place of the first
// (the nameless as COMMENT), else the last one counts.
std::vector<Hdf5WriteAttribute> Hdf5UniqueAttributes(const std::vector<Attribute>& attributes);

// Not thread-safe. A writer that is destroyed before Finish() leaves nothing behind.
class Hdf5FileWriter {
 public:
  static absl::StatusOr<std::unique_ptr<Hdf5FileWriter>> Create(Store& store, absl::string_view uri);

  // Where the next bytes will lie, a multiple of 8.
  absl::StatusOr<uint64_t> Begin();
  absl::Status Append(absl::Span<const std::byte> bytes) { return out_->Append(bytes); }
  // Writes one whole stored chunk (or all elements of a small dataset): Begin() and Append().
  absl::StatusOr<Hdf5ChunkEntry> AppendBlock(absl::Span<const std::byte> bytes);
  // Writes the index of a chunked dataset; its address.
  absl::StatusOr<uint64_t> AppendChunkTree(const ChunkGrid& grid, const std::vector<Hdf5ChunkEntry>& chunks);

  struct Dataset {
    DType dtype = DType::kF32;
    Shape shape;
    Hdf5Storage storage;
    std::vector<Hdf5WriteAttribute> attributes;
    Hdf5AttributeStyle style = Hdf5AttributeStyle::kPython;
  };
  // `path` is absolute; groups on the way are made. InvalidArgument when it is malformed or taken.
  absl::Status AddDataset(absl::string_view path, Dataset dataset);
  absl::Status SetGroupAttributes(absl::string_view path, std::vector<Hdf5WriteAttribute> attributes,
                                  Hdf5AttributeStyle style);
  // Checks a path without adding it: errors come before anything is written.
  absl::Status CheckPath(absl::string_view path) const;

  // Writes what describes the datasets, then commits. InvalidArgument names an attribute that has no form in
  // HDF5.
  absl::Status Finish();

 private:
  struct Node {
    bool is_dataset = false;
    Dataset dataset;  // of a group: only attributes and style
    std::map<std::string, std::unique_ptr<Node>> children;
  };

  Hdf5FileWriter(std::unique_ptr<StagedWriter> out, absl::string_view uri)
      : out_(std::move(out)), uri_(uri) {}
  absl::StatusOr<Node*> Find(absl::string_view path);
  // Collects the attribute messages of the tree, then writes headers from the leaves up.
  absl::Status Describe(const Node& node, const std::string& path, Hdf5Heap& heap);
  absl::StatusOr<uint64_t> WriteHeaders(const Node& node);

  std::unique_ptr<StagedWriter> out_;
  std::string uri_;
  Node root_;
  std::map<const Node*, std::vector<Hdf5Message>> attributes_;  // filled by Describe()
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_FILE_WRITER_H_
