#include "cubeloom/runtime/exec/chunk_store.h"

#include <atomic>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "cubeloom/base/executor.h"
#include "cubeloom/base/status.h"
#include "cubeloom/runtime/testing/kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cubeloom::runtime {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kRows = 64, kColumns = 1000;

class ChunkStoreTest : public ::testing::Test {
 protected:
  void Make(int64_t limit, SpillPort* spill) {
    budget_ = std::make_shared<MemoryBudget>(limit);
    store_ = std::make_unique<ChunkStore>(budget_, spill);
  }
  // Element (y, x) is y * columns + x; u16 arrays have every third element invalid where asked for.
  template <typename T>
  absl::StatusOr<ArrayPtr> Fill(const Shape& chunk, bool holes = false) {
    ArrayDesc desc;
    desc.dtype = DTypeOf<T>::value;
    desc.shape = {kRows, kColumns};
    const ChunkGrid grid(desc.shape, chunk);
    CL_ASSIGN_OR_RETURN(std::unique_ptr<ArraySink> sink, store_->SinkFactory()(desc, grid));
    for (int64_t i = 0; i < grid.size(); ++i) {
      const Box box = grid.BoxOf(i);
      std::byte* place = sink->Reserve(box);
      Chunk made{desc.dtype, box, ContiguousStrides(box.extent), Buffer(), Buffer(), ScaleState::kPhysical};
      std::vector<T> copy;
      if (place == nullptr || i % 2 == 1) {  // also the way that copies
        copy.resize(static_cast<size_t>(box.elements()));
        place = reinterpret_cast<std::byte*>(copy.data());
      }
      std::vector<uint8_t> bits(static_cast<size_t>(box.elements() / 8 + 1), 0xff);
      for (int64_t k = 0; k < box.elements(); ++k) {
        const int64_t y = box.origin[0] + k / box.extent[1], x = box.origin[1] + k % box.extent[1];
        reinterpret_cast<T*>(place)[k] = static_cast<T>(y * kColumns + x);
        if ((y * kColumns + x) % 3 == 0)
          bits[static_cast<size_t>(k / 8)] &= static_cast<uint8_t>(~(1 << (k % 8)));
      }
      made.data = Buffer(nullptr, place, static_cast<size_t>(box.elements()) * sizeof(T), MemorySpace::kHeap);
      if (holes) made.validity = Buffer::Copy(bits.data(), bits.size());
      CL_RETURN_IF_ERROR(sink->Put(made));
    }
    return sink->Finish();
  }
  template <typename T>
  void ExpectBox(const Array& array, const Box& box, bool holes = false) {
    const absl::StatusOr<Chunk> chunk = array.Read(box, {});
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    ASSERT_EQ(chunk->box, box);
    ForEachRow(*chunk, [&](int64_t offset, int64_t linear) {
      for (int64_t x = 0; x < box.extent[1]; ++x) {
        const int64_t y = box.origin[0] + linear / box.extent[1];
        const int64_t expected = y * kColumns + box.origin[1] + x;
        ASSERT_EQ(chunk->as<T>()[offset + x], static_cast<T>(expected)) << box.ToString();
        ASSERT_EQ(chunk->valid(linear + x), !holes || expected % 3 != 0) << box.ToString() << " " << expected;
      }
    });
  }
  std::shared_ptr<MemoryBudget> budget_;
  FakeSpill spill_;
  std::unique_ptr<ChunkStore> store_;
};

const std::vector<Box> kBoxes = {{{0, 0}, {kRows, kColumns}}, {{0, 0}, {1, 1}},        {{7, 13}, {30, 700}},
                                 {{63, 999}, {1, 1}},         {{8, 100}, {8, 100}},    {{5, 0}, {0, 10}},
                                 {{0, 500}, {64, 1}},         {{31, 0}, {2, kColumns}}};

TEST_F(ChunkStoreTest, AnyBoxComesBackWhateverTheChunks) {
  Make(16 << 20, nullptr);
  for (const Shape& chunk :
       std::vector<Shape>{{kRows, kColumns}, {8, 100}, {7, 13}, {1, kColumns}, {16, 1}}) {
    const ArrayPtr floats = Fill<float>(chunk).value();
    for (const Box& box : kBoxes) ExpectBox<float>(*floats, box);
    const ArrayPtr shorts = Fill<uint16_t>(chunk, true).value();
    for (const Box& box : kBoxes) ExpectBox<uint16_t>(*shorts, box, true);
    EXPECT_EQ(floats->desc().natural_chunk, chunk);
  }
  EXPECT_EQ(store_->resident_bytes(), 0);
  EXPECT_EQ(budget_->used(), 0);
  EXPECT_TRUE(absl::IsOutOfRange(Fill<float>({8, 100}).value()->Read({{0, 0}, {65, 1}}, {}).status()));
}

