//! Parts of what is vendored, to be changed.

use logto_api_contract::Series;
use serde_json::Value;

use super::sites::{Rng, part, with_nulls};

/// The contract.
pub(crate) fn contract() -> Value {
    let path = format!("{FOLDER}/logto.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What is kept of the newest document.
pub(crate) fn newest() -> Value {
    let series = Series::read(format!("{FOLDER}/releases").as_ref()).unwrap();
    series.newest().unwrap().1.clone()
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");

/// The documents that changes are made to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Contract,
    Facts,
    Inlined,
}

pub(crate) const SOURCES: [Source; 3] = [Source::Contract, Source::Facts, Source::Inlined];

/// Draws parts of a document: a few paths, and what they need.
pub(crate) struct Parts {
    pub(crate) source: Source,
    document: Value,
    paths: Vec<String>,
}

impl Parts {
    pub(crate) fn of(source: Source) -> Self {
        let mut document = if source == Source::Contract { contract() } else { newest() };
        with_nulls(&mut document);
        let paths = document["paths"].as_object().unwrap().keys().cloned().collect();
        Self { source, document, paths }
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> Value {
        let paths: Vec<&String> = (0..=rng.below(3)).map(|_| rng.pick(&self.paths)).collect();
        part(&self.document, &paths, self.source == Source::Inlined)
    }
}
