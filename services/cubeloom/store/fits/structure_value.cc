// FitsStructure <-> Value: what the probe helper answers with.
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"
#include "cubeloom/store/fits/structure.h"

namespace cubeloom {
namespace {

Value IntList(const std::vector<int64_t>& values) {
  Value::List out;
  for (const int64_t v : values) out.emplace_back(v);
  return Value(std::move(out));
}

void SetOptional(Value& map, absl::string_view key, const std::optional<int64_t>& v) {
  if (v.has_value()) map.Set(key, *v);
}

void SetOptional(Value& map, absl::string_view key, const std::optional<double>& v) {
  if (v.has_value()) map.Set(key, *v);
}

Value CardsToValue(const std::vector<Attribute>& cards) {
  Value::List out;
  out.reserve(cards.size());
  for (const Attribute& a : cards) out.emplace_back(Value::List{Value(a.name), a.value, Value(a.comment)});
  return Value(std::move(out));
}

Value ColumnToValue(const FitsColumn& c) {
  Value v;
  v.Set("name", c.name);
  v.Set("unit", c.unit);
  v.Set("type", static_cast<int64_t>(c.type));
  v.Set("element", static_cast<int64_t>(c.element));
  v.Set("repeat", c.repeat);
  v.Set("offset", c.offset);
  v.Set("bytes", c.bytes);
  v.Set("scale", c.scale);
  v.Set("zero", c.zero);
  SetOptional(v, "null", c.null);
  return v;
}

Value TilesToValue(const FitsTiles& t) {
  Value v;
  v.Set("algorithm", t.algorithm);
  v.Set("tile", IntList(t.tile));
  v.Set("quantiser", t.quantiser);
  v.Set("dither_seed", t.dither_seed);
  v.Set("rice_block", t.rice_block);
  v.Set("rice_bytes", t.rice_bytes);
  SetOptional(v, "blank", t.blank);
  SetOptional(v, "scale", t.scale);
  SetOptional(v, "zero", t.zero);
  return v;
}

Value HduToValue(const FitsHdu& h) {
  Value v;
  v.Set("number", h.number);
  v.Set("name", h.name);
  v.Set("version", h.version);
  v.Set("kind", static_cast<int64_t>(h.kind));
  v.Set("bitpix", h.bitpix);
  v.Set("axes", IntList(h.axes));
  v.Set("header_offset", h.header_offset);
  v.Set("data_offset", h.data_offset);
  v.Set("data_size", h.data_size);
  v.Set("bscale", h.bscale);
  v.Set("bzero", h.bzero);
  SetOptional(v, "blank", h.blank);
  if (h.kind == HduKind::kTable || h.tiles.has_value()) {
    v.Set("rows", h.rows);
    v.Set("row_bytes", h.row_bytes);
    v.Set("heap_offset", h.heap_offset);
    v.Set("heap_size", h.heap_size);
    Value::List columns;
    for (const FitsColumn& c : h.columns) columns.push_back(ColumnToValue(c));
    v.Set("columns", Value(std::move(columns)));
  }
  if (h.tiles.has_value()) v.Set("tiles", TilesToValue(*h.tiles));
  v.Set("cards", CardsToValue(h.cards));
  return v;
}

// Reads the fields of one map; the first wrong one is remembered.
class Fields {
 public:
  explicit Fields(const Value& map) : map_(map) {}

  int64_t Int(absl::string_view key, int64_t min = INT64_MIN) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_int() || v->integer() < min) return Fail(key), 0;
    return v->integer();
  }
  double Real(absl::string_view key) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_number()) return Fail(key), 0.0;
    return v->real();
  }
  std::string Text(absl::string_view key) {
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_string()) return Fail(key), "";
    return v->string();
  }
  std::optional<int64_t> OptionalInt(absl::string_view key) {
    if (map_.Find(key) == nullptr) return std::nullopt;
    return Int(key);
  }
  std::optional<double> OptionalReal(absl::string_view key) {
    if (map_.Find(key) == nullptr) return std::nullopt;
    return Real(key);
  }
  const Value::List& List(absl::string_view key) {
    static const Value::List* const kNone = new Value::List();
    const Value* v = map_.Find(key);
    if (v == nullptr || !v->is_list()) return Fail(key), *kNone;
    return v->list();
  }
  std::vector<int64_t> Ints(absl::string_view key) {
    std::vector<int64_t> out;
    for (const Value& v : List(key)) {
      if (!v.is_int() || v.integer() < 0) Fail(key);
      out.push_back(v.is_int() ? v.integer() : 0);
    }
    return out;
  }
  void Fail(absl::string_view key) {
    if (bad_.empty()) bad_ = std::string(key);
  }
  absl::Status status() const {
    if (bad_.empty()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("probe answer about FITS: field '", bad_, "' is missing or wrong"));
  }

 private:
  const Value& map_;
  std::string bad_;
};

