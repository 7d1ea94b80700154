#include "cubeloom/kernel/api/read_input.h"

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/ports.h"

namespace cubeloom {
namespace {

std::string Doing(const Array& array, const InputRef& input, const Box& box) {
  return absl::StrCat(KernelText(*input.info), ": reading ", InputText(*input.info, input.port),
                      input.info->inputs[input.port].variadic ? absl::StrCat("[", input.index, "]") : "",
                      " (", array.desc().shape.ToString(), " ", DTypeName(array.desc().dtype), ") at ",
                      box.ToString());
}

}  // namespace

absl::StatusOr<Chunk> ReadInput(const Array& array, const InputRef& input, const Box& box,
                                const ReadContext& context) {
  Chunk chunk;
  chunk.dtype = array.desc().dtype;
  chunk.box = box;
  chunk.strides = ContiguousStrides(box.extent);
  if (box.empty()) return chunk;
  CL_ASSIGN_OR_RETURN_IN(chunk, array.Read(box, context), Doing(array, input, box));
  if (!(chunk.box == box) || chunk.dtype != array.desc().dtype || chunk.strides.rank() != box.rank()) {
    return absl::InternalError(absl::StrCat(Doing(array, input, box), ": the array answered with ",
                                            chunk.box.ToString(), " ", DTypeName(chunk.dtype)));
  }
  return chunk;
}

}  // namespace cubeloom
