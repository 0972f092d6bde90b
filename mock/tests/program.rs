//! The program `logto-mock`.

#![cfg(feature = "cli")]

use std::{
    error::Error,
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_logto-mock");

fn run(arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let Output { status, stdout, stderr } = Command::new(PROGRAM).args(arguments).output()?;
    Ok((status.code(), String::from_utf8(stdout)?, String::from_utf8(stderr)?))
}

/// One that runs until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it; gives the lines up to the last of what it says of itself.
fn start(arguments: &[&str]) -> Result<(Running, Vec<String>)> {
    let mut child = Command::new(PROGRAM).args(arguments).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("it has no output")?;
    let child = Running(child);
    let mut lines = Vec::new();
    for line in BufReader::new(stdout).lines() {
        lines.push(line?);
        if lines.last().is_some_and(|line| line.starts_with("single-page application: id ")) {
            return Ok((child, lines));
        }
    }
    Err(format!("it ended after {lines:?}").into())
}

#[test]
fn it_says_what_it_is_and_what_it_takes() -> Result {
    let version = format!("logto-mock {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"])?, (Some(0), version, String::new()));
    let (code, help, _) = run(&["--help"])?;
    assert_eq!(code, Some(0));
    for part in
        ["--port", "--host", "--endpoint", "--seed", "--release", "--strict", "/__mock/advance"]
    {
        assert!(help.contains(part), "{part}");
    }
    for (arguments, why) in [
        (&["--port", "70000"][..], "70000 is not a port: give a number from 0 (any) to 65535"),
        (&["--port"], "--port needs a value"),
        (&["--host", "logto"], "logto is not an IP address"),
        (&["--prot=1"], "there is no option --prot=1"),
    ] {
        let (code, _, told) = run(arguments)?;
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(why) && told.contains("--help"), "{told}");
    }
    for (arguments, why) in [
        (&["--port=0", "--release=9.99"][..], "give one from 1.30 to 1.42"),
        (&["--port=0", "--seed=nowhere.yaml"], "nowhere.yaml: "),
        (&["--port=0", "--endpoint=logto"], "\"logto\" is no endpoint"),
    ] {
        let (code, _, told) = run(arguments)?;
        assert!(code == Some(1) && told.contains(why), "{told}");
    }
    Ok(())
}

#[tokio::test]
async fn it_listens_where_it_is_to_and_calls_itself_as_it_is_to() -> Result {
    let (_program, lines) = start(&["--port=0"])?;
    let endpoint = lines[0].split(' ').next().unwrap_or_default().to_owned();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{lines:?}");
    let told: Value = reqwest::get(format!("{endpoint}/__mock")).await?.json().await?;
    assert_eq!(told["endpoint"], endpoint);
    let secret = told["applications"][0]["secret"].as_str().unwrap_or_default();
    assert!(lines[1].ends_with(&format!("secret {secret}")), "{lines:?}");

    let elsewhere = ["--port", "0", "--host", "0.0.0.0", "--endpoint", "http://logto:3001/"];
    let (_program, lines) = start(&elsewhere)?;
    assert!(lines[0].starts_with("warning: 0.0.0.0 is open to others"), "{lines:?}");
    assert!(lines[1].starts_with("http://logto:3001 is ready"), "{lines:?}");
    Ok(())
}
