//! The `clew` program: the command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    clew::cli::run(std::env::args_os())
}
