// Checks of one parameter value and of a kernel's declaration; shared by BindArgs, KernelCatalogue and tests.
#ifndef CUBELOOM_KERNEL_API_PARAM_CHECK_H_
#define CUBELOOM_KERNEL_API_PARAM_CHECK_H_

#include "absl/status/statusor.h"
#include "cubeloom/kernel/api/kernel.h"

namespace cubeloom {

// `value` in the form that Args holds: whole reals and decimal strings become integers for integer types,
// integers become reals for real types. InvalidArgument says what was expected and what was there, without
// the parameter's name.
absl::StatusOr<Value> CheckParam(const ParamSpec& spec, const Value& value);

// The declaration on its own: names, unique ports and parameters, defaults in range, the class's shape. The
// error does not name the kernel.
absl::Status CheckDeclaration(const Kernel& kernel);

}  // namespace cubeloom

#endif  // CUBELOOM_KERNEL_API_PARAM_CHECK_H_
