//! Copies of keys on the stack.
//!
//! Ciphers and digests work on blocks in their frames, and a frame that was left keeps what was in it. The
//! crates do not wipe it, and it cannot be reached from outside; but the next frames lie over it.

use std::hint::black_box;

/// Deeper than any command goes, in bytes.
const DEPTH: usize = 256 << 10;

/// Writes over what those left on the stack that were called before by the caller, in this thread.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "it has to cover what was there before")]
pub fn wipe() {
    let mut frame = [0_u8; DEPTH];
    // What may be changed elsewhere has to be there, and cannot be a constant.
    black_box(&mut frame);
}
