//! The commands.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pennypress::commands;
use pennypress::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A support chatbot that answers from the site's own content and costs pennies.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The settings file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service (the default).
    Serve,
    /// Stream one answer to the terminal, its sources below it.
    Ask {
        /// The question.
        question: String,
        /// The key of the site that is asked [default: the first one].
        #[arg(long)]
        site: Option<String>,
    },
    /// Say whether settings, store, Redis and providers work, each on a line.
    Check,
    /// Say what a list of questions would cost: without a cache, with each measure, with all; beside the baseline.
    Cost {
        /// A CSV file whose header names a column `text` (and maybe `category`), or a JSONL file with the same keys.
        file: PathBuf,
        /// Draw questions by Zipf's law with this exponent instead of playing the list as it stands.
        #[arg(long, value_name = "S")]
        zipf: Option<f64>,
        /// How many questions [default: all; with --zipf, twice as many as the list has].
        #[arg(long, value_name = "N")]
        count: Option<usize>,
        /// The same seed plays the same.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How often the played model that judges near matches errs.
        #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
        verifier_error: f64,
        /// Ask each different question of the providers once, and pay for it, instead of simulating tokens.
        #[arg(long)]
        real: bool,
    },
    /// Ask the questions of a golden set and say how many of the answers are good.
    Eval {
        /// A TOML file: `[[questions]]`, each with `question` and what a good answer to it holds.
        #[arg(value_name = "GOLDEN.toml")]
        file: PathBuf,
        /// The key of the site that is asked [default: that of the file, or the first one].
        #[arg(long, value_name = "KEY")]
        site: Option<String>,
        /// Write everything as JSON, too.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Say what changed since this report; it may be the file that is written.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Show the run on the operator's page of the site.
        #[arg(long)]
        keep: bool,
        /// Ask so many questions at the same time.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
        at_once: u16,
    },
    /// Print a commented settings file to begin with: `pennypress example > pennypress.toml`.
    Example,
    /// Add content: a file or folder (Markdown, HTML, text, PDF, DOCX), a WordPress export, or a sitemap's address.
    ///
    /// What cannot be read gives a line, and the rest is read. The exit code is 1 if nothing could be read, or if a sitemap or an
    /// export could not be read to its end; then nothing is removed.
    Ingest {
        /// A path, or the address of a sitemap.
        #[arg(value_name = "PATH|URL")]
        what: String,
        /// The key of the site whose content it becomes [default: the only one].
        #[arg(long, value_name = "KEY")]
        site: Option<String>,
        /// Where visitors find the files of a folder, for links.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Let a sitemap lead to private addresses, such as a site on this machine.
        #[arg(long)]
        allow_private: bool,
    },
    /// What reads a PDF for `ingest`, apart from everything else.
    #[command(name = pennypress::knowledge::extract::READ_PDF, hide = true)]
    ReadPdf,
    /// Write the WordPress plugin as a zip, ready to upload.
    Plugin {
        /// Where the zip is written.
        out: PathBuf,
        /// Put the address and keys of this site of the settings into it.
        #[arg(long, value_name = "KEY")]
        site: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Some(Command::ReadPdf)) {
        return ExitCode::from(pennypress::knowledge::extract::read_pdf());
    }
    // Needs no settings, and is how broken ones are replaced.
    if let Some(Command::Example) = arguments.command {
        return commands::example();
    }
    let file = arguments
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from("pennypress.toml"));
    let settings = match Settings::load(&file, arguments.config.is_some()) {
        Ok(settings) => settings,
        Err(error) => return failed(&error),
    };
    let result = match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve(&settings).await,
        Command::Ask { question, site } => commands::ask(&settings, &question, site.as_deref()).await,
        Command::Cost {
            file,
            zipf,
            count,
            seed,
            verifier_error,
            real,
        } => {
            let options = commands::CostOptions {
                zipf,
                count,
                seed,
                verifier_error,
                real,
            };
            commands::cost(&settings, &file, options).await
        }
        Command::Eval {
            file,
            site,
            report,
            against,
            keep,
            at_once,
        } => {
            let options = commands::EvalOptions {
                site,
                report,
                against,
                keep,
                at_once: usize::from(at_once),
            };
            commands::eval(&settings, &file, options).await
        }
        Command::Example => Ok(commands::example()),
        Command::Check => commands::check(&settings).await,
        Command::Ingest {
            what,
            site,
            base_url,
            allow_private,
        } => {
            let asked = commands::Ingest {
                what,
                site,
                base_url,
                allow_private,
            };
            commands::ingest(&settings, asked).await
        }
        // Done above, before there are settings.
        Command::ReadPdf => Ok(ExitCode::SUCCESS),
        Command::Plugin { out, site } => commands::plugin(&settings, &out, site.as_deref()),
    };
    match result {
        Ok(code) => code,
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("pennypress: {error}");
    ExitCode::FAILURE
}
