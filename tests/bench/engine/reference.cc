#include "bench/engine/reference.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom::bench {
namespace {

absl::Status Wrong(absl::string_view what, double found, double expected) {
  return absl::InternalError(absl::StrCat("wrong ", what, ": ", found, " instead of ", expected));
}

}  // namespace

absl::StatusOr<Statistics> NaiveStatistics(const NoiseSpec& spec, const std::string& path) {
  Statistics s;
  s.min = INFINITY, s.max = -INFINITY;
  CL_RETURN_IF_ERROR(ForEachValue(spec, path, [&](int64_t, const double* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      s.sum += static_cast<float>(v[i]);
      s.min = std::min(s.min, v[i]);
      s.max = std::max(s.max, v[i]);
    }
    s.count += n;
  }));
  s.mean = s.sum / static_cast<double>(s.count);
  double squares = 0;
  CL_RETURN_IF_ERROR(ForEachValue(spec, path, [&](int64_t, const double* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
      squares += (static_cast<float>(v[i]) - s.mean) * (static_cast<float>(v[i]) - s.mean);
  }));
  s.sigma = std::sqrt(squares / static_cast<double>(s.count - 1));
  return s;
}

absl::Status CheckStatistics(const Statistics& expected, const Value& statistics) {
  const double n = static_cast<double>(expected.count), near = 1e-9 * expected.sigma;
  const struct {
    const char* key;
    double value, tolerance;
  } fields[] = {{"count", n, 0},
                {"min", static_cast<float>(expected.min), 0},
                {"max", static_cast<float>(expected.max), 0},
                {"sum", expected.sum, near * n},
                {"mean", expected.mean, near},
                {"sigma", expected.sigma, near}};
  for (const auto& field : fields) {
    const Value* found = statistics.Find(field.key);
    if (found == nullptr || !found->is_number())
      return absl::InternalError(absl::StrCat("no entry ", field.key));
    if (std::abs(found->real() - field.value) > field.tolerance)
      return Wrong(field.key, found->real(), field.value);
  }
  return absl::OkStatus();
}

absl::StatusOr<Histogram> NaiveHistogram(const NoiseSpec& spec, const std::string& path, int64_t bins) {
  CL_ASSIGN_OR_RETURN(const Statistics s, NaiveStatistics(spec, path));
  Histogram h{s.min, s.max, std::vector<int64_t>(static_cast<size_t>(bins))};
  const double width = (h.max - h.min) / static_cast<double>(bins);
  CL_RETURN_IF_ERROR(ForEachValue(spec, path, [&](int64_t, const double* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t bin = static_cast<int64_t>(std::floor((v[i] - h.min) / width));
      ++h.counts[static_cast<size_t>(std::min(bin, bins - 1))];
    }
  }));
  return h;
}

absl::Status CheckHistogram(const Histogram& expected, const TablePtr& table) {
  const Column* column = table->Find("count");
  const auto* counts = column == nullptr ? nullptr : std::get_if<std::vector<int64_t>>(&column->values);
  if (counts == nullptr || counts->size() != expected.counts.size()) {
    return absl::InternalError(absl::StrCat("histogram without ", expected.counts.size(), " counts"));
  }
  for (size_t b = 0; b < counts->size(); ++b) {
    if ((*counts)[b] != expected.counts[b]) {
      return Wrong(absl::StrCat("count of bin ", b), static_cast<double>((*counts)[b]),
                   static_cast<double>(expected.counts[b]));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> NaivePlaneMeans(const NoiseSpec& spec, const std::string& path) {
  const int64_t plane = spec.shape[1] * spec.shape[2];
  std::vector<double> means(static_cast<size_t>(spec.shape[0]));
  CL_RETURN_IF_ERROR(ForEachValue(spec, path, [&](int64_t first, const double* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) means[static_cast<size_t>((first + i) / plane)] += v[i];
  }));
  for (double& mean : means) mean /= static_cast<double>(plane);
  return means;
}

absl::StatusOr<std::vector<double>> NaiveMoment0(const NoiseSpec& spec, const std::string& path) {
  const int64_t plane = spec.shape[1] * spec.shape[2];
  std::vector<double> sums(static_cast<size_t>(plane));
  CL_RETURN_IF_ERROR(ForEachValue(spec, path, [&](int64_t first, const double* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) sums[static_cast<size_t>((first + i) % plane)] += v[i] * kChannelWidth;
  }));
  return sums;
}

absl::Status CheckArray(const std::vector<double>& expected, const ArrayPtr& array, double tolerance) {
  const Shape& shape = array->desc().shape;
  if (shape.elements() != static_cast<int64_t>(expected.size())) {
    return Wrong("number of elements", static_cast<double>(shape.elements()),
                 static_cast<double>(expected.size()));
  }
  CL_ASSIGN_OR_RETURN(Chunk chunk, array->Read(Box::Whole(shape), {}));
  CL_ASSIGN_OR_RETURN(chunk, ConvertChunk(chunk, DType::kF64, Allocator::Heap()));
  CL_ASSIGN_OR_RETURN(chunk, MakeContiguous(chunk, Allocator::Heap()));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double found = chunk.as<double>()[i];
    if (!(std::abs(found - expected[i]) <= tolerance))
      return Wrong(absl::StrCat("element ", i), found, expected[i]);
  }
  return absl::OkStatus();
}

}  // namespace cubeloom::bench
