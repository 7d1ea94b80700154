// The kernel interface.
//
// A kernel is a named function with typed ports and a parameter schema. Authors write one of four shapes
// and the engine does the parallelism, the streaming and the recovery:
//
//   Map        output box -> the input boxes it needs -> fill the output box. Every output element is
//   computed
//              wholly inside one call, so results cannot depend on the chunking.
//   Reduce     Accumulate(state, leaf), Merge(left, right), Finish(state). Runs over the canonical leaves of
//              its first array; leaf states merge in the fixed binary tree of TreeMerger, in index order.
//   Task       whole inputs -> whole outputs.
//   Composite  expands into other kernels before unrolling.
//
// Contract for all: no I/O, no threads, no globals, no clocks, no randomness but from a seed parameter;
// memory of more than a few KiB comes from the given allocator; the cancel token is polled at least every 10
// ms. Kernel objects are immutable and shared by all threads. Bad arguments and bad data give InvalidArgument
// or DataLoss that names the parameter or input.
#ifndef CUBELOOM_KERNEL_API_KERNEL_H_
#define CUBELOOM_KERNEL_API_KERNEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cubeloom/array/chunk/payload.h"
#include "cubeloom/base/cancel.h"

namespace cubeloom {

enum class KernelShape : uint8_t { kMap, kReduce, kTask, kComposite };

struct PortSpec {
  std::string name;
  PayloadKind kind = PayloadKind::kArray;
  std::string doc;  // meaning, shape and unit
  bool optional = false;
  bool variadic = false;  // takes any number (>= 1) of payloads in index order, e.g. gathered instances
  // Arrays: dtypes that the kernel handles itself. The engine converts anything else to the first of these to
  // which the conversion is lossless, or to the last one. Empty: all dtypes.
  std::vector<DType> accepts;
};

enum class ParamType : uint8_t {
  kBool,
  kInteger,
  kReal,
  kString,
  kIntegerList,
  kRealList,
  kStringList,
  kMap
};
const char* ParamTypeName(ParamType type);

struct ParamSpec {
  std::string name;
  ParamType type = ParamType::kReal;
  Value default_value;  // null and !required: absent unless given
  bool required = false;
  std::string unit;  // "pixel", "Jy/beam", "" for none
  std::string doc;
  double min = -1e308, max = 1e308;  // of numbers and of the elements of number lists
  std::vector<std::string> choices;  // of strings; empty: any
};

struct KernelInfo {
  std::string name;  // family.name, e.g. "image.statistics"
  int major = 1;     // changed results mean a new major
  KernelShape shape = KernelShape::kTask;
  std::string summary;    // one line
  std::string doc;        // definition, conventions
  std::string reference;  // what it must equal
  std::string tolerance;  // and how closely
  std::vector<PortSpec> inputs;
  std::vector<PortSpec> outputs;
  std::vector<ParamSpec> params;
  double ns_per_element = 1.0;  // cost model: time on one core per element of the largest input
  double ns_fixed = 1000.0;     // plus this per call

  std::string identity() const { return name + "@" + std::to_string(major); }
};

// Arguments after checking and defaults: every declared parameter that has a value, in declared order.
class Args {
 public:
  Args() = default;
  explicit Args(Value::Map values) : values_(std::move(values)) {}
  bool has(absl::string_view name) const;
  // For declared parameters whose type was checked by BindArgs; the name must exist.
  bool boolean(absl::string_view name) const;
  int64_t integer(absl::string_view name) const;
  double real(absl::string_view name) const;
  const std::string& string(absl::string_view name) const;
  std::vector<double> reals(absl::string_view name) const;
  std::vector<int64_t> integers(absl::string_view name) const;
  const Value& value(absl::string_view name) const;
  const Value::Map& values() const { return values_; }

 private:
  Value::Map values_;
};

// Checks names (nearest known one in the message), types, ranges, choices and fills defaults.
absl::StatusOr<Args> BindArgs(const KernelInfo& info, const Value::Map& given);

// What is known of an input before any data: desc for arrays, nothing for the other kinds. One entry a
// payload (several for a variadic port); absent optional ports have an empty list.
struct InputDesc {
  std::vector<ArrayDesc> arrays;
  int64_t count = 0;
};

// What an output will be.
struct OutputDesc {
  PayloadKind kind = PayloadKind::kArray;
  ArrayDesc array;  // kind kArray
};

// One bound port at run time: the payloads in index order (exactly one unless variadic; none when absent).
using PortPayloads = std::vector<Payload>;

// A view of an input chunk, contiguous or strided as Chunk says, of an accepted dtype. f32 and f64 chunks
// never carry validity bits here: the engine has put NaN in their place.
using InputChunks = std::vector<std::vector<Chunk>>;  // [port][payload]

// Memory, cancellation and the run's facts for one call.
struct KernelContext {
  Allocator* allocator = &Allocator::Heap();
  CancelToken cancel;
  // Reads parts of an input on behalf of a Task (Map and Reduce get their chunks handed in).
  ReadContext read() const { return {allocator, cancel}; }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual const KernelInfo& info() const = 0;
  // Checks arguments and input descriptions against each other and says what comes out, in port order.
  // Called before any data is read, and again when the exact inputs are known.
  virtual absl::StatusOr<std::vector<OutputDesc>> Infer(const Args& args,
                                                        absl::Span<const InputDesc> inputs) const = 0;
};

// Everything a running kernel instance knows; `inputs` are by declared port.
struct Invocation {
  const Args* args = nullptr;
  absl::Span<const PortPayloads> inputs;
  absl::Span<const OutputDesc> outputs;  // as inferred
};

class MapKernel : public Kernel {
 public:
  // Per-invocation precomputation (weights, masks, a table): made once before the first Run() and shared,
  // read only, by all of them. nullptr when there is none.
  class Plan {
   public:
    virtual ~Plan() = default;
  };
  virtual absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                        const KernelContext& context) const;

