//! What the binary does, a file a command.

mod ask;
mod check;
mod cost;
mod eval;
mod example;
mod ingest;
mod plugin;
mod serve;

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

pub use ask::ask;
pub use check::check;
pub use cost::{CostOptions, cost};
pub use eval::{EvalOptions, eval};
pub use example::example;
pub use ingest::{Ingest, ingest};
pub use plugin::plugin;
pub use serve::serve;

/// A command's end; an error is printed as one line, and the exit code is 1.
pub type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// On the terminal only.
fn bar(what: &'static str, length: usize) -> Result<ProgressBar, indicatif::style::TemplateError> {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {human_pos} of {human_len}, {eta} left")?;
    let bar = ProgressBar::new(length as u64).with_style(style);
    bar.set_prefix(what);
    Ok(bar)
}