TEST_F(ChunkStoreTest, SpillsWhenTheBudgetIsShortAndReadsBack) {
  Make(100'000, &spill_);  // an array takes 256 000 bytes
  const ArrayPtr a = Fill<float>({4, kColumns}).value();
  const ArrayPtr b = Fill<uint16_t>({4, kColumns}, true).value();
  EXPECT_GT(store_->spilled_bytes(), 250'000);
  EXPECT_LE(budget_->peak(), 100'000);
  const int64_t written = store_->spilled_bytes();
  for (int64_t y = 0; y < kRows; y += 2) {
    ExpectBox<float>(*a, {{y, 3}, {2, 900}});
    ExpectBox<uint16_t>(*b, {{y, 3}, {2, 900}}, true);
  }
  EXPECT_LE(budget_->peak(), 100'000);
  EXPECT_LE(store_->spilled_bytes() - written, 100'000);  // clean chunks are not written again
}

TEST_F(ChunkStoreTest, DroppedArraysGiveTheirRoomBack) {
  Make(100'000, &spill_);
  ArrayPtr a = Fill<float>({4, kColumns}).value();
  EXPECT_GT(spill_.alive(), 0);
  a = nullptr;
  EXPECT_EQ(spill_.alive(), 0);
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(ChunkStoreTest, HeldChunksAreNotSpilledAndOutliveTheirArray) {
  Make(100'000, &spill_);
  ArrayPtr a = Fill<float>({16, kColumns}).value();
  const Chunk held = a->Read({{0, 0}, {16, kColumns}}, {}).value();
  EXPECT_FALSE(store_->allocator().Allocate(90'000).ok());
  EXPECT_TRUE(store_->allocator().Allocate(30'000).ok());
  a = nullptr;
  EXPECT_EQ(held.as<float>()[15999], 15999.0f);
}

TEST_F(ChunkStoreTest, FullDiskIsSaidAndMemoryStaysWithinTheBudget) {
  Make(100'000, &spill_);
  spill_.FailAppends(absl::ResourceExhaustedError("no space left in /scratch"));
  const absl::StatusOr<ArrayPtr> a = Fill<float>({4, kColumns});
  ASSERT_FALSE(a.ok());
  EXPECT_TRUE(IsMemoryShort(a.status()));
  EXPECT_THAT(store_->spill_error().message(), HasSubstr("no space left in /scratch"));
  EXPECT_EQ(budget_->used(), 0);
}

TEST_F(ChunkStoreTest, DamagedSpillFileIsDataLoss) {
  Make(100'000, &spill_);
  const ArrayPtr a = Fill<float>({4, kColumns}).value();
  spill_.Corrupt();
  const absl::StatusOr<Chunk> chunk = a->Read({{0, 0}, {kRows, kColumns}}, {});
  EXPECT_TRUE(absl::IsDataLoss(chunk.status())) << chunk.status();
}

TEST_F(ChunkStoreTest, ManyReadersAndSpillsAtOnceAgree) {
  Make(120'000, &spill_);
  const ArrayPtr a = Fill<float>({2, kColumns}).value();
  const ArrayPtr b = Fill<float>({4, 500}).value();
  const std::unique_ptr<Executor> pool = MakeThreadPool(4, "store");
  std::atomic<int> wrong{0};
  const absl::Status status = ParallelFor(*pool, 400, {}, [&](int64_t i) -> absl::Status {
    const Array& array = i % 2 == 0 ? *a : *b;
    const Box box = {{(i * 7) % 60, 17}, {3, 100}};
    CL_ASSIGN_OR_RETURN(const Chunk chunk, array.Read(box, {}));
    const float first = chunk.as<float>()[0];
    wrong += first != static_cast<float>(box.origin[0] * kColumns + 17);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(budget_->peak(), 120'000);
}

TEST_F(ChunkStoreTest, UnfinishedSinkGivesEverythingBack) {
  Make(1 << 20, &spill_);
  ArrayDesc desc;
  desc.shape = {8, 8};
  const ChunkGrid grid(desc.shape, {4, 8});
  {
    std::unique_ptr<ArraySink> sink = store_->SinkFactory()(desc, grid).value();
    ASSERT_NE(sink->Reserve(grid.BoxOf(0)), nullptr);
    EXPECT_EQ(sink->Reserve({{0, 0}, {3, 8}}), nullptr);  // not a chunk of the grid
    EXPECT_FALSE(sink->Finish().ok());
  }
  EXPECT_EQ(budget_->used(), 0);
}

}  // namespace
}  // namespace cubeloom::runtime
