//! `pennypress example`: settings to begin with.

use std::process::ExitCode;

use crate::settings::EXAMPLE;

pub fn example() -> ExitCode {
    print!("{EXAMPLE}");
    ExitCode::SUCCESS
}
