//! The `clew` program: the command line of the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Ingest and queries make and drop many small values on several threads; the system's allocator is slower at that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    clew::cli::run(std::env::args_os())
}
