// Hdf5Dataset <-> Value: what the probe helper answers with.
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/hdf5/structure.h"

namespace cubeloom {
namespace {

Value ShapeToValue(const Shape& shape) {
  Value::List out;
  for (const int64_t v : shape) out.emplace_back(v);
  return Value(std::move(out));
}

// JSON has no NaN: a real that is not finite becomes a map {"real": "nan"}. Attribute values hold no maps of
// their own.
Value PackReals(const Value& value) {
  if (value.is_list()) {
    Value::List out;
    for (const Value& v : value.list()) out.push_back(PackReals(v));
    return Value(std::move(out));
  }
  if (!value.is_real() || std::isfinite(value.real())) return value;
  Value out;
  out.Set("real", std::isnan(value.real()) ? "nan" : value.real() > 0 ? "inf" : "-inf");
  return out;
}

Value UnpackReals(const Value& value) {
  if (value.is_list()) {
    Value::List out;
    for (const Value& v : value.list()) out.push_back(UnpackReals(v));
    return Value(std::move(out));
  }
  const Value* text = value.Find("real");
  if (text == nullptr || !text->is_string()) return value;
  if (text->string() == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
  const double inf = std::numeric_limits<double>::infinity();
  return Value(text->string() == "inf" ? inf : -inf);
}

Value FilterToValue(const Hdf5Filter& filter) {
  Value::List params;
  for (const int64_t p : filter.params) params.emplace_back(p);
  Value v;
  v.Set("id", filter.id);
  v.Set("name", filter.name);
  v.Set("params", Value(std::move(params)));
  return v;
}

// Reads the fields of one map; the first wrong one is remembered.
class Fields {
 public:
  explicit Fields(const Value& map) : map_(map) {}

  int64_t Int(absl::string_view key, int64_t min, int64_t max) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_int() || v->integer() < min || v->integer() > max) return Fail(key), min;
    return v->integer();
  }
  bool Bool(absl::string_view key) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_bool()) return Fail(key), false;
    return v->boolean();
  }
  std::string Text(absl::string_view key) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_string()) return Fail(key), "";
    return v->string();
  }
  const Value::List& List(absl::string_view key) {
    static const Value::List* const kNone = new Value::List();
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_list()) return Fail(key), *kNone;
    return v->list();
  }
  Shape Extents(absl::string_view key, int64_t min) {
    Shape out;
    for (const Value& v : List(key)) {
      if (!v.is_int() || v.integer() < min || out.rank() == kMaxRank) return Fail(key), Shape();
      out.push_back(v.integer());
    }
    return out;
  }
  // One stored element as hexadecimal digits.
  std::string Element(absl::string_view key, const Value& v, int bytes, bool may_be_empty) {
    if (!v.is_string()) return Fail(key), "";
    for (const char c : v.string()) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return Fail(key), "";
    }
    std::string out = absl::HexStringToBytes(v.string());
    const bool empty = v.string().empty() && may_be_empty;
    if (!empty && v.string().size() != 2 * static_cast<size_t>(bytes)) return Fail(key), "";
    return out;
  }
  void Fail(absl::string_view key) {
    if (bad_.empty()) bad_ = std::string(key);
  }
  absl::Status status() const {
    if (bad_.empty()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("probe answer about HDF5: field '", bad_, "' is missing or wrong"));
  }

 private:
  const Value& map_;
  std::string bad_;
};

Hdf5Type TypeFromFields(Fields& f) {
  Hdf5Type type;
  const absl::StatusOr<DType> dtype = ParseDType(f.Text("dtype"));
  if (!dtype.ok()) return f.Fail("dtype"), type;
  type.dtype = *dtype;
  type.bytes = static_cast<int>(f.Int("bytes", 1, 16));
  type.big_endian = f.Bool("big_endian");
  type.half = f.Bool("half");
  const int expected = type.half ? 2 : static_cast<int>(DTypeSize(type.dtype));
  if (type.bytes != expected || (type.half && type.dtype != DType::kF32)) f.Fail("bytes");
  return type;
}

