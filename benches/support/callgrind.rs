//! Instructions of a process, counted by callgrind.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio, id},
};

/// Whether there is a `valgrind` to count with; says so where there is none.
pub(crate) fn is_there() -> bool {
    let is_there = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there {
        println!("skipped: there is no `valgrind` on the PATH to count instructions with");
    }
    is_there
}

/// All instructions of this program, run again with an environment variable that says what to do.
pub(crate) fn instructions(name: &str, variable: &str, role: &str) -> u64 {
    let profile = profile(name);
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(env::current_exe().unwrap())
        .env(variable, role)
        .status()
        .unwrap();
    assert!(status.success(), "callgrind failed");
    let text = fs::read_to_string(&profile).unwrap();
    if env::var_os("KEEP_PROFILES").is_none() {
        fs::remove_file(&profile).unwrap();
    }
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).unwrap()
}

fn profile(name: &str) -> PathBuf {
    let name = format!("callgrind.{name}.{}.out", id());
    match env::var_os("KEEP_PROFILES") {
        Some(folder) => PathBuf::from(folder).join(name),
        None => env::temp_dir().join(name),
    }
}
