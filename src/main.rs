//! The `clew` program: the command line of the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Ingest and queries make and drop many small values on several threads; the system's allocator is slower at that.
/// Huge pages are left out (`no_thp`): under load they held half as much memory again and spared no processor time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    clew::cli::run(std::env::args_os())
}