Hdf5Filter FilterFromValue(Fields& parent, const Value& value) {
  Fields f(value);
  Hdf5Filter filter;
  filter.id = static_cast<int>(f.Int("id", 0, 65535));
  filter.name = f.Text("name");
  for (const Value& p : f.List("params")) {
    if (!p.is_int()) f.Fail("params");
    filter.params.push_back(p.is_int() ? p.integer() : 0);
  }
  if (!f.status().ok()) parent.Fail("filters");
  return filter;
}

void AttributesFromFields(Fields& f, Hdf5Dataset& d) {
  for (const Value& a : f.List("attributes")) {
    if (!a.is_list() || a.list().size() != 2 || !a.list()[0].is_string()) return f.Fail("attributes");
    d.attributes.push_back({a.list()[0].string(), UnpackReals(a.list()[1]), ""});
  }
}

// The chunk fits HDF5's own limit of 4 GiB, and the grid the table.
void CheckChunks(Fields& f, const Hdf5Dataset& d) {
  if (d.chunk.rank() != d.shape.rank() || d.shape.rank() == 0) return f.Fail("chunk");
  const absl::StatusOr<int64_t> elements = CheckedElements(d.chunk, DType::kC128);
  if (!elements.ok() || *elements > int64_t{UINT32_MAX} / d.type.bytes) return f.Fail("chunk");
  int64_t chunks = 1;
  for (int a = 0; a < d.shape.rank(); ++a) {
    const int64_t count = d.shape[a] / d.chunk[a] + (d.shape[a] % d.chunk[a] != 0);
    if (count != 0 && chunks > kMaxHdf5Chunks / count) return f.Fail("chunk");
    chunks *= count;
  }
}

}  // namespace

Value Hdf5DatasetToValue(const Hdf5Dataset& d) {
  Value v;
  v.Set("path", d.path);
  v.Set("dtype", DTypeName(d.type.dtype));
  v.Set("bytes", d.type.bytes);
  v.Set("big_endian", d.type.big_endian);
  v.Set("half", d.type.half);
  v.Set("shape", ShapeToValue(d.shape));
  v.Set("layout", static_cast<int>(d.layout));
  v.Set("chunk", ShapeToValue(d.chunk));
  Value::List filters, attributes, missing;
  for (const Hdf5Filter& filter : d.filters) filters.push_back(FilterToValue(filter));
  v.Set("filters", Value(std::move(filters)));
  v.Set("filters_partial", d.filters_partial);
  v.Set("fill", absl::BytesToHexString(d.fill));
  for (const std::string& m : d.missing) missing.emplace_back(absl::BytesToHexString(m));
  v.Set("missing", Value(std::move(missing)));
  v.Set("offset", d.offset);
  for (const Attribute& a : d.attributes) {
    attributes.emplace_back(Value::List{Value(a.name), PackReals(a.value)});
  }
  v.Set("attributes", Value(std::move(attributes)));
  v.Set("idia", d.idia);
  return v;
}

absl::StatusOr<Hdf5Dataset> Hdf5DatasetFromValue(const Value& value) {
  Fields f(value);
  Hdf5Dataset d;
  d.path = f.Text("path");
  d.type = TypeFromFields(f);
  d.shape = f.Extents("shape", 0);
  if (!CheckedElements(d.shape, DType::kC128).ok()) f.Fail("shape");
  d.layout = static_cast<Hdf5Layout>(f.Int("layout", 0, 2));
  d.chunk = f.Extents("chunk", 1);
  if (d.layout == Hdf5Layout::kChunked) CheckChunks(f, d);
  for (const Value& filter : f.List("filters")) d.filters.push_back(FilterFromValue(f, filter));
  if (d.filters.size() > 32) f.Fail("filters");
  d.filters_partial = f.Bool("filters_partial");
  d.fill = f.Element("fill", Value(f.Text("fill")), d.type.bytes, true);
  for (const Value& m : f.List("missing")) d.missing.push_back(f.Element("missing", m, d.type.bytes, false));
  d.offset = f.Int("offset", -1, INT64_MAX);
  AttributesFromFields(f, d);
  d.idia = f.Bool("idia");
  CL_RETURN_IF_ERROR(f.status());
  return d;
}

int64_t Hdf5ChunkBytes(const Hdf5Dataset& dataset) { return dataset.chunk.elements() * dataset.type.bytes; }

}  // namespace cubeloom
