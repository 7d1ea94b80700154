// Any answer of the probe helper about any bytes: what follows libhdf5 is our own. Input: the answer's JSON
// up to the first zero byte, then the file, whose first bytes also are the blob of the answer (the chunk
// table, or the elements of a compact dataset). No input may crash, read outside the file or allocate beyond
// what the reads ask for, and what is read is what was promised.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cubeloom/store/hdf5/hdf5.h"
#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {
namespace {

constexpr int64_t kMaxElements = 1 << 14;
constexpr size_t kMaxAllocation = 32 << 20;

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz_hdf5_chunks: %s\n", what);
  std::abort();
}

class BoundedAllocator : public Allocator {
 public:
  absl::StatusOr<MutableBuffer> Allocate(size_t bytes) override {
    if (bytes > kMaxAllocation) return absl::ResourceExhaustedError("too much");
    return Heap().Allocate(bytes);
  }
};

UniqueFd Memory(const uint8_t* data, size_t size) {
  UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (fd && size > 0 && ::write(fd.get(), data, size) != static_cast<ssize_t>(size)) fd = UniqueFd();
  return fd;
}

// Answers every question with the same dataset; the blob is as long as the dataset needs, if the file is.
class LyingProbe : public Probe {
 public:
  LyingProbe(Value dataset, const uint8_t* file, size_t size)
      : dataset_(std::move(dataset)), file_(file), size_(size) {}

  absl::StatusOr<ProbeReply> Call(const ProbeCall&) override {
    ProbeReply reply;
    reply.result.Set("datasets", Value(Value::List{dataset_}));
    const absl::StatusOr<Hdf5Dataset> d = Hdf5DatasetFromValue(dataset_);
    if (!d.ok() || d->layout == Hdf5Layout::kContiguous) return reply;
    const int64_t wanted = d->layout == Hdf5Layout::kCompact
                               ? d->shape.elements() * d->type.bytes
                               : ChunkGrid(d->shape, d->chunk).size() * int64_t{sizeof(Hdf5ChunkEntry)};
    reply.fds.push_back(
        Memory(file_, static_cast<size_t>(std::min<int64_t>(wanted, static_cast<int64_t>(size_)))));
    return reply;
  }

 private:
  const Value dataset_;
  const uint8_t* file_;
  const size_t size_;
};

void ReadBox(const ArrayPtr& array, const Box& box) {
  if (box.elements() > kMaxElements) return;
  BoundedAllocator allocator;
  ReadContext context;
  context.allocator = &allocator;
  const absl::StatusOr<Chunk> chunk = array->Read(box, context);
  if (!chunk.ok()) return;
  Require(chunk->box == box && chunk->dtype == array->desc().dtype, "wrong chunk");
  int64_t sum = 0;  // touches every element
  if (box.rank() > 0) {
    const int64_t length = box.extent[box.rank() - 1] * static_cast<int64_t>(DTypeSize(chunk->dtype));
    ForEachRow(*chunk, [&](int64_t offset, int64_t) {
      const std::byte* row = chunk->data.data() + offset * static_cast<int64_t>(DTypeSize(chunk->dtype));
      for (int64_t i = 0; i < length; ++i) sum += static_cast<int64_t>(row[i]);
    });
  }
  Require(sum >= 0, "impossible");
}

void Run(const uint8_t* data, size_t size) {
  const auto* end = static_cast<const uint8_t*>(size == 0 ? nullptr : std::memchr(data, 0, size));
  if (end == nullptr) return;
  const absl::StatusOr<Value> json =
      Value::FromJson({reinterpret_cast<const char*>(data), static_cast<size_t>(end - data)});
  if (!json.ok() || !json->is_map()) return;
  const uint8_t* file = end + 1;
  const size_t file_size = size - static_cast<size_t>(file - data);
  const UniqueFd memory = Memory(file, file_size);
  LyingProbe probe(*json, file, file_size);
  const Hdf5Source source{LocalStore(), probe};
  const std::string path = absl::StrCat("/proc/self/fd/", memory.get());
  (void)ListHdf5Datasets(source, path);
  Hdf5Select select;
  select.chunk_cache_bytes = 1 << 20;
  const absl::StatusOr<ArrayPtr> array = OpenHdf5(source, path, select);
  if (!array.ok()) return;
  const Shape& shape = (*array)->desc().shape;
  ReadBox(*array, Box::Whole(shape));
  Box part = Box::Whole(shape);
  for (int a = 0; a < part.rank(); ++a) {
    part.origin[a] = shape[a] / 3;
    part.extent[a] = std::min<int64_t>(shape[a] - part.origin[a], 5);
  }
  ReadBox(*array, part);
  for (int a = 0; a < part.rank(); ++a) part.origin[a] = shape[a] - part.extent[a];
  ReadBox(*array, part);
}

}  // namespace
}  // namespace cubeloom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cubeloom::Run(data, size);
  return 0;
}
