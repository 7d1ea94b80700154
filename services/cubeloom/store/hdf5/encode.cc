#include "cubeloom/store/hdf5/encode.h"

#include <algorithm>
#include <utility>

namespace cubeloom {
namespace {

constexpr int kDataspace = 0x01, kLinkInfo = 0x02, kDatatype = 0x03, kFillValue = 0x05, kLink = 0x06,
              kLayout = 0x08, kGroupInfo = 0x0A, kFilters = 0x0B, kAttribute = 0x0C, kAttributeInfo = 0x15;
constexpr size_t kHeapMinimum = 4096;      // of a collection, H5HG_MINSIZE
constexpr size_t kHeapObjects = 60 << 10;  // bytes of objects after which a collection is closed
constexpr int kTreeChildren = 64;          // 2K, K = 32 is what superblock version 2 implies

bool IsAsciiName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

inline uint32_t Rotate(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }

void Mix(uint32_t& a, uint32_t& b, uint32_t& c) {
  a -= c, a ^= Rotate(c, 4), c += b;
  b -= a, b ^= Rotate(a, 6), a += c;
  c -= b, c ^= Rotate(b, 8), b += a;
  a -= c, a ^= Rotate(c, 16), c += b;
  b -= a, b ^= Rotate(a, 19), a += c;
  c -= b, c ^= Rotate(b, 4), b += a;
}

void FinalMix(uint32_t& a, uint32_t& b, uint32_t& c) {
  c ^= b, c -= Rotate(b, 14);
  a ^= c, a -= Rotate(c, 11);
  b ^= a, b -= Rotate(a, 25);
  c ^= b, c -= Rotate(b, 16);
  a ^= c, a -= Rotate(c, 4);
  b ^= a, b -= Rotate(a, 14);
  c ^= b, c -= Rotate(b, 24);
}

// Datatype message: class and version, three bytes of bits, size.
Hdf5Bytes TypeHead(int type_class, int version, uint32_t bits, size_t size) {
  Hdf5Bytes out;
  out.U8(static_cast<uint64_t>(version << 4 | type_class)).Number(bits, 3).U32(size);
  return out;
}

std::string IntegerType(size_t bytes, bool is_signed) {
  return TypeHead(0, 1, is_signed ? 8 : 0, bytes).U16(0).U16(8 * bytes).Take();
}

std::string FloatType(size_t bytes) {
  const bool wide = bytes == 8;
  Hdf5Bytes out = TypeHead(1, 1, 0x20u | (wide ? 63u : 31u) << 8, bytes);
  out.U16(0).U16(8 * bytes);
  out.U8(wide ? 52 : 23).U8(wide ? 11 : 8).U8(0).U8(wide ? 52 : 23).U32(wide ? 1023 : 127);
  return out.Take();
}

std::string BoolType() {
  Hdf5Bytes out = TypeHead(8, 1, 2, 1);
  out.Text(IntegerType(1, true)).Text("FALSE").Zeros(3).Text("TRUE").Zeros(4).U8(0).U8(1);
  return out.Take();
}

std::string ComplexType(size_t half) {
  Hdf5Bytes out = TypeHead(6, 3, 2, 2 * half);
  out.Text("r").U8(0).U8(0).Text(FloatType(half));
  out.Text("i").U8(0).U8(half).Text(FloatType(half));
  return out.Take();
}

// `count` children of `level`, from `first` on: a node of fixed size.
struct TreeLevel {
  std::vector<int64_t> first_chunk;  // of each child: its first chunk; the last entry is the end
  std::vector<uint64_t> address;
};

size_t TreeNodeBytes(int rank) {
  const size_t key = 8 + 8 * static_cast<size_t>(rank + 1);
  return 24 + kTreeChildren * 8 + (kTreeChildren + 1) * key;
}

void AddTreeKey(const ChunkGrid& grid, const std::vector<Hdf5ChunkEntry>& chunks, int64_t chunk,
                Hdf5Bytes& out) {
  const int rank = grid.array().rank();
  Shape origin = Shape::Filled(rank, 0);
  if (chunk < grid.size()) {
    origin = grid.BoxOf(chunk).origin;
    out.U32(chunks[chunk].size).U32(chunks[chunk].mask);
  } else {
    origin[0] = grid.counts()[0] * grid.chunk()[0];  // behind every chunk
    out.U32(0).U32(0);
  }
  for (const int64_t v : origin) out.U64(static_cast<uint64_t>(v));
  out.U64(0);
}

}  // namespace

Hdf5Bytes& Hdf5Bytes::Number(uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out_.push_back(static_cast<char>(v >> (8 * i)));
  return *this;
}

Hdf5Bytes& Hdf5Bytes::Text(absl::string_view text) {
  out_.append(text.data(), text.size());
  return *this;
}

Hdf5Bytes& Hdf5Bytes::Zeros(size_t count) {
  out_.append(count, '\0');
  return *this;
}

Hdf5Bytes& Hdf5Bytes::Checksum() { return U32(Hdf5Lookup3(out_)); }

// Bob Jenkins, lookup3.c (public domain), hashlittle() with initial value 0.
uint32_t Hdf5Lookup3(absl::string_view bytes) {
  uint32_t a = 0xdeadbeef + static_cast<uint32_t>(bytes.size()), b = a, c = a;
  const auto word = [&](size_t at) {
    uint32_t v = 0;
    for (size_t i = 0; i < 4 && at + i < bytes.size(); ++i) {
      v |= uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return v;
  };
  size_t at = 0;
  for (; bytes.size() - at > 12; at += 12) {
    a += word(at), b += word(at + 4), c += word(at + 8);
    Mix(a, b, c);
  }
  if (at == bytes.size()) return c;
  a += word(at), b += word(at + 4), c += word(at + 8);
  FinalMix(a, b, c);
  return c;
}

std::string EncodeHdf5Superblock(uint64_t end_of_file, uint64_t root) {
  Hdf5Bytes out;
  out.Text("\211HDF\r\n\032\n").U8(2).U8(8).U8(8).U8(0);
  out.U64(0).U64(kHdf5NoAddress).U64(end_of_file).U64(root).Checksum();
  return out.Take();
}

std::string EncodeHdf5Type(DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return BoolType();
    case DType::kF32:
      return FloatType(4);
    case DType::kF64:
      return FloatType(8);
    case DType::kC64:
      return ComplexType(4);
    case DType::kC128:
      return ComplexType(8);
    case DType::kI8:
    case DType::kI16:
    case DType::kI32:
    case DType::kI64:
      return IntegerType(DTypeSize(dtype), true);
    default:
      return IntegerType(DTypeSize(dtype), false);
  }
}

std::string EncodeHdf5FixedString(size_t bytes, bool utf8) {
  return TypeHead(3, 1, utf8 ? 0x11 : 0x01, bytes).Take();
}

std::string EncodeHdf5VariableString(bool utf8) {
  return TypeHead(9, 1, utf8 ? 0x101 : 0x001, 16).Text(IntegerType(1, false)).Take();
}

std::string EncodeHdf5Space(const Shape& shape) {
  Hdf5Bytes out;
  out.U8(2).U8(static_cast<uint64_t>(shape.rank())).U8(0).U8(shape.rank() == 0 ? 0 : 1);
  for (const int64_t v : shape) out.U64(static_cast<uint64_t>(v));
  return out.Take();
}

std::string EncodeHdf5NullSpace() { return Hdf5Bytes().U8(2).U8(0).U8(0).U8(2).Take(); }

Hdf5Message Hdf5AttributeMessage(absl::string_view name, const std::string& type, const std::string& space,
                                 absl::string_view data) {
  Hdf5Bytes out;
  out.U8(3).U8(0).U16(name.size() + 1).U16(type.size()).U16(space.size()).U8(IsAsciiName(name) ? 0 : 1);
  out.Text(name).U8(0).Text(type).Text(space).Text(data);
  return {kAttribute, out.Take()};
}

std::vector<Hdf5Message> Hdf5DatasetMessages(DType dtype, const Shape& shape, const Hdf5Storage& storage) {
  const bool chunked = storage.chunk.rank() > 0;
  std::vector<Hdf5Message> out = {{kDataspace, EncodeHdf5Space(shape)}, {kDatatype, EncodeHdf5Type(dtype)}};
  // Space allocated late or by chunk, fill value (the default) written if set.
  out.push_back({kFillValue, Hdf5Bytes().U8(3).U8(chunked ? 0x0B : 0x0A).Take()});
  Hdf5Bytes layout;
  layout.U8(3).U8(chunked ? 2 : 1);
  if (chunked) {
    layout.U8(static_cast<uint64_t>(storage.chunk.rank()) + 1).U64(storage.address);
    for (const int64_t v : storage.chunk) layout.U32(static_cast<uint64_t>(v));
    layout.U32(DTypeSize(dtype));
  } else {
    layout.U64(storage.address).U64(static_cast<uint64_t>(storage.bytes));
  }
  out.push_back({kLayout, layout.Take()});
  const int filters = (storage.shuffle ? 1 : 0) + (storage.deflate > 0 ? 1 : 0);
  if (filters == 0) return out;
  Hdf5Bytes pipeline;
  pipeline.U8(2).U8(static_cast<uint64_t>(filters));
  if (storage.shuffle) pipeline.U16(kHdf5Shuffle).U16(1).U16(1).U32(DTypeSize(dtype));
  if (storage.deflate > 0)
    pipeline.U16(kHdf5Deflate).U16(1).U16(1).U32(static_cast<uint64_t>(storage.deflate));
  out.push_back({kFilters, pipeline.Take()});
  return out;
}

std::vector<Hdf5Message> Hdf5GroupMessages(const std::vector<Hdf5Link>& links) {
  std::vector<Hdf5Message> out;
  out.push_back({kLinkInfo, Hdf5Bytes().U8(0).U8(0).U64(kHdf5NoAddress).U64(kHdf5NoAddress).Take()});
  out.push_back({kGroupInfo, Hdf5Bytes().U8(0).U8(0).Take()});
  for (const Hdf5Link& link : links) {
    Hdf5Bytes data;
    const bool ascii = IsAsciiName(link.name);
    data.U8(1).U8(ascii ? 0x01 : 0x11);  // two bytes of name length; hard link
    if (!ascii) data.U8(1);
    data.U16(link.name.size()).Text(link.name).U64(link.address);
    out.push_back({kLink, data.Take()});
  }
  return out;
}

std::string EncodeHdf5ObjectHeader(const std::vector<Hdf5Message>& messages) {
  const auto attributes = static_cast<uint64_t>(std::count_if(
      messages.begin(), messages.end(), [](const Hdf5Message& m) { return m.type == kAttribute; }));
  Hdf5Bytes body;
  uint64_t order = 0;
  const auto add = [&](const Hdf5Message& m) {
    body.U8(static_cast<uint64_t>(m.type))
        .U16(m.data.size())
        .U8(0)
        .U16(m.type == kAttribute ? order++ : 0)
        .Text(m.data);
  };
  // Attribute information: order tracked, none stored outside the header.
  add({kAttributeInfo,
       Hdf5Bytes().U8(0).U8(1).U16(attributes).U64(kHdf5NoAddress).U64(kHdf5NoAddress).Take()});
  for (const Hdf5Message& m : messages) add(m);
  Hdf5Bytes out;
  out.Text("OHDR").U8(2).U8(0x06).U32(body.str().size()).Text(body.str()).Checksum();
  return out.Take();
}

Hdf5Tree EncodeHdf5ChunkTree(const ChunkGrid& grid, const std::vector<Hdf5ChunkEntry>& chunks,
                             uint64_t address) {
  Hdf5Tree tree;
  if (grid.size() == 0) return tree;
  const size_t node_bytes = TreeNodeBytes(grid.array().rank());
  TreeLevel below;
  for (int64_t i = 0; i < grid.size(); ++i) {
    below.first_chunk.push_back(i);
    below.address.push_back(chunks[i].offset);
  }
  below.first_chunk.push_back(grid.size());
  Hdf5Bytes out;
  for (int level = 0; level == 0 || below.address.size() > 1; ++level) {
    const size_t children = below.address.size();
    const size_t nodes = (children + kTreeChildren - 1) / kTreeChildren;
    const uint64_t start = address + out.str().size();
    TreeLevel above;
    for (size_t n = 0; n < nodes; ++n) {
      const size_t first = n * kTreeChildren, end = std::min(first + kTreeChildren, children);
      const uint64_t here = start + n * node_bytes;
      above.first_chunk.push_back(below.first_chunk[first]);
      above.address.push_back(here);
      out.Text("TREE").U8(1).U8(static_cast<uint64_t>(level)).U16(end - first);
      out.U64(n == 0 ? kHdf5NoAddress : here - node_bytes)
          .U64(n + 1 == nodes ? kHdf5NoAddress : here + node_bytes);
      for (size_t c = first; c < end; ++c) {
        AddTreeKey(grid, chunks, below.first_chunk[c], out);
        out.U64(below.address[c]);
      }
      AddTreeKey(grid, chunks, below.first_chunk[end], out);
      out.Zeros(here + node_bytes - address - out.str().size());
    }
    above.first_chunk.push_back(grid.size());
    below = std::move(above);
  }
  tree.root = below.address[0];
  tree.bytes = out.Take();
  return tree;
}

std::string Hdf5Heap::Add(absl::string_view text) {
  if (text.empty()) return std::string(16, '\0');
  if (objects_.size() + text.size() > kHeapObjects && count_ > 0) Close();
  ++count_;
  Hdf5Bytes object;
  object.U16(static_cast<uint64_t>(count_)).U16(0).U32(0).U64(text.size()).Text(text);
  object.Zeros((8 - text.size() % 8) % 8);
  objects_ += object.str();
  return Hdf5Bytes().U32(text.size()).U64(start_).U32(static_cast<uint64_t>(count_)).Take();
}

void Hdf5Heap::Close() {
  const size_t used = 16 + objects_.size();
  const size_t size = std::max(kHeapMinimum, used + 16);
  Hdf5Bytes out;
  out.Text("GCOL").U8(1).Zeros(3).U64(size).Text(objects_);
  out.U16(0).U16(0).U32(0).U64(size - used).Zeros(size - used - 16);
  done_ += out.str();
  start_ += size;
  objects_.clear();
  count_ = 0;
}

std::string Hdf5Heap::Finish() {
  if (count_ > 0) Close();
  return std::move(done_);
}

}  // namespace cubeloom
