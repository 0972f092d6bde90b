//! `logto-mock`: a stand-in of Logto on a port of its own, for applications in any language.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is what it is for")]

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use logto_mock::{Mock, Seed};

const USAGE: &str = "\
Usage: logto-mock [--port PORT] [--seed FILE] [--release RELEASE] [--strict]

  --port PORT        the port on 127.0.0.1 (3001)
  --seed FILE        what the tenant holds, in YAML
  --release RELEASE  gives the answers of an older release, such as 1.38
  --strict           answers 501 where it has only examples
";

struct Options {
    port: u16,
    seed: Option<String>,
    release: Option<String>,
    strict: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("logto-mock: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = parse(std::env::args().skip(1))? else {
        print!("{USAGE}");
        return Ok(());
    };
    let mut builder = Mock::builder().port(options.port).on_request(say);
    if let Some(file) = &options.seed {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let seed: Seed =
            serde_norway::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        builder = builder.seed(seed);
    }
    if let Some(release) = &options.release {
        builder = builder.release(release);
    }
    if options.strict {
        builder = builder.strict();
    }
    let mock = builder.start().await?;
    say(&format!("{} is ready", mock.endpoint()));
    say(&format!("Management API: {} {}", mock.app_id(), mock.app_secret()));
    let (id, secret) = (mock.web_app_id(), mock.web_app_secret());
    say(&format!("web application: {id} {secret}, back to {}", mock.redirect_uri()));
    say(&format!(
        "single-page application: {}, back to {}",
        mock.spa_app_id(),
        mock.redirect_uri()
    ));
    stopped().await?;
    say("stopped");
    Ok(())
}

/// A line that is there at once, wherever it goes. Nobody may read it: that stops nothing.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// What the arguments say; nothing where help is asked for.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { port: 3001, seed: None, release: None, strict: false };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--port" => {
                let port = value()?;
                options.port = port.parse().map_err(|_| format!("{port} is no port"))?;
            }
            "--seed" => options.seed = Some(value()?),
            "--release" => options.release = Some(value()?),
            "--strict" => options.strict = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is not known\n\n{USAGE}")),
        }
    }
    Ok(Some(options))
}

/// Waits until it is to stop.
#[cfg(unix)]
async fn stopped() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stopped() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
