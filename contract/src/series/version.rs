//! The release of Logto that a document belongs to.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, anyhow};

use crate::error::Error;

/// What the document of a development head is called: it comes after every release.
const NEXT: &str = "next";

/// A release of Logto, or what the next one will be. Versions are ordered by age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Kind);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Release(semver::Version),
    Next,
}

impl Version {
    /// The release to come.
    #[must_use]
    pub fn next() -> Self {
        Self(Kind::Next)
    }

    /// Whether this is no release yet.
    #[must_use]
    pub fn is_next(&self) -> bool {
        self.0 == Kind::Next
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == NEXT {
            return Ok(Self(Kind::Next));
        }
        let number = text.strip_prefix('v').unwrap_or(text);
        let release = semver::Version::parse(number)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("{text:?} is no release of Logto: write 1.42.0, or `next`"))?;
        Ok(Self(Kind::Release(release)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Release(release) => release.fmt(f),
            Kind::Next => f.pad(NEXT),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn releases_are_ordered_by_age() {
        let sorted = ["1.9.0", "1.30.1", "1.43.0-rc.1", "1.43.0", "next"];
        let mut versions: Vec<Version> =
            sorted.iter().rev().map(|text| text.parse().unwrap()).collect();
        versions.sort();
        let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
        assert_eq!(texts, sorted);
        assert_eq!("v1.42.0".parse::<Version>().unwrap(), "1.42.0".parse().unwrap());
    }

    #[test]
    fn what_is_no_release_is_refused_with_the_spelling_that_is_wanted() {
        for text in ["", "1.42", "Cloud", "latest"] {
            let error = format!("{:#}", text.parse::<Version>().unwrap_err());
            assert!(error.contains("1.42.0, or `next`"), "{error}");
        }
    }
}
