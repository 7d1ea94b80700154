// The parts of an HDF5 file as bytes: superblock, object headers, messages, chunk index, global heap.
//
// Source: HDF5 File Format Specification, version 3.0. What is written is the small subset that every libhdf5
// from 1.8 on reads: superblock version 2, object headers version 2 with all links and attributes inside,
// layout version 3 with a version 1 B-tree for chunks. Addresses are bytes from the start of the file;
// nothing depends on time or machine.
#ifndef CUBELOOM_STORE_HDF5_ENCODE_H_
#define CUBELOOM_STORE_HDF5_ENCODE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/array/shape/shape.h"
#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {

inline constexpr uint64_t kHdf5NoAddress = ~uint64_t{0};
inline constexpr int64_t kHdf5SuperblockBytes = 48;

// Grows a string by little-endian numbers.
class Hdf5Bytes {
 public:
  Hdf5Bytes& U8(uint64_t v) { return Number(v, 1); }
  Hdf5Bytes& U16(uint64_t v) { return Number(v, 2); }
  Hdf5Bytes& U32(uint64_t v) { return Number(v, 4); }
  Hdf5Bytes& U64(uint64_t v) { return Number(v, 8); }
  Hdf5Bytes& Number(uint64_t v, int bytes);
  Hdf5Bytes& Text(absl::string_view text);
  Hdf5Bytes& Zeros(size_t count);
  // Jenkins' lookup3 of everything so far.
  Hdf5Bytes& Checksum();
  const std::string& str() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

uint32_t Hdf5Lookup3(absl::string_view bytes);

std::string EncodeHdf5Superblock(uint64_t end_of_file, uint64_t root);

// Datatype messages. bool is an enum {FALSE, TRUE} of signed bytes, complex a compound of r and i, as h5py
// has them.
std::string EncodeHdf5Type(DType dtype);
std::string EncodeHdf5FixedString(size_t bytes, bool utf8);  // null-padded
std::string EncodeHdf5VariableString(bool utf8);             // 16 bytes: length, heap collection, index

std::string EncodeHdf5Space(const Shape& shape);  // rank 0 = scalar
std::string EncodeHdf5NullSpace();

// One message of an object header. At most 65535 bytes.
struct Hdf5Message {
  int type = 0;
  std::string data;
};
inline constexpr size_t kMaxHdf5Message = 65535;

Hdf5Message Hdf5AttributeMessage(absl::string_view name, const std::string& type, const std::string& space,
                                 absl::string_view data);
// The messages of a dataset. `address` is that of the elements or of the root of the chunk index.
struct Hdf5Storage {
  uint64_t address = kHdf5NoAddress;
  int64_t bytes = 0;  // contiguous: of the elements
  Shape chunk;        // empty: contiguous
  bool shuffle = false;
  int deflate = 0;
};
std::vector<Hdf5Message> Hdf5DatasetMessages(DType dtype, const Shape& shape, const Hdf5Storage& storage);
struct Hdf5Link {
  std::string name;
  uint64_t address = 0;
};
std::vector<Hdf5Message> Hdf5GroupMessages(const std::vector<Hdf5Link>& links);

// An object header that keeps the order of its attributes.
std::string EncodeHdf5ObjectHeader(const std::vector<Hdf5Message>& messages);

// The index of all chunks of a grid, to be placed at `address`. `chunks` has one entry per chunk, each with
// bytes.
struct Hdf5Tree {
  std::string bytes;
  uint64_t root = kHdf5NoAddress;  // kHdf5NoAddress when the grid is empty
};
Hdf5Tree EncodeHdf5ChunkTree(const ChunkGrid& grid, const std::vector<Hdf5ChunkEntry>& chunks,
                             uint64_t address);

// Strings of attributes, in collections that follow each other from `address` on.
class Hdf5Heap {
 public:
  explicit Hdf5Heap(uint64_t address) : start_(address) {}
  // Adds a string; returns the 16 bytes that stand for it in an attribute.
  std::string Add(absl::string_view text);
  // The bytes of all collections.
  std::string Finish();

 private:
  void Close();

  uint64_t start_;       // of the open collection
  std::string done_;     // closed collections
  std::string objects_;  // of the open one
  int count_ = 0;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_HDF5_ENCODE_H_
