#include "cubeloom/kernel/stats/moments.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cubeloom {
namespace {

constexpr char kVersion = 1;
constexpr int64_t kMostElements = int64_t{1} << 56;  // of one state: so that sums of states cannot overflow

// a + b as rounded sum and exact remainder (Knuth).
TwoDouble TwoSum(double a, double b) {
  const double s = a + b;
  const double v = s - a;
  const double low = (a - (s - v)) + (b - v);
  return {s, low - low == 0 ? low : 0};  // nothing is left of an overflow
}

// Chan's update of mean and M2 by a set of `count` finite elements.
struct Part {
  int64_t count;
  TwoDouble mean;
  double m2;
};
void MergeMoments(Moments& to, const Part& part) {
  if (part.count == 0) return;
  if (to.finite == 0) {
    to.mean = part.mean;
    to.m2 = part.m2;
  } else {
    const double a = static_cast<double>(to.finite), b = static_cast<double>(part.count);
    const double d = (part.mean.high - to.mean.high) + (part.mean.low - to.mean.low);
    const double share = d * (b / (a + b));
    to.m2 += part.m2 + d * share * a;
    to.mean.Add(share);
  }
  to.finite += part.count;
}

template <typename F>
void ForEachInteger(F&& f, Moments& m) {
  for (int64_t* field : {&m.finite, &m.nan, &m.min_at, &m.max_at, &m.positive_infinities,
                         &m.negative_infinities, &m.positive_infinity_at, &m.negative_infinity_at}) {
    f(field);
  }
}
template <typename F>
void ForEachReal(F&& f, Moments& m) {
  for (double* field :
       {&m.sum.high, &m.sum.low, &m.mean.high, &m.mean.low, &m.sumsq, &m.m2, &m.min, &m.max}) {
    f(field);
  }
}
constexpr size_t kFields = 16;

}  // namespace

void TwoDouble::Add(double x) {
  const TwoDouble s = TwoSum(high, x);
  const double rest = s.low + low;
  const TwoDouble t = TwoSum(s.high, rest);
  high = t.high;
  low = t.low;
}

void TwoDouble::Add(const TwoDouble& x) {
  Add(x.high);
  Add(x.low);
}

void Moments::AddSums(const BlockMoments& block) {
  nan += block.nan;
  if (block.finite == 0) return;
  sum.Add(block.sum);
  sumsq += block.sumsq;
  MergeMoments(*this, {block.finite, {block.mean, block.mean_low}, block.m2});
}

void Moments::Merge(const Moments& other) {
  nan += other.nan;
  sum.Add(other.sum);
  sumsq += other.sumsq;
  MergeMoments(*this, {other.finite, other.mean, other.m2});
  if (other.min < min) min = other.min, min_at = other.min_at;
  if (other.max > max) max = other.max, max_at = other.max_at;
  if (positive_infinities == 0) positive_infinity_at = other.positive_infinity_at;
  if (negative_infinities == 0) negative_infinity_at = other.negative_infinity_at;
  positive_infinities += other.positive_infinities;
  negative_infinities += other.negative_infinities;
}

std::string Moments::Encode() const {
  std::string out(1, kVersion);
  Moments copy = *this;
  const auto append = [&](const auto* field) {
    out.append(reinterpret_cast<const char*>(field), sizeof(*field));
  };
  ForEachInteger(append, copy);
  ForEachReal(append, copy);
  return out;
}

absl::StatusOr<Moments> Moments::Decode(absl::string_view bytes) {
  if (bytes.size() != 1 + kFields * 8 || bytes[0] != kVersion) {
    return absl::DataLossError(absl::StrCat("state of image.statistics: expected version ", int{kVersion},
                                            " and ", 1 + kFields * 8, " bytes, got ", bytes.size(),
                                            " bytes"));
  }
  Moments m;
  const char* at = bytes.data() + 1;
  const auto take = [&](auto* field) {
    std::memcpy(field, at, sizeof(*field));
    at += sizeof(*field);
  };
  ForEachInteger(take, m);
  ForEachReal(take, m);
  bool bad = false;
  ForEachInteger([&](const int64_t* field) { bad = bad || *field < -1 || *field > kMostElements; }, m);
  if (bad || m.finite < 0 || m.nan < 0 || m.positive_infinities < 0 || m.negative_infinities < 0) {
    return absl::DataLossError("state of image.statistics: a count or position is out of range");
  }
  return m;
}

}  // namespace cubeloom
