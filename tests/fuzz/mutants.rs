//! The inputs of the corpus, and these with changes here and there.
//!
//! `LOGTO_FUZZ_INPUTS=100000` has every target try that many, and `LOGTO_FUZZ_SEED` others.

use std::{env, fs, path::Path, thread};

use fastrand::Rng;

/// How many changed inputs a target tries in `cargo test`.
const INPUTS: u64 = 300;
const SEED: u64 = 11;

/// What formats are made of.
const PIECES: [&str; 40] = [
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "[]",
    "{}",
    ":",
    ",",
    ";",
    "=",
    "&",
    "?",
    "#",
    "%",
    "%00",
    "..",
    "/",
    "null",
    "true",
    "\"\"",
    "0",
    "-1",
    "1e999",
    "9223372036854775808",
    "1.5",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\0",
    "\u{7f}",
    "state=",
];

/// The corpus of a target.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Has the target try changed inputs.
pub(crate) fn try_all(corpus: &[Vec<u8>], target: impl Fn(&[u8])) {
    let number =
        |name: &str, default: u64| env::var(name).map_or(default, |number| number.parse().unwrap());
    let mut dice = Rng::with_seed(number("LOGTO_FUZZ_SEED", SEED));
    for _ in 0..number("LOGTO_FUZZ_INPUTS", INPUTS) {
        let mut input = dice.choice(corpus).unwrap().clone();
        for _ in 0..dice.usize(1..6) {
            let other = dice.choice(corpus).unwrap();
            change(&mut input, other, &mut dice);
        }
        show_if_it_fails(&input, &target);
    }
}

fn change(input: &mut Vec<u8>, other: &[u8], dice: &mut Rng) {
    let at = dice.usize(..=input.len());
    let end = (at + dice.usize(..16)).min(input.len());
    match dice.u8(..7) {
        0 => drop(input.drain(at..end)),
        1 => {
            let again = input[at..end].to_vec();
            drop(input.splice(at..at, again));
        }
        2 => drop(input.splice(at..end.min(at + 1), piece(dice).bytes())),
        3 | 4 => drop(input.splice(at..at, piece(dice).bytes())),
        5 => {
            let from = dice.usize(..=other.len());
            input.truncate(at);
            input.extend(&other[from..]);
        }
        _ => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.u8(..8)),
    }
}

fn piece(dice: &mut Rng) -> &'static str {
    dice.choice(PIECES).unwrap()
}

/// Has the target try an input. One that makes it fail is to be put into the corpus.
pub(crate) fn show_if_it_fails(input: &[u8], target: impl Fn(&[u8])) {
    let _shown = Shown(input);
    target(input);
}

struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the input was b\"{}\"", self.0.escape_ascii());
        }
    }
}
