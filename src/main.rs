//! The `portcullis` command. All it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis::cli::run()
}
