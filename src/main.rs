//! The program: the real environment goes in, an exit status comes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailca::main(std::env::args_os())
}