  // The box of array input (`port`, `index`) that is needed for `out` of the outputs, cut to the input's
  // shape by the engine. All outputs of a Map have the same shape. Default: the same box (elementwise).
  virtual Box InputBox(const Invocation& invocation, int port, int index, const Box& out) const;
  // Bytes of scratch beyond inputs and outputs for an output box.
  virtual int64_t ScratchBytes(const Invocation& invocation, const Box& out) const { return 0; }
  // Preferred output chunk; empty: the engine chooses blocks of whole rows of about 1 MiB.
  virtual Shape PreferredChunk(const Invocation& invocation) const { return Shape(); }

  struct Call {
    const Invocation* invocation;
    const Plan* plan;
    Box out;                            // of every output
    const InputChunks* in;              // the boxes asked for by InputBox
    absl::Span<std::byte* const> data;  // one contiguous row-major block of `out` per output, 64-byte aligned
    // Validity bits per output (zeroed to "all valid" = 1 bits before the call); nullptr for float outputs,
    // which say NaN instead.
    absl::Span<uint8_t* const> validity;
  };
  virtual absl::Status Run(const Call& call, const KernelContext& context) const = 0;
};

class ReduceKernel : public Kernel {
 public:
  class State {
   public:
    virtual ~State() = default;
  };
  class Plan {
   public:
    virtual ~Plan() = default;
  };
  // As MapKernel::Prepare.
  virtual absl::StatusOr<std::unique_ptr<Plan>> Prepare(const Invocation& invocation,
                                                        const KernelContext& context) const;

  // True when merging is exact in any order (counts, integer sums, min/max): then one state per thread may
  // take many leaves in any order, and the result is the same.
  virtual bool order_free() const { return false; }
  // The part of the first array that matters; leaves outside are skipped, others are cut to it.
  virtual Box Region(const Invocation& invocation, const Plan* plan) const;

  struct Call {
    const Invocation* invocation;
    const Plan* plan;
    Box leaf;  // of the first array input
    const InputChunks*
        in;  // every array input of the same shape as the first, at `leaf`; others are left empty
  };
  virtual std::unique_ptr<State> NewState(const Invocation& invocation, const Plan* plan) const = 0;
  virtual absl::Status Accumulate(const Call& call, State& state, const KernelContext& context) const = 0;
  // `left` covers the leaves right before those of `right`.
  virtual absl::Status Merge(State& left, const State& right) const = 0;
  virtual absl::StatusOr<std::vector<Payload>> Finish(const Invocation& invocation, const Plan* plan,
                                                      State& state, const KernelContext& context) const = 0;
  // State as bytes, for moving it between workers: version byte first, bounded size.
  virtual absl::StatusOr<std::string> Encode(const State& state) const = 0;
  virtual absl::StatusOr<std::unique_ptr<State>> Decode(absl::string_view bytes) const = 0;
};

class TaskKernel : public Kernel {
 public:
  virtual absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                                   const KernelContext& context) const = 0;
};

// A kernel made of kernels. Expanded in the logical graph before unrolling.
class CompositeKernel : public Kernel {
 public:
  struct Step {
    std::string
        name;  // suffix of the node id: "<node>.<name>"; "" for the step that replaces the node itself
    std::string kernel;
    Value::Map args;
    // port -> "$port" for an input of the composite, or "step:port" for an output of an earlier step
    std::vector<std::pair<std::string, std::string>> inputs;
  };
  // Output ports of the composite are those of its step "". Steps are in order of dependence.
  virtual absl::StatusOr<std::vector<Step>> Expand(const Args& args) const = 0;
};

// The kernels of a program: a value that main fills and hands in. Not thread-safe while being filled.
class KernelCatalogue {
 public:
  // Checks the info (names, unique ports and parameters, defaults within range); a name may be added once.
  absl::Status Add(std::unique_ptr<const Kernel> kernel);
  // nullptr when unknown.
  const Kernel* Find(absl::string_view name) const;
  // NotFound with the nearest known name.
  absl::StatusOr<const Kernel*> Get(absl::string_view name) const;
  std::vector<const Kernel*> List() const;  // by name

 private:
  std::vector<std::unique_ptr<const Kernel>> kernels_;  // sorted by name
};

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_KERNEL_H_
