//! `logto-mock`: a mock of Logto on a port of its own, for applications in any language.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is what it is for")]

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
};

use logto_mock::{Mock, Seed};

const USAGE: &str = "\
A mock of Logto for tests: OpenID Connect and the Management, Experience and Account APIs, in memory.

Usage: logto-mock [OPTIONS]

  --port PORT          the port to listen at (3001)
  --host ADDRESS       the IP address to listen at (127.0.0.1); in a container, 0.0.0.0
  --endpoint URL       what it calls itself: the issuer of its tokens, and where browsers are sent
                       (the address that it listens at)
  --seed FILE          what the tenant holds, in YAML
  --release RELEASE    responds as an older release does, such as 1.38
  --strict             responds with 501 where it knows nothing but an example
  --version, --help

Tests control it by JSON at /__mock:

  GET  /__mock                                what there is: applications with their secrets, the time
  POST /__mock/reset                          back to the seed
  POST /__mock/advance        {\"seconds\": 600}
  GET  /__mock/code?address=alice@acme.example
                                              the last code sent there: {\"code\": \"123456\"}
  POST /__mock/expire-codes
  POST /__mock/totp           {\"user\": \"alice\"}
                                              adds an authenticator app: {\"secret\": …, \"code\": …}
  GET  /__mock/totp?user=alice                what it shows now
  POST /__mock/backup-codes   {\"user\": \"alice\"}
  PUT  /__mock/snapshots/NAME                 keeps the state; POST goes back to it, DELETE drops it
  POST /__mock/faults         {\"kind\": \"status\", \"status\": 503, \"operation\": \"CreateUser\", \"times\": 2}
                                              kinds: status, rateLimited (\"retryAfter\": seconds),
                                              latency (\"milliseconds\"), reset, silent, halfSent,
                                              stalled, endless, unknowns; also \"probability\": 0.1
  DELETE /__mock/faults                       ends them
  GET  /__mock/requests?method=POST&path=/api/users/{id}
                                              the requests so far; DELETE forgets them
  POST /__mock/revoke-tokens                  401 for all access tokens so far
  POST /__mock/devices        {\"userCode\": \"BCDF-GHJK\", \"user\": \"alice\"}
                                              approves a device; without a user, denies it
  POST /__mock/release        {\"release\": \"1.38\"}
";

struct Options {
    host: IpAddr,
    port: u16,
    endpoint: Option<String>,
    seed: Option<String>,
    release: Option<String>,
    strict: bool,
}

/// What the arguments ask for.
enum Asked {
    Run(Options),
    Print(String),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Asked::Run(options)) => options,
        Ok(Asked::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("logto-mock: {error}\n`logto-mock --help` lists the options");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("logto-mock: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let mut builder =
        Mock::builder().host(options.host).port(options.port).control().on_request(say);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(file) = &options.seed {
        builder = builder.seed(read(file)?);
    }
    if let Some(release) = &options.release {
        builder = builder.release(release);
    }
    if options.strict {
        builder = builder.strict();
    }
    let mock = builder.start().await.map_err(|error| match (error.kind(), &options.seed) {
        (io::ErrorKind::InvalidData, Some(file)) => format!("{file}: {error}"),
        _ => error.to_string(),
    })?;
    introduce(&mock, &options);
    stopped().await.map_err(|error| format!("it cannot wait for a signal: {error}"))?;
    say("stopped");
    Ok(())
}

fn read(file: &str) -> Result<Seed, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    serde_norway::from_str(&text).map_err(|error| format!("{file}: {error}"))
}

fn introduce(mock: &Mock, options: &Options) {
    let (endpoint, uri) = (mock.endpoint(), mock.redirect_uri());
    if !options.host.is_loopback() {
        say(&format!(
            "warning: {} is open to others than this machine, and whoever reaches it may do everything",
            options.host
        ));
    }
    say(&format!("{endpoint} is ready; tests control it at {endpoint}/__mock"));
    say(&format!("Management API: id {}, secret {}", mock.app_id(), mock.app_secret()));
    let (id, secret) = (mock.web_app_id(), mock.web_app_secret());
    say(&format!("web application: id {id}, secret {secret}, redirect URI {uri}"));
    say(&format!("single-page application: id {}, redirect URI {uri}", mock.spa_app_id()));
}

/// A line that is there at once, wherever it goes. Nobody may read it: that stops nothing.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut options = Options {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 3001,
        endpoint: None,
        seed: None,
        release: None,
        strict: false,
    };
    while let Some(argument) = arguments.next() {
        let (name, given) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = || {
            let value = given.clone().or_else(|| arguments.next());
            value.ok_or_else(|| format!("{name} needs a value"))
        };
        match name {
            "--port" => options.port = port(&value()?)?,
            "--host" => options.host = host(&value()?)?,
            "--endpoint" => options.endpoint = Some(value()?),
            "--seed" => options.seed = Some(value()?),
            "--release" => options.release = Some(value()?),
            "--strict" if given.is_none() => options.strict = true,
            "--help" | "-h" => return Ok(Asked::Print(USAGE.to_owned())),
            "--version" | "-V" => {
                return Ok(Asked::Print(format!("logto-mock {}\n", env!("CARGO_PKG_VERSION"))));
            }
            _ => return Err(format!("there is no option {argument}")),
        }
    }
    Ok(Asked::Run(options))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("{text} is not a port: give a number from 0 (any) to 65535"))
}

fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().map_err(|_| {
            format!(
                "{text} is not an IP address to listen at: give one such as 127.0.0.1 or 0.0.0.0"
            )
        }),
    }
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
