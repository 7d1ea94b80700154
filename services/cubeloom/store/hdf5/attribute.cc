#include "cubeloom/store/hdf5/attribute.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

template <typename T>
void AppendMemory(T v, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &v, sizeof(T));
  out.append(bytes, sizeof(T));
}

// The type that all elements share; fails when they do not.
enum class Kind { kBool, kInt, kReal, kString };

absl::StatusOr<Kind> KindOf(const Value::List& values) {
  const auto all = [&](auto test) { return std::all_of(values.begin(), values.end(), test); };
  if (all([](const Value& v) { return v.is_string(); })) return values.empty() ? Kind::kReal : Kind::kString;
  if (all([](const Value& v) { return v.is_bool(); })) return Kind::kBool;
  if (all([](const Value& v) { return v.is_int(); })) return Kind::kInt;
  if (all([](const Value& v) { return v.is_number(); })) return Kind::kReal;
  return absl::InvalidArgumentError("its elements are not all numbers, all strings or all bools");
}

struct Encoded {
  std::string type, data;
};

Encoded EncodeStrings(const Value::List& values, Hdf5AttributeStyle style, Hdf5Heap& heap) {
  size_t longest = 1;
  bool ascii = true;
  for (const Value& v : values) {
    longest = std::max(longest, v.string().size());
    ascii = ascii && IsAscii(v.string());
  }
  Encoded out;
  if (style == Hdf5AttributeStyle::kPython) {
    out.type = EncodeHdf5VariableString(true);
    for (const Value& v : values) out.data += heap.Add(v.string());
    return out;
  }
  ++longest;  // readers in C count on a final null
  out.type = EncodeHdf5FixedString(longest, !ascii);
  for (const Value& v : values) {
    out.data += v.string();
    out.data.append(longest - v.string().size(), '\0');
  }
  return out;
}

absl::StatusOr<Encoded> EncodeValues(const Value::List& values, Hdf5AttributeStyle style, Hdf5Heap& heap) {
  CL_ASSIGN_OR_RETURN(const Kind kind, KindOf(values));
  Encoded out;
  switch (kind) {
    case Kind::kString:
      return EncodeStrings(values, style, heap);
    case Kind::kBool:
      out.type = EncodeHdf5Type(style == Hdf5AttributeStyle::kIdia ? DType::kU8 : DType::kBool);
      for (const Value& v : values) out.data.push_back(static_cast<char>(v.boolean()));
      break;
    case Kind::kInt:
      out.type = EncodeHdf5Type(DType::kI64);
      for (const Value& v : values) AppendMemory(v.integer(), out.data);
      break;
    case Kind::kReal:
      out.type = EncodeHdf5Type(DType::kF64);
      for (const Value& v : values) AppendMemory(v.real(), out.data);
      break;
  }
  return out;
}

absl::StatusOr<Hdf5Message> Make(const Hdf5WriteAttribute& attribute, Hdf5AttributeStyle style,
                                 Hdf5Heap& heap) {
  if (attribute.name.empty() || attribute.name.size() > 32000 ||
      attribute.name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("this is no possible name");
  }
  const std::string scalar = EncodeHdf5Space(Shape());
  if (!attribute.element.empty()) {
    return Hdf5AttributeMessage(attribute.name, EncodeHdf5Type(attribute.dtype), scalar, attribute.element);
  }
  const Value& value = attribute.value;
  if (value.is_map()) return absl::InvalidArgumentError("a map has no form in HDF5");
  if (value.is_null()) {
    return Hdf5AttributeMessage(attribute.name, EncodeHdf5Type(DType::kF64), EncodeHdf5NullSpace(), "");
  }
  const Value::List values = value.is_list() ? value.list() : Value::List{value};
  CL_ASSIGN_OR_RETURN(const Encoded e, EncodeValues(values, style, heap));
  const std::string space =
      value.is_list() ? EncodeHdf5Space(Shape{static_cast<int64_t>(values.size())}) : scalar;
  Hdf5Message message = Hdf5AttributeMessage(attribute.name, e.type, space, e.data);
  if (message.data.size() <= kMaxHdf5Message) return message;
  return absl::InvalidArgumentError(
      absl::StrCat("takes ", message.data.size(), " bytes, an attribute has at most ", kMaxHdf5Message));
}

}  // namespace

absl::StatusOr<Hdf5Message> MakeHdf5Attribute(const Hdf5WriteAttribute& attribute, Hdf5AttributeStyle style,
                                              Hdf5Heap& heap) {
  CL_ASSIGN_OR_RETURN_IN(Hdf5Message message, Make(attribute, style, heap),
                         absl::StrCat("attribute '", attribute.name.substr(0, 100), "'"));
  return message;
}

std::vector<Hdf5WriteAttribute> Hdf5UniqueAttributes(const std::vector<Attribute>& attributes) {
  std::vector<Hdf5WriteAttribute> out;
  absl::flat_hash_map<std::string, size_t> places;
  for (const Attribute& a : attributes) {
    const std::string name = a.name.empty() ? "COMMENT" : a.name;
    const bool commentary = (name == "COMMENT" || name == "HISTORY") && a.value.is_string();
    const auto [it, is_new] = places.emplace(name, out.size());
    if (is_new) out.push_back({name, commentary ? Value(Value::List()) : a.value, "", DType::kF64});
    Hdf5WriteAttribute& entry = out[it->second];
    if (!commentary) {
      entry.value = a.value;
    } else if (entry.value.is_list()) {
      entry.value.list().push_back(a.value);
    }
  }
  return out;
}

}  // namespace cubeloom
