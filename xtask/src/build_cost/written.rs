//! Writes the figures into the documentation.

use std::fs;

use anyhow::{Context, Result};

use super::Figures;
use super::measure::Measured;
use super::programs::BARE;
use super::report;
use super::size::Size;
use crate::vendor::workspace;

/// Writes the README's table, and the tables of `docs/build-cost.md` for each profile.
pub(super) fn write(size: &Size, all: &[Figures]) -> Result<()> {
    replace("README.md", "features", &features(all)?)?;
    for figures in all {
        let place = if figures.release { "release" } else { "dev" };
        replace("docs/build-cost.md", place, &report::text(size, figures))?;
    }
    Ok(())
}

fn replace(path: &str, place: &str, with: &str) -> Result<()> {
    let file = workspace().join(path);
    let text = replaced(&fs::read_to_string(&file)?, place, with).context(path.to_owned())?;
    Ok(fs::write(file, text)?)
}

/// The text with this in place of what is between the comments of that name.
fn replaced(text: &str, place: &str, with: &str) -> Result<String> {
    let begin = format!("<!-- Written by `cargo xtask build-cost --write`: {place}. -->\n");
    let end = format!("<!-- End of {place}. -->\n");
    let (before, rest) =
        text.split_once(&begin).with_context(|| format!("no place for {place}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("no end of {place}"))?;
    Ok([before, &begin, with, &end, after].concat())
}

/// For each program, CPU seconds as a multiple of the bare program's: a build in each profile, and a
/// check in the first.
fn features(all: &[Figures]) -> Result<String> {
    let mut head = "| program |".to_owned();
    for figures in all {
        let profile = if figures.release { "release" } else { "dev" };
        head += &format!(" {profile} build |");
    }
    let mut table = format!("{head} `cargo check` |\n| --- |{}\n", " ---: |".repeat(all.len() + 1));
    let first = all.first().context("there are no figures")?;
    let cold = |one: &Measured| Some(one.cold.cpu);
    let check = |one: &Measured| one.check.map(|check| check.cpu);
    for (program, _) in first.ordered() {
        table += &format!("| {} |", program.title);
        for figures in all {
            table += &ratio(figures, program.name, &cold);
        }
        table += &(ratio(first, program.name, &check) + "\n");
    }
    Ok(table)
}

/// A cell: this as a multiple of the bare program's.
fn ratio(figures: &Figures, name: &str, of: &dyn Fn(&Measured) -> Option<f64>) -> String {
    let of = |name: &str| of(figures.programs.get(name)?);
    let ratio = of(name).zip(of(BARE)).map(|(one, bare)| format!("{:.2}", one / bare));
    format!(" {} |", ratio.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_place_is_written_and_the_rest_stays() {
        let begin = "<!-- Written by `cargo xtask build-cost --write`: dev. -->\n";
        let text = format!("a\n{begin}old\n<!-- End of dev. -->\nb\n");
        let new = replaced(&text, "dev", "new\n").unwrap();
        assert_eq!(new, text.replace("old", "new"));
        let said = replaced(&text, "release", "").unwrap_err().to_string();
        assert_eq!(said, "no place for release");
    }
}
