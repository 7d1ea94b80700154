#include "cubeloom/kernel/table/table_kernels.h"

#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cubeloom/base/status.h"

namespace cubeloom {
namespace {

constexpr size_t kPollRows = 4096;  // rows between two looks at the cancel token

class SimpleTask : public TaskKernel {
 public:
  explicit SimpleTask(KernelInfo info) : info_(std::move(info)) {}
  const KernelInfo& info() const override { return info_; }
  absl::StatusOr<std::vector<OutputDesc>> Infer(const Args&, absl::Span<const InputDesc>) const override {
    std::vector<OutputDesc> out(info_.outputs.size());
    for (size_t i = 0; i < out.size(); ++i) out[i].kind = info_.outputs[i].kind;
    return out;
  }

 private:
  const KernelInfo info_;
};

KernelInfo ConcatInfo() {
  KernelInfo info;
  info.name = "table.concat";
  info.summary = "rows of all tables in index order";
  info.doc =
      "Columns are matched by name; all tables must have the same names, types and units. Holes are left "
      "out.";
  info.reference = "SQL UNION ALL";
  info.tolerance = "exact";
  info.inputs = {{"tables", PayloadKind::kTable, "tables of equal columns", false, true, {}}};
  info.outputs = {{"table", PayloadKind::kTable, "all rows", false, false, {}}};
  info.ns_per_element = 20;
  return info;
}

class Concat : public SimpleTask {
 public:
  Concat() : SimpleTask(ConcatInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    std::vector<TablePtr> tables;
    for (const Payload& input : invocation.inputs[0]) {
      tables.push_back(input.table());
    }
    CL_ASSIGN_OR_RETURN(TablePtr all, ConcatTables(tables, context.cancel));
    return std::vector<Payload>{Payload(std::move(all))};
  }
};

// The scalars of a value by dotted name, in order.
void Flatten(const std::string& prefix, const Value& value, Value::Map* out) {
  if (value.is_map()) {
    for (const auto& [key, item] : value.map())
      Flatten(prefix.empty() ? key : absl::StrCat(prefix, ".", key), item, out);
  } else if (!value.is_list()) {
    out->emplace_back(prefix.empty() ? "value" : prefix, value);
  }
}

// A column's type is the widest among its values: string > real > integer.
int TypeRank(const Value& v) {
  return v.is_string() ? 3 : v.is_real() ? 2 : (v.is_int() || v.is_bool()) ? 1 : 0;
}

std::string AsText(const Value& v) {
  return v.is_string() ? v.string() : v.is_null() ? std::string() : v.ToJson();
}

Column MakeColumn(const std::string& name, int rank, const std::vector<const Value*>& cells) {
  Column column;
  column.name = name;
  bool missing = false;
  for (const Value* cell : cells) missing = missing || cell == nullptr || cell->is_null();
  if (missing && rank != 2) {
    for (const Value* cell : cells) column.missing.push_back(cell == nullptr || cell->is_null());
  }
  if (rank == 3) {
    std::vector<std::string> texts;
    for (const Value* cell : cells) texts.push_back(cell == nullptr ? std::string() : AsText(*cell));
    column.values = std::move(texts);
  } else if (rank == 1) {
    std::vector<int64_t> integers;
    for (const Value* cell : cells) {
      integers.push_back(cell == nullptr || cell->is_null() ? 0
                         : cell->is_bool()                  ? cell->boolean()
                                                            : cell->integer());
    }
    column.values = std::move(integers);
  } else {
    std::vector<double> reals;
    for (const Value* cell : cells) {
      const bool number = cell != nullptr && (cell->is_number() || cell->is_bool());
      reals.push_back(!number           ? std::numeric_limits<double>::quiet_NaN()
                      : cell->is_bool() ? static_cast<double>(cell->boolean())
                                        : cell->real());
    }
    column.values = std::move(reals);
  }
  return column;
}

KernelInfo FromValuesInfo() {
  KernelInfo info;
  info.name = "table.from_values";
  info.summary = "a table with one row a value";
  info.doc =
      "The scalars of each map become columns, nested maps with dotted names; lists are left out. Columns "
      "stand in "
      "the order in which they first appear; a value that lacks one has a missing cell. `labels` adds a "
      "first column "
      "'label' with one text a row.";
  info.reference = "none";
  info.tolerance = "exact";
  info.inputs = {{"values", PayloadKind::kValue, "maps of scalars", false, true, {}}};
  info.outputs = {{"table", PayloadKind::kTable, "one row a value", false, false, {}}};
  info.params = {
      {"labels", ParamType::kStringList, Value(), false, "", "one text a row, for a first column 'label'"}};
  info.ns_per_element = 100;
  return info;
}

class FromValues : public SimpleTask {
 public:
  FromValues() : SimpleTask(FromValuesInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    const PortPayloads& inputs = invocation.inputs[0];
    std::vector<Value::Map> rows(inputs.size());
    std::vector<std::pair<std::string, int>> columns;  // name, type rank
    std::map<std::string, size_t> column_of;
    for (size_t r = 0; r < inputs.size(); ++r) {
      if (r % kPollRows == 0 && context.cancel.cancelled()) return context.cancel.status();
      Flatten("", inputs[r].value(), &rows[r]);
      for (const auto& [name, cell] : rows[r]) {
        const auto [it, fresh] = column_of.emplace(name, columns.size());
        if (fresh) columns.emplace_back(name, 0);
        columns[it->second].second = std::max(columns[it->second].second, TypeRank(cell));
      }
    }
    auto table = std::make_shared<Table>();
    if (invocation.args->has("labels")) {
      const Value::List& labels = invocation.args->value("labels").list();
      if (labels.size() != rows.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("parameter 'labels' has ", labels.size(), " texts for ", rows.size(), " values"));
      }
      std::vector<const Value*> cells;
      for (const Value& label : labels) cells.push_back(&label);
      table->columns.push_back(MakeColumn("label", 3, cells));
    }
    for (const auto& [name, rank] : columns) {
      if (context.cancel.cancelled()) return context.cancel.status();
      std::vector<const Value*> cells(rows.size(), nullptr);
      for (size_t r = 0; r < rows.size(); ++r) {
        for (const auto& [key, cell] : rows[r]) {
          if (key == name) cells[r] = &cell;
        }
      }
      table->columns.push_back(MakeColumn(name, rank == 0 ? 2 : rank, cells));
    }
    CL_RETURN_IF_ERROR(table->Check());
    return std::vector<Payload>{Payload(TablePtr(std::move(table)))};
  }
};

KernelInfo CollectInfo() {
  KernelInfo info;
  info.name = "value.collect";
  info.summary = "a list of the values, in index order";
  info.doc = "Holes are left out. With `names`, a map instead of a list.";
  info.reference = "none";
  info.tolerance = "exact";
  info.inputs = {{"values", PayloadKind::kValue, "any values", false, true, {}}};
  info.outputs = {{"list", PayloadKind::kValue, "a list, or a map when `names` is given", false, false, {}}};
  info.params = {{"names", ParamType::kStringList, Value(), false, "", "one name a value: gives a map"}};
  return info;
}

class Collect : public SimpleTask {
 public:
  Collect() : SimpleTask(CollectInfo()) {}
  absl::StatusOr<std::vector<Payload>> Run(const Invocation& invocation,
                                           const KernelContext& context) const override {
    const PortPayloads& inputs = invocation.inputs[0];
    Value::List list;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i % kPollRows == 0 && context.cancel.cancelled()) return context.cancel.status();
      list.push_back(inputs[i].value());
    }
    if (!invocation.args->has("names")) return std::vector<Payload>{Payload(Value(std::move(list)))};
    const Value::List& names = invocation.args->value("names").list();
    if (names.size() != list.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter 'names' has ", names.size(), " names for ", list.size(), " values"));
    }
    Value map{Value::Map{}};
    for (size_t i = 0; i < list.size(); ++i) map.Set(names[i].string(), list[i]);
    return std::vector<Payload>{Payload(std::move(map))};
  }
};

}  // namespace

absl::Status RegisterTableKernels(KernelCatalogue& catalogue) {
  CL_RETURN_IF_ERROR(catalogue.Add(std::make_unique<Concat>()));
  CL_RETURN_IF_ERROR(catalogue.Add(std::make_unique<FromValues>()));
  return catalogue.Add(std::make_unique<Collect>());
}

}  // namespace cubeloom
