//! The files around the contract: the input, and what is recorded about it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An upstream document as read.
pub(crate) struct Input {
    pub(crate) document: Value,
    /// The same, with its members in their order.
    pub(crate) text: String,
    /// A file name or URL, never a path of this machine.
    source: String,
    sha256: String,
}

/// An entry of `openapi/upstream.toml`: where the document of a release comes from.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Source {
    source: String,
    sha256: String,
    date: String,
}

impl Input {
    /// Where this comes from; the day stays as it was while the document does.
    pub(crate) fn source(&self, date: Option<&str>, last: Option<&Source>) -> Result<Source> {
        let kept = last.filter(|last| last.sha256 == self.sha256);
        let date = match (date, kept) {
            (Some(date), _) => checked(date)?,
            (None, Some(kept)) => kept.date.clone(),
            (None, None) => today()?,
        };
        Ok(Source { source: self.source.clone(), sha256: self.sha256.clone(), date })
    }
}

/// Reads a document from a file or a URL.
pub(crate) fn read(upstream: &str) -> Result<Input> {
    let is_url = upstream.starts_with("http://") || upstream.starts_with("https://");
    let (bytes, source) = if is_url {
        (download(upstream)?, upstream.to_owned())
    } else {
        let bytes = fs::read(upstream).with_context(|| format!("cannot read {upstream}"))?;
        let name = Path::new(upstream).file_name().unwrap_or_default();
        (bytes, name.to_string_lossy().into_owned())
    };
    let document = serde_json::from_slice(&bytes)
        .with_context(|| format!("{upstream} is not JSON: give an OpenAPI 3.0 document in JSON"))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok(Input { document, text: String::from_utf8_lossy(&bytes).into_owned(), source, sha256 })
}

fn download(url: &str) -> Result<Vec<u8>> {
    let mut response = ureq::get(url).call().with_context(|| format!("cannot fetch {url}"))?;
    let body = response.body_mut().with_config().limit(64 << 20);
    body.read_to_vec().with_context(|| format!("cannot fetch {url}"))
}

fn checked(date: &str) -> Result<String> {
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    if shape != "dddd-dd-dd" {
        bail!("--date {date}: write it as YYYY-MM-DD");
    }
    Ok(date.to_owned())
}

fn today() -> Result<String> {
    let days = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86_400;
    Ok(day(days))
}

/// The date of a day counted from 1970-01-01 (proleptic Gregorian, by eras of 400 years from March).
fn day(since_1970: u64) -> String {
    let days = since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The text of a file, or nothing where there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file, but only where that changes it.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if read_if_there(path)?.as_deref() == Some(text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_dated() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(19_782), "2024-02-29");
        assert_eq!(day(20_454), "2026-01-01");
    }
}
