#include "cubeloom/kernel/api/map_call.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/map_chunking.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/api/read_input.h"

namespace cubeloom {
namespace {

absl::StatusOr<InputChunks> ReadInputs(const MapInstance& instance, const Box& out,
                                       const KernelContext& context) {
  const Invocation& invocation = *instance.invocation;
  InputChunks in(invocation.inputs.size());
  for (size_t p = 0; p < in.size(); ++p) {
    in[p].resize(invocation.inputs[p].size());
    for (size_t i = 0; i < in[p].size(); ++i) {
      const Payload& payload = invocation.inputs[p][i];
      if (payload.kind() != PayloadKind::kArray) continue;
      const InputRef ref{&instance.kernel->info(), static_cast<int>(p), static_cast<int>(i)};
      CL_ASSIGN_OR_RETURN(const Box box,
                          CutInputBox(*instance.kernel, invocation, {ref.port, ref.index}, out));
      CL_ASSIGN_OR_RETURN(in[p][i], ReadInput(*payload.array(), ref, box, context.read()));
    }
  }
  return in;
}

bool AllValid(const uint8_t* bits, int64_t count) {
  const int64_t whole = count / 8;
  for (int64_t i = 0; i < whole; ++i) {
    if (bits[i] != 0xff) return false;
  }
  const unsigned rest = (1u << (count % 8)) - 1;
  return rest == 0 || (bits[whole] & rest) == rest;
}

// The outputs' memory while the kernel fills it.
struct Outputs {
  std::vector<MutableBuffer> data, validity;
  std::vector<std::byte*> places;
  std::vector<uint8_t*> bits;
};

absl::Status AllocateOutputs(const MapInstance& instance, int64_t elements, Allocator& allocator,
                             Outputs& o) {
  for (size_t i = 0; i < o.places.size(); ++i) {
    const DType dtype = instance.invocation->outputs[i].array.dtype;
    if (o.places[i] == nullptr) {
      const size_t bytes = static_cast<size_t>(elements) * DTypeSize(dtype);
      CL_ASSIGN_OR_RETURN(o.data[i], allocator.Allocate(bytes));
      o.places[i] = o.data[i].data();
    }
    if (IsFloat(dtype)) continue;
    const size_t bytes = static_cast<size_t>((elements + 7) / 8);
    CL_ASSIGN_OR_RETURN(o.validity[i], allocator.Allocate(bytes));
    std::memset(o.validity[i].data(), 0xff, bytes);
    o.bits[i] = reinterpret_cast<uint8_t*>(o.validity[i].data());
  }
  return absl::OkStatus();
}

Chunk PublishOutput(const Invocation& invocation, size_t i, const Box& out, Outputs& o) {
  Chunk chunk;
  chunk.dtype = invocation.outputs[i].array.dtype;
  chunk.box = out;
  chunk.strides = ContiguousStrides(out.extent);
  const size_t bytes = static_cast<size_t>(out.elements()) * DTypeSize(chunk.dtype);
  chunk.data = o.data[i].data() != nullptr ? std::move(o.data[i]).Publish(bytes)
                                           : Buffer(nullptr, o.places[i], bytes, MemorySpace::kHeap);
  if (o.bits[i] != nullptr && !AllValid(o.bits[i], out.elements())) {
    chunk.validity = std::move(o.validity[i]).Publish(static_cast<size_t>((out.elements() + 7) / 8));
  }
  return chunk;
}

}  // namespace

absl::StatusOr<std::vector<Chunk>> CallMap(const MapInstance& instance, const Box& out,
                                           absl::Span<std::byte* const> memory,
                                           const KernelContext& context) {
  CL_ASSIGN_OR_RETURN(const InputChunks in, ReadInputs(instance, out, context));
  const size_t count = instance.invocation->outputs.size();
  Outputs o{std::vector<MutableBuffer>(count), std::vector<MutableBuffer>(count),
            std::vector<std::byte*>(memory.begin(), memory.end()), std::vector<uint8_t*>(count, nullptr)};
  o.places.resize(count, nullptr);
  CL_RETURN_IF_ERROR_IN(AllocateOutputs(instance, out.elements(), *context.allocator, o),
                        absl::StrCat(KernelText(instance.kernel->info()), ": output ", out.ToString()));
  const MapKernel::Call call{instance.invocation, instance.plan, out, &in, o.places, o.bits};
  CL_RETURN_IF_ERROR_IN(instance.kernel->Run(call, context),
                        absl::StrCat(KernelText(instance.kernel->info()), ": output ", out.ToString()));
  std::vector<Chunk> chunks;
  chunks.reserve(count);
  for (size_t i = 0; i < count; ++i) chunks.push_back(PublishOutput(*instance.invocation, i, out, o));
  return chunks;
}

}  // namespace cubeloom
