//! What the binary does, a file a command.

mod ask;
mod check;
mod cost;
mod example;
mod ingest;
mod plugin;
mod serve;

use std::process::ExitCode;

pub use ask::ask;
pub use check::check;
pub use cost::{CostOptions, cost};
pub use example::example;
pub use ingest::{Ingest, ingest};
pub use plugin::plugin;
pub use serve::serve;

/// A command's end; an error is printed as one line, and the exit code is 1.
pub type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;
