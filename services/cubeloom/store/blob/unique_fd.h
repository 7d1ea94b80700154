// An owned file descriptor.
#ifndef CUBELOOM_STORE_BLOB_UNIQUE_FD_H_
#define CUBELOOM_STORE_BLOB_UNIQUE_FD_H_

namespace cubeloom {

// Closes its descriptor when destroyed. Move-only; not thread-safe.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release() {  // the caller owns it now
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Reset();

 private:
  int fd_ = -1;
};

}  // namespace cubeloom

#endif  // CUBELOOM_STORE_BLOB_UNIQUE_FD_H_
