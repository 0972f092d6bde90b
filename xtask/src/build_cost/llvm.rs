//! How many instructions the library becomes in LLVM IR before LLVM optimises anything: what codegen
//! has to do, counted as `cargo llvm-lines` counts and without a clock.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::measure::target_directory;
use crate::vendor::workspace;

/// Compiles the library with its default features, in the dev profile, and counts.
pub(super) fn lines() -> Result<usize> {
    let file = target_directory()?.join("logto_api.ll");
    let emit = format!("--emit=llvm-ir={}", file.display());
    let arguments = ["rustc", "--quiet", "--package", "logto-api", "--lib", "--", &emit];
    let status = Command::new("cargo")
        .args(arguments)
        .args(["-Cdebuginfo=0", "-Cno-prepopulate-passes", "-Ccodegen-units=1"])
        .current_dir(workspace())
        .status()?;
    ensure!(status.success(), "cargo {} failed", arguments.join(" "));
    let text = fs::File::open(&file).with_context(|| file.display().to_string())?;
    let count = count(text)?;
    // Cargo does not write it again while nothing changes: the count is kept in place of the text.
    fs::write(&file, format!("{COUNTED}{count}\n"))?;
    Ok(count)
}

/// A comment in LLVM IR.
const COUNTED: &str = "; instructions: ";

/// The lines of functions' bodies, without labels and what continues a line.
fn count(text: impl Read) -> Result<usize> {
    let (mut count, mut within) = (0, false);
    for line in BufReader::new(text).lines() {
        let line = line?;
        if let Some(counted) = line.strip_prefix(COUNTED) {
            return Ok(counted.trim().parse()?);
        }
        within |= line.starts_with("define ");
        within &= line != "}";
        let is_instruction = line.starts_with("  ") && !line.starts_with("   ");
        count += usize::from(within && is_instruction);
    }
    Ok(count)
}

/// The release of the compiler, such as `1.95`, since each writes other lines.
pub(super) fn compiler() -> Result<String> {
    let output = Command::new("rustc").arg("--version").current_dir(workspace()).output()?;
    release(&String::from_utf8(output.stdout)?)
}

fn release(version: &str) -> Result<String> {
    let number = version.split(' ').nth(1).context("rustc does not say its version")?;
    let parts: Vec<_> = number.split(['.', '-']).take(2).collect();
    Ok(parts.join("."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = "\
; ModuleID = 'a'
@x = constant i8 0
define void @f() {
start:
  switch i8 0, label %start [
    i8 1, label %start
  ]
}

declare void @g()
define void @h() {
  ret void
}
";

    #[test]
    fn instructions_are_counted_and_declarations_are_not() {
        assert_eq!(count(TEXT.as_bytes()).unwrap(), 3);
        assert_eq!(count(format!("{COUNTED}12\n").as_bytes()).unwrap(), 12);
    }

    #[test]
    fn a_compiler_is_known_by_its_release() {
        assert_eq!(release("rustc 1.95.0 (59807616e 2026-04-14)").unwrap(), "1.95");
        assert_eq!(release("rustc 1.97.0-nightly (0 2026-05-01)").unwrap(), "1.97");
        assert!(release("").is_err());
    }
}
