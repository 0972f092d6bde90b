//! Narrower answers are read as the wider one: every answer with a user is one `User`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::apart::APART;
use super::hoist::{Pool, each_root, references};
use super::places::{Step, uses};

/// Hoists, and folds until nothing folds any more.
pub(crate) fn fold(mut document: Value) -> Result<(Value, Pool)> {
    loop {
        let mut pool = Pool::hoist(&mut document);
        let wider = wider_answers(&document, &pool);
        if wider.is_empty() {
            return Ok((document, pool));
        }
        pool.widen(&wider);
        let redirect = |index| wider.get(&index).copied().unwrap_or(index);
        each_root(&mut document, &mut |schema| *schema = pool.expand(schema, &redirect));
    }
}

/// Which schema is read as which wider one.
fn wider_answers(document: &Value, pool: &Pool) -> BTreeMap<usize, usize> {
    let uses = uses(document, pool);
    let may_fold = |index: &usize| {
        let uses = &uses[*index];
        let received = !uses.places.iter().any(|place| place.is_sent());
        let alternative =
            uses.holders.iter().any(|(_, way)| matches!(way.as_slice(), [Step::Alternative(_)]));
        received && !alternative && pool.schemas[*index].get("properties").is_some()
    };
    let candidates: Vec<usize> = (0..pool.schemas.len()).filter(may_fold).collect();
    let latest: Vec<Value> = (0..pool.schemas.len()).map(|index| pool.latest(index)).collect();
    let mut wider = BTreeMap::new();
    for narrow in &candidates {
        let fits = |wide: &&usize| is_part_of(&latest[*narrow], &latest[**wide]);
        let widest =
            candidates.iter().filter(fits).max_by_key(|wide| members(&pool.schemas[**wide]));
        if let Some(widest) = widest.filter(|widest| !holds(pool, **widest, *narrow, &wider)) {
            wider.insert(*narrow, *widest);
        }
    }
    wider
}

/// Whether `wide` would occur within itself once it is read for `narrow`, whose older members become
/// its own: then folding would never end.
fn holds(pool: &Pool, wide: usize, narrow: usize, wider: &BTreeMap<usize, usize>) -> bool {
    let target = |index: usize| match index == narrow {
        true => wide,
        false => wider.get(&index).copied().unwrap_or(index),
    };
    let below = |index: usize| {
        let narrower = wider.iter().filter(|(_, wide)| **wide == index).map(|(one, _)| *one);
        let also = (index == wide).then_some(narrow);
        let mut found = Vec::new();
        for one in narrower.chain(also).chain([index]) {
            pool.schemas.get(one).into_iter().for_each(|schema| references(schema, &mut found));
        }
        found
    };
    let mut open = below(wide);
    let mut seen = BTreeSet::new();
    while let Some(index) = open.pop() {
        if target(index) == wide {
            return true;
        }
        // A schema that is read as another one may still be that other one's holder.
        for index in [index, target(index)] {
            if seen.insert(index) {
                open.extend(below(index));
            }
        }
    }
    false
}

fn members(schema: &Value) -> usize {
    schema["properties"].as_object().map_or(0, serde_json::Map::len)
}

/// All members of `narrow` are in `wide`, the same are required, and most of `wide` is in `narrow`.
///
/// Without the last, `{"id"}` would be read as whatever else has an id.
fn is_part_of(narrow: &Value, wide: &Value) -> bool {
    let (few, many) = (members(narrow), members(wide));
    let close = few < many && few >= 3 && few * 3 >= many * 2;
    let same_frame = narrow.get("required") == wide.get("required")
        && narrow.get("required").is_some()
        && narrow.get("additionalProperties") == wide.get("additionalProperties")
        && narrow.get(APART) == wide.get(APART);
    close
        && same_frame
        && narrow["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .all(|(name, schema)| wide["properties"].get(name) == Some(schema))
}
