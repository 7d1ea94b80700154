// One suite for every kernel: what the kernel interface promises, checked on the author's own cases.
//
//   TEST(GaussianTest, Conforms) {
//     const auto kernel = MakeGaussian();
//     RunConformance(*kernel, {{"nan", {{"sigma", 2.0}},
//                               [] { return OnePerPort({SampleArray({257, 1031}, {.nan_fraction = 0.1})});
//                               }}});
//   }
//
// For each case the results must be byte-equal (ContentDigest) to those of a plain run, for
//   schedule    1, 2 and 4 threads, an executor that shuffles, arrays whose reads take uneven time
//   chunks      Map: whole, rows, columns, primes, single elements; the computed array read by boxes;
//               Reduce: other task sizes, leaf states merged in random order, states of many leaves if
//               order_free()
//   machine     every instruction set that this machine has (SetSimdLevel)
//   inputs      chunks that end at an inaccessible page, strided chunks, other natural chunks, other dtypes
//   of the
//               same values where the engine converts them to the one that the kernel sees for f32
//   memory      outputs between guard pages, filled with other bytes before
//   states      Encode/Decode at every Merge, and Encode(Decode(x)) == x
// and these must end well:
//   special     all NaN, all invalid, infinities, one element, an empty array: a result or a user error, the
//   same
//               in two very different runs; `check_special` sees it
//   failures    reads and allocations that fail: their own status comes out; damaged and cut states: no crash
//   cancelling  a token fired at a read: Cancelled, and no more than 10 ms of work (by the kernel's cost
//   model) is begun
//               after it; a kernel whose piece of work is longer by its cost model must poll inside the piece
//   arguments   unknown names, wrong types, values out of range: InvalidArgument naming the parameter
// The kernel's declaration is checked too. Wall time is never measured.
#ifndef CUBELOOM_KERNEL_TESTING_CONFORMANCE_H_
#define CUBELOOM_KERNEL_TESTING_CONFORMANCE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cubeloom/kernel/api/kernel.h"
#include "cubeloom/kernel/testing/array_variants.h"
#include "cubeloom/kernel/testing/sample_arrays.h"

namespace cubeloom {

// Inputs that the kernel takes without error. Give a Reduce one case of at least 3 leaves (256 KiB each),
// else its merging is not tested; the others may be small. Prime extents make ragged edges.
struct ConformanceCase {
  std::string name;
  Value::Map args;
  std::function<std::vector<PortPayloads>()> inputs;  // one list a declared port; deterministic
};

// Arguments (tried with the first case's inputs) that BindArgs or Infer must refuse, naming `names` in the
// message.
struct BadArgument {
  Value::Map args;
  std::string names;
};

struct ConformanceOptions {
  std::vector<BadArgument> bad_args;  // beyond those that follow from the parameter schema
  std::vector<Shape> chunks;          // further output chunks of a Map
  // Looks at the result of a special input ("nan", "invalid", "infinite", "one element", "empty") of a case
  // and returns what is wrong with it, or "".
  std::function<std::string(absl::string_view special, const absl::StatusOr<std::vector<Payload>>& result)>
      check_special;
  // A kernel that takes integers itself and promises the f32 result for them too (leaves differ by dtype, so
  // this is for sums that are exact).
  bool same_for_native_dtypes = false;
  // For a Reduce that cannot have 3 leaves in a test.
  bool allow_single_leaf = false;
};

// What is wrong with the kernel, one text a violation: "case 'x', <run>: <what>".
std::vector<std::string> FindViolations(const Kernel& kernel, const std::vector<ConformanceCase>& cases,
                                        const ConformanceOptions& options = {});

// FindViolations as GoogleTest failures.
void RunConformance(const Kernel& kernel, const std::vector<ConformanceCase>& cases,
                    const ConformanceOptions& options = {});

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_TESTING_CONFORMANCE_H_
