//! `print!`, `println!` and `eprintln!` of this crate: nobody reading on is no failure.
//!
//! The macros of the standard library panic when the other end of a pipe is closed, as by `head`.
//! These shadow them in all modules, and let a task come to its end, files written and exit code
//! kept.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

macro_rules! print {
    ($($text:tt)*) => { $crate::output::out(format_args!($($text)*)) };
}

macro_rules! println {
    ($($text:tt)*) => { $crate::output::out(format_args!("{}\n", format_args!($($text)*))) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::output::err(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes to standard output. What cannot be written for another reason, such as a full disk, ends
/// the process: its output is all that a task is for.
pub(crate) fn out(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            err(format_args!("cannot write the output: {error}\n"));
            std::process::exit(2);
        }
        _ => {}
    }
}

/// Writes to standard error, where that can be.
pub(crate) fn err(text: Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}
