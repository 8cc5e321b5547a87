//! The fake provider as a program, for tests that are not Rust. What it can do stands in README.md.

#[path = "mod.rs"]
mod fake_provider;

use clap::Parser;

/// An OpenAI-compatible provider that plays answers and faults on demand.
#[derive(Parser)]
struct Arguments {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    fake_provider::serve(listener, fake_provider::State::default()).await;
    Ok(())
}
