// Status propagation and classification.
//
// Every fallible function of Cubeloom returns absl::Status or absl::StatusOr. A layer that passes an
// error on adds "doing what to which object" in front of the message; it never changes the code unless
// it knows better. Whether an operation may be repeated, and who is at fault, travels in the status too.
#ifndef CUBELOOM_BASE_STATUS_H_
#define CUBELOOM_BASE_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Returns from the calling function when `expr` (an absl::Status) is not OK.
#define CL_RETURN_IF_ERROR(expr)                              \
  do {                                                        \
    if (absl::Status cl_status_ = (expr); !cl_status_.ok()) { \
      return cl_status_;                                      \
    }                                                         \
  } while (false)

// As CL_RETURN_IF_ERROR, with "<context>: " put before the message. `context` is evaluated on error only.
#define CL_RETURN_IF_ERROR_IN(expr, context)                  \
  do {                                                        \
    if (absl::Status cl_status_ = (expr); !cl_status_.ok()) { \
      return ::cubeloom::Annotate(cl_status_, (context));     \
    }                                                         \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): lhs may be a declaration
#define CL_STATUS_CONCAT_(a, b) a##b
#define CL_STATUS_NAME_(line) CL_STATUS_CONCAT_(cl_status_or_, line)

// CL_ASSIGN_OR_RETURN(auto x, StatusOrExpression()): declares or assigns `lhs`, or returns the error.
#define CL_ASSIGN_OR_RETURN(lhs, expr) CL_ASSIGN_OR_RETURN_(CL_STATUS_NAME_(__LINE__), lhs, expr)
#define CL_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                         \
  if (!tmp.ok()) {                           \
    return std::move(tmp).status();          \
  }                                          \
  lhs = std::move(tmp).value()

// As CL_ASSIGN_OR_RETURN, with "<context>: " put before the message.
#define CL_ASSIGN_OR_RETURN_IN(lhs, expr, context) \
  CL_ASSIGN_OR_RETURN_IN_(CL_STATUS_NAME_(__LINE__), lhs, expr, context)
#define CL_ASSIGN_OR_RETURN_IN_(tmp, lhs, expr, context)  \
  auto tmp = (expr);                                      \
  if (!tmp.ok()) {                                        \
    return ::cubeloom::Annotate(tmp.status(), (context)); \
  }                                                       \
  lhs = std::move(tmp).value()
// NOLINTEND(bugprone-macro-parentheses)

namespace cubeloom {

// Puts "<context>: " before the message of a failed status; code and payloads are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

// Whose failure it is. User errors (bad data, kernel said no) and infrastructure errors (worker lost,
// peer unreachable, disk full) are counted against separate budgets.
enum class Blame { kUser, kInfrastructure };

// What the caller may do about a failure.
enum class Repeat {
  kNever,      // terminal: the same call fails again
  kAtOnce,     // transient: repeat, with back-off
  kAfterDelay  // repeat after RetryDelay(status)
};

// Blame and Repeat of a failed status. By default Unavailable, Aborted, ResourceExhausted and
// DeadlineExceeded are infrastructure errors that may be repeated; everything else is a terminal user error.
Blame BlameOf(const absl::Status& status);
Repeat RepeatOf(const absl::Status& status);
absl::Duration RetryDelay(const absl::Status& status);  // zero where the status names none

// Overrides the defaults above for this status (kept as a payload, so it survives Annotate and transport).
// The two are independent: a blame says nothing about repeating. A delay of zero means "at once", an
// infinite one "never". A malformed payload from a peer counts as absent; an OK status stays OK.
absl::Status WithBlame(absl::Status status, Blame blame);
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

}  // namespace cubeloom

#endif  // CUBELOOM_BASE_STATUS_H_