absl::StatusOr<FitsColumn> ColumnFromValue(const Value& value) {
  Fields f(value);
  FitsColumn c;
  c.name = f.Text("name");
  c.unit = f.Text("unit");
  c.type = static_cast<char>(f.Int("type", 0));
  c.element = static_cast<char>(f.Int("element", 0));
  c.repeat = f.Int("repeat", 0);
  c.offset = f.Int("offset", 0);
  c.bytes = f.Int("bytes", 0);
  c.scale = f.Real("scale");
  c.zero = f.Real("zero");
  c.null = f.OptionalInt("null");
  CL_RETURN_IF_ERROR(f.status());
  return c;
}

absl::StatusOr<FitsTiles> TilesFromValue(const Value& value) {
  Fields f(value);
  FitsTiles t;
  t.algorithm = f.Text("algorithm");
  t.tile = f.Ints("tile");
  t.quantiser = f.Text("quantiser");
  t.dither_seed = f.Int("dither_seed", 0);
  t.rice_block = f.Int("rice_block", 1);
  t.rice_bytes = f.Int("rice_bytes", 1);
  t.blank = f.OptionalInt("blank");
  t.scale = f.OptionalReal("scale");
  t.zero = f.OptionalReal("zero");
  CL_RETURN_IF_ERROR(f.status());
  return t;
}

absl::Status TableFromValue(const Value& value, Fields& f, FitsHdu& h) {
  h.rows = f.Int("rows", 0);
  h.row_bytes = f.Int("row_bytes", 0);
  h.heap_offset = f.Int("heap_offset", 0);
  h.heap_size = f.Int("heap_size", 0);
  for (const Value& column : f.List("columns")) {
    CL_ASSIGN_OR_RETURN(FitsColumn c, ColumnFromValue(column));
    h.columns.push_back(std::move(c));
  }
  if (const Value* tiles = value.Find("tiles")) {
    CL_ASSIGN_OR_RETURN(h.tiles, TilesFromValue(*tiles));
  }
  return f.status();
}

absl::StatusOr<FitsHdu> HduFromValue(const Value& value) {
  Fields f(value);
  FitsHdu h;
  h.number = static_cast<int>(f.Int("number", 0));
  h.name = f.Text("name");
  h.version = static_cast<int>(f.Int("version"));
  h.kind = static_cast<HduKind>(f.Int("kind", 0));
  h.bitpix = static_cast<int>(f.Int("bitpix"));
  h.axes = f.Ints("axes");
  h.header_offset = f.Int("header_offset", 0);
  h.data_offset = f.Int("data_offset", 0);
  h.data_size = f.Int("data_size", 0);
  h.bscale = f.Real("bscale");
  h.bzero = f.Real("bzero");
  h.blank = f.OptionalInt("blank");
  if (value.Find("rows") != nullptr) CL_RETURN_IF_ERROR(TableFromValue(value, f, h));
  for (const Value& card : f.List("cards")) {
    if (!card.is_list() || card.list().size() != 3 || !card.list()[0].is_string() ||
        !card.list()[2].is_string()) {
      f.Fail("cards");
      break;
    }
    h.cards.push_back({card.list()[0].string(), card.list()[1], card.list()[2].string()});
  }
  CL_RETURN_IF_ERROR(f.status());
  return h;
}

}  // namespace

Value StructureToValue(const FitsStructure& structure) {
  Value::List hdus;
  for (const FitsHdu& h : structure.hdus) hdus.push_back(HduToValue(h));
  Value v;
  v.Set("file_size", structure.file_size);
  v.Set("trailing_bytes", structure.trailing_bytes);
  v.Set("hdus", Value(std::move(hdus)));
  return v;
}

absl::StatusOr<FitsStructure> StructureFromValue(const Value& value) {
  Fields f(value);
  FitsStructure s;
  s.file_size = f.Int("file_size", 0);
  s.trailing_bytes = f.Int("trailing_bytes", 0);
  for (const Value& hdu : f.List("hdus")) {
    CL_ASSIGN_OR_RETURN(FitsHdu h, HduFromValue(hdu));
    s.hdus.push_back(std::move(h));
  }
  CL_RETURN_IF_ERROR(f.status());
  return s;
}

}  // namespace cubeloom
