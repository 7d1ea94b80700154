// image.arithmetic and image.mask: elementwise kernels of two arrays.
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/kernel/api/ports.h"
#include "cubeloom/kernel/image/kernels.h"
#include "cubeloom/kernel/image/planes.h"

namespace cubeloom {
namespace {

// A chunk seen in the coordinates of an output box: strides of 0 along axes that are broadcast.
Shape BroadcastStrides(const Chunk& chunk, const Box& out) {
  Shape strides = Shape::Filled(out.rank(), 0);
  const int surplus = out.rank() - chunk.box.rank();
  for (int a = surplus; a < out.rank(); ++a) {
    if (chunk.box.extent[a - surplus] == out.extent[a]) strides[a] = chunk.strides[a - surplus];
  }
  return strides;
}

// Calls f(linear, offset_a, offset_b, length) for each row of `out`.
template <typename F>
absl::Status ForEachRowOfTwo(const Box& out, const Shape& a, const Shape& b, const CancelToken& cancel,
                             F&& f) {
  const int last = out.rank() - 1;
  const int64_t length = last < 0 ? 1 : out.extent[last];
  Shape at = Shape::Filled(out.rank(), 0);
  for (int64_t linear = 0; linear < out.elements(); linear += length) {
    if (cancel.cancelled()) return cancel.status();
    int64_t from_a = 0, from_b = 0;
    for (int axis = 0; axis < last; ++axis) {
      from_a += at[axis] * a[axis];
      from_b += at[axis] * b[axis];
    }
    f(linear, from_a, from_b, length);
    for (int axis = last - 1; axis >= 0 && ++at[axis] == out.extent[axis]; --axis) at[axis] = 0;
  }
  return absl::OkStatus();
}

enum class Op { kAdd, kSubtract, kMultiply, kDivide, kMin, kMax, kNone };
constexpr const char* kOpNames[] = {"add", "subtract", "multiply", "divide", "min", "max"};

Op OpOf(const Args& args) {
  int op = 0;
  while (args.string("op") != kOpNames[op]) ++op;
  return static_cast<Op>(op);
}

// f(operation) with the operation as a function object, so that the loop over pixels holds no switch.
template <typename F>
absl::Status WithOp(Op op, F&& f) {
  switch (op) {
    case Op::kAdd:
      return f([](double a, double b) { return a + b; });
    case Op::kSubtract:
      return f([](double a, double b) { return a - b; });
    case Op::kMultiply:
      return f([](double a, double b) { return a * b; });
    case Op::kDivide:
      return f([](double a, double b) { return a / b; });
    // NaN when either is.
    case Op::kMin:
      return f([](double a, double b) { return a != a || a < b ? a : b; });
    case Op::kMax:
      return f([](double a, double b) { return a != a || a > b ? a : b; });
    case Op::kNone:
      break;
  }
  return f([](double a, double) { return a; });
}

KernelInfo ArithmeticInfo() {
  KernelInfo info;
  info.name = "image.arithmetic";
  info.shape = KernelShape::kMap;
  info.summary = "scale * (a op b) + offset";
  info.doc =
      "Elementwise, in double, rounded once to the output's dtype: f64 when a or b is f64, else f32. `b` is "
      "an array that "
      "broadcasts to a (axes matched from the fastest on) or, without one, the number `value`. NaN when "
      "either is NaN; "
      "division by 0 gives infinity or NaN. Without `b` and `value` the second operand leaves a as it is.";
  info.reference = "numpy: add, subtract, multiply, divide, minimum, maximum";
  info.tolerance = "exact with scale 1 and offset 0";
  PortSpec b = FloatPort("b", "second operand; broadcasts to a");
  b.optional = true;
  info.inputs = {FloatPort("a", "first operand, any shape"), b};
  info.outputs = {ArrayPort("image", "shape and attributes of a")};
  ParamSpec op, value, scale, offset;
  op.name = "op";
  op.type = ParamType::kString;
  op.default_value = Value("add");
  op.doc = "the operation";
  op.choices.assign(std::begin(kOpNames), std::end(kOpNames));
  value.name = "value";
  value.doc = "second operand in place of b";
  scale.name = "scale";
  scale.default_value = Value(1.0);
  scale.doc = "factor on the result";
  offset.name = "offset";
  offset.default_value = Value(0.0);
  offset.doc = "added to the scaled result";
  info.params = {op, value, scale, offset};
  info.ns_per_element = 1;
  return info;
}

class Arithmetic : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* a, in.Array("a"));
    DType dtype = a->dtype;
    if (in.Has("b")) {
      CL_ASSIGN_OR_RETURN(const ArrayDesc* b, in.Array("b"));
      CL_RETURN_IF_ERROR(in.BroadcastsTo("b", a->shape));
      if (args.has("value")) return ParamError("value", "and input 'b' are both given");
      if (b->dtype == DType::kF64) dtype = DType::kF64;
    }
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*a, dtype))};
  }

  Box InputBox(const Invocation& invocation, int port, int index, const Box& out) const override {
    return BroadcastBox(invocation.inputs[port][index].array()->desc().shape, out);
  }

  absl::Status Run(const Call& call, const KernelContext& context) const override {
    const Chunk& a = (*call.in)[0][0];
    const std::vector<Chunk>& b = (*call.in)[1];
    return ForFloat(a.dtype, [&](auto za) {
      using A = decltype(za);
      if (b.empty()) return RunAs<A, double, A>(call, nullptr, context);
      return ForFloat(b[0].dtype, [&](auto zb) {
        using B = decltype(zb);
        return RunAs<A, B, decltype(A{} + B{})>(call, &b[0], context);
      });
    });
  }

 private:
  template <typename A, typename B, typename Out>
  absl::Status RunAs(const Call& call, const Chunk* b, const KernelContext& context) const {
    const Chunk& a = (*call.in)[0][0];
    const Args& args = *call.invocation->args;
    const double scale = args.real("scale"), offset = args.real("offset");
    const Shape strides_a = BroadcastStrides(a, call.out);
    const Shape strides_b = b != nullptr ? BroadcastStrides(*b, call.out) : Shape::Filled(call.out.rank(), 0);
    const int64_t step = call.out.rank() > 0 ? strides_b[call.out.rank() - 1] : 0;
    const B value = static_cast<B>(args.has("value") ? args.real("value") : 0);
    Out* out = reinterpret_cast<Out*>(call.data[0]);
    return WithOp(b == nullptr && !args.has("value") ? Op::kNone : OpOf(args), [&](auto apply) {
      const auto row = [&](int64_t linear, int64_t from_a, int64_t from_b, int64_t length) {
        const A* p = a.as<A>() + from_a;
        const B* q = b != nullptr ? b->as<B>() + from_b : &value;
        for (int64_t i = 0; i < length; ++i) {
          const double result = apply(static_cast<double>(p[i]), static_cast<double>(q[i * step]));
          out[linear + i] = static_cast<Out>(scale * result + offset);
        }
      };
      return ForEachRowOfTwo(call.out, strides_a, strides_b, context.cancel, row);
    });
  }

  const KernelInfo info_ = ArithmeticInfo();
};

