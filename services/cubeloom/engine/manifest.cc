#include "cubeloom/engine/manifest.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cubeloom/base/status.h"

namespace cubeloom::engine {
namespace {

constexpr char kFormat[] = "cubeloom-manifest";

// Reads the members of one JSON object; the first problem is kept.
class Reader {
 public:
  Reader(const Value& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value.is_map()) Fail("is not an object");
  }
  std::string Text(const char* key) {
    const Value* v = Get(key);
    if (v != nullptr && !v->is_string()) Fail(absl::StrCat("'", key, "' is not a string"));
    return v != nullptr && v->is_string() ? v->string() : std::string();
  }
  int64_t Int(const char* key) {
    const Value* v = Get(key);
    if (v != nullptr && !v->is_int()) Fail(absl::StrCat("'", key, "' is not an integer"));
    return v != nullptr && v->is_int() ? v->integer() : 0;
  }
  Value::Map Map(const char* key) {
    const Value* v = Get(key);
    if (v != nullptr && !v->is_map()) Fail(absl::StrCat("'", key, "' is not an object"));
    return v != nullptr && v->is_map() ? v->map() : Value::Map();
  }
  Value::List List(const char* key) {
    const Value* v = Get(key);
    if (v != nullptr && !v->is_list()) Fail(absl::StrCat("'", key, "' is not a list"));
    return v != nullptr && v->is_list() ? v->list() : Value::List();
  }
  void Fail(const std::string& what) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat(where_, ": ", what));
  }
  const absl::Status& status() const { return status_; }

 private:
  const Value* Get(const char* key) {
    const Value* v = value_.Find(key);
    if (v == nullptr) Fail(absl::StrCat("'", key, "' is missing"));
    return v;
  }
  const Value& value_;
  const std::string where_;
  absl::Status status_;
};

// Differences of two keyed lists of texts, as lines "<what> <key>: <a> / <b>".
void Diff(const char* what, const std::map<std::string, std::string>& a,
          const std::map<std::string, std::string>& b, std::vector<std::string>* out) {
  for (const auto& [key, text] : a) {
    const auto it = b.find(key);
    if (it == b.end()) {
      out->push_back(absl::StrCat(what, " ", key, ": only in the first"));
    } else if (it->second != text) {
      out->push_back(absl::StrCat(what, " ", key, ": ", text.substr(0, 60), " / ", it->second.substr(0, 60)));
    }
  }
  for (const auto& [key, text] : b) {
    if (a.count(key) == 0) out->push_back(absl::StrCat(what, " ", key, ": only in the second"));
  }
}

template <typename T, typename Key, typename Text>
std::map<std::string, std::string> Keyed(const std::vector<T>& items, Key key, Text text) {
  std::map<std::string, std::string> out;
  for (const T& item : items) out[key(item)] = text(item);
  return out;
}

template <typename T, typename F>
Value ListOf(const std::vector<T>& items, F f) {
  Value::List list;
  for (const T& item : items) list.push_back(f(item));
  return Value(std::move(list));
}

}  // namespace

std::string ManifestToJson(const Manifest& m) {
  Value out(Value::Map{{"format", Value(kFormat)}, {"version", Value(kManifestVersion)}});
  out.Set("graph", Value(Value::Map{{"name", Value(m.graph_name)}, {"sha256", Value(m.graph_sha256)}}));
  out.Set("parameters", Value(m.parameters));
  out.Set("kernels", ListOf(m.kernels, [](const std::string& k) { return Value(k); }));
  out.Set("inputs", ListOf(m.inputs, [](const ManifestInput& i) {
            return Value(Value::Map{{"node", Value(i.node)},
                                    {"uri", Value(i.uri)},
                                    {"bytes", Value(i.bytes)},
                                    {"sha256", Value(i.sha256)}});
          }));
  out.Set("outcome", Value(m.outcome));
  out.Set("drops", Value(m.drops));
  out.Set("states", Value(m.states));
  out.Set("merkleRoot", Value(m.merkle_root));
  out.Set("contents", ListOf(m.contents, [](const ManifestDrop& d) {
            return Value(
                Value::Map{{"drop", Value(d.drop)}, {"kind", Value(d.kind)}, {"sha256", Value(d.sha256)}});
          }));
  out.Set("outputs", ListOf(m.outputs, [](const ManifestOutput& o) {
            return Value(Value::Map{{"drop", Value(o.drop)},
                                    {"uri", Value(o.uri)},
                                    {"bytes", Value(o.bytes)},
                                    {"sha256", Value(o.sha256)}});
          }));
  return out.ToJson(2) + "\n";
}

