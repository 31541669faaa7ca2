//! The `hoptrail` command: what was typed goes in, an exit code comes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main().into()
}