KernelInfo MaskInfo() {
  KernelInfo info;
  info.name = "image.mask";
  info.shape = KernelShape::kMap;
  info.summary = "pixels that a mask leaves out become NaN";
  info.doc = "The image where the mask is not 0, NaN elsewhere and where the mask has no value.";
  info.reference = "numpy.where(mask, image, nan)";
  info.tolerance = "exact";
  PortSpec mask = OptionalMaskPort("mask", "broadcasts to the image; not 0 = keep");
  mask.optional = false;
  info.inputs = {FloatPort("image", "any shape"), mask};
  info.outputs = {ArrayPort("image", "shape, dtype and attributes of the image")};
  info.ns_per_element = 0.5;
  return info;
}

class Mask : public MapKernel {
 public:
  const KernelInfo& info() const override { return info_; }

  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&,
                                                absl::Span<const InputDesc> inputs) const override {
    InferInputs in(info_, inputs);
    CL_ASSIGN_OR_RETURN(const ArrayDesc* image, in.Array("image"));
    CL_RETURN_IF_ERROR(in.BroadcastsTo("mask", image->shape));
    return std::vector<OutputDesc>{ArrayOutput(LikeArray(*image, image->dtype))};
  }
  Box InputBox(const Invocation& invocation, int port, int index, const Box& out) const override {
    return BroadcastBox(invocation.inputs[port][index].array()->desc().shape, out);
  }
  absl::Status Run(const Call& call, const KernelContext& context) const override {
    return ForFloat((*call.in)[0][0].dtype, [&](auto zero) { return RunAs<decltype(zero)>(call, context); });
  }

 private:
  template <typename T>
  absl::Status RunAs(const Call& call, const KernelContext& context) const {
    const Chunk& image = (*call.in)[0][0];
    const Chunk& mask = (*call.in)[1][0];
    const Shape strides = BroadcastStrides(mask, call.out);
    // Validity bits are packed over the mask's own box.
    Chunk packed = mask;
    packed.strides = ContiguousStrides(mask.box.extent);
    const Shape bits = BroadcastStrides(packed, call.out);
    const int last = call.out.rank() - 1;
    const int64_t step = last < 0 ? 0 : strides[last], bit_step = last < 0 ? 0 : bits[last];
    T* out = reinterpret_cast<T*>(call.data[0]);
    const Shape in = BroadcastStrides(image, call.out);
    return ForEachRowOfTwo(call.out, strides, bits, context.cancel,
                           [&](int64_t linear, int64_t from, int64_t bit, int64_t n) {
                             const T* p = image.as<T>() + OffsetOf(linear, call.out, in);
                             const uint8_t* use = mask.as<uint8_t>() + from;
                             for (int64_t i = 0; i < n; ++i) {
                               const bool keep = use[i * step] != 0 && mask.valid(bit + i * bit_step);
                               out[linear + i] = keep ? p[i] : std::numeric_limits<T>::quiet_NaN();
                             }
                           });
  }
  static int64_t OffsetOf(int64_t linear, const Box& out, const Shape& strides) {
    int64_t offset = 0;
    for (int a = out.rank() - 1; a >= 0; linear /= out.extent[a], --a)
      offset += linear % out.extent[a] * strides[a];
    return offset;
  }

  const KernelInfo info_ = MaskInfo();
};

}  // namespace

std::unique_ptr<const Kernel> MakeArithmeticKernel() { return std::make_unique<Arithmetic>(); }
std::unique_ptr<const Kernel> MakeMaskKernel() { return std::make_unique<Mask>(); }

}  // namespace cubeloom