absl::StatusOr<Manifest> ManifestFromJson(absl::string_view json, absl::string_view name) {
  CL_ASSIGN_OR_RETURN_IN(const Value value, Value::FromJson(json), name);
  Reader top(value, std::string(name));
  if (top.Text("format") != kFormat) top.Fail("is no Cubeloom manifest");
  if (const int64_t version = top.Int("version"); top.status().ok() && version != kManifestVersion) {
    top.Fail(absl::StrCat("has version ", version, ", this program reads ", kManifestVersion));
  }
  CL_RETURN_IF_ERROR(top.status());
  Manifest m;
  const Value graph_value(top.Map("graph"));
  Reader graph(graph_value, absl::StrCat(name, ", graph"));
  m.graph_name = graph.Text("name");
  m.graph_sha256 = graph.Text("sha256");
  m.parameters = top.Map("parameters");
  for (const Value& kernel : top.List("kernels"))
    m.kernels.push_back(kernel.is_string() ? kernel.string() : "");
  m.outcome = top.Text("outcome");
  m.drops = top.Int("drops");
  m.states = top.Map("states");
  m.merkle_root = top.Text("merkleRoot");
  CL_RETURN_IF_ERROR(graph.status());
  for (const Value& item : top.List("inputs")) {
    Reader r(item, absl::StrCat(name, ", inputs[", m.inputs.size(), "]"));
    m.inputs.push_back({r.Text("node"), r.Text("uri"), r.Int("bytes"), r.Text("sha256")});
    CL_RETURN_IF_ERROR(r.status());
  }
  for (const Value& item : top.List("contents")) {
    Reader r(item, absl::StrCat(name, ", contents[", m.contents.size(), "]"));
    m.contents.push_back({r.Text("drop"), r.Text("kind"), r.Text("sha256")});
    CL_RETURN_IF_ERROR(r.status());
  }
  for (const Value& item : top.List("outputs")) {
    Reader r(item, absl::StrCat(name, ", outputs[", m.outputs.size(), "]"));
    m.outputs.push_back({r.Text("drop"), r.Text("uri"), r.Int("bytes"), r.Text("sha256")});
    CL_RETURN_IF_ERROR(r.status());
  }
  CL_RETURN_IF_ERROR(top.status());
  return m;
}

Comparison CompareManifests(const Manifest& a, const Manifest& b) {
  Comparison c;
  const auto add = [](std::vector<std::string>* out, const char* what, const std::string& x,
                      const std::string& y) {
    if (x != y) out->push_back(absl::StrCat(what, ": ", x.substr(0, 60), " / ", y.substr(0, 60)));
  };
  add(&c.graph, "graph name", a.graph_name, b.graph_name);
  add(&c.graph, "graph", a.graph_sha256, b.graph_sha256);
  const auto parameters = [](const Value::Map& map) {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : map) out[key] = value.ToJson();
    return out;
  };
  Diff("parameter", parameters(a.parameters), parameters(b.parameters), &c.graph);
  add(&c.graph, "kernels", absl::StrJoin(a.kernels, " "), absl::StrJoin(b.kernels, " "));
  const auto input_key = [](const ManifestInput& i) { return absl::StrCat(i.node, " ", i.uri); };
  const auto input_text = [](const ManifestInput& i) {
    return absl::StrCat(i.sha256, " ", i.bytes, " bytes");
  };
  Diff("input", Keyed(a.inputs, input_key, input_text), Keyed(b.inputs, input_key, input_text), &c.inputs);
  add(&c.contents, "outcome", a.outcome, b.outcome);
  add(&c.contents, "Merkle root", a.merkle_root, b.merkle_root);
  const auto drop_key = [](const ManifestDrop& d) { return d.drop; };
  const auto drop_text = [](const ManifestDrop& d) { return absl::StrCat(d.kind, " ", d.sha256); };
  Diff("content of", Keyed(a.contents, drop_key, drop_text), Keyed(b.contents, drop_key, drop_text),
       &c.contents);
  const auto file_key = [](const ManifestOutput& o) { return o.uri; };
  const auto file_text = [](const ManifestOutput& o) {
    return absl::StrCat(o.sha256, " ", o.bytes, " bytes");
  };
  Diff("file", Keyed(a.outputs, file_key, file_text), Keyed(b.outputs, file_key, file_text), &c.files);
  return c;
}

}  // namespace cubeloom::engine
