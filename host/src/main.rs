//! The program `dogwrap`. All of it is in the library, see [`dogwrap_host::program`].

use std::process::ExitCode;

fn main() -> ExitCode {
    dogwrap_host::program()
}
