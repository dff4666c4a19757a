//! The program: the real environment goes in, an exit status comes out.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed. Our own buffers are wiped where they are dropped; the crates that read and write
/// PKCS#8 and PKCS#12 make copies of their own, of which nobody else knows.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    mailca::main(std::env::args_os())
}
