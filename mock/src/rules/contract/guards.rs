//! What each release refuses of bodies: `guards.json`, which `cargo xtask vendor` makes of Logto's
//! documents.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Operation, is_later};

static GUARDS: LazyLock<Guards> = LazyLock::new(|| {
    let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/guards.json"));
    Guards(serde_json::from_str(file).unwrap_or_default())
});

pub(crate) struct Guards(Value);

impl Guards {
    pub(crate) fn get() -> &'static Self {
        &GUARDS
    }

    /// The guard of an operation's body, in a release or the newest one. It may depend on the
    /// path, whose parameters have these values.
    pub(crate) fn body(
        &self,
        operation: &Operation,
        release: Option<&str>,
        path: &[String],
    ) -> Option<&Value> {
        let key = format!("{} {}", operation.method.to_lowercase(), operation.template);
        let all = self.0["bodies"][key].as_array()?;
        let is_in = |own: &&Value| match (release, own[0].as_str()) {
            (Some(release), Some(since)) => since != "next" && !is_later(since, release),
            _ => true,
        };
        let guard = self.resolve(&all.iter().rfind(is_in).or(all.first())?[1]);
        let Some(name) = guard["by"].as_str() else { return Some(guard) };
        let mut names = operation.template.split('/').filter(|part| part.starts_with('{'));
        let at = names.position(|own| own.trim_matches(['{', '}']) == name)?;
        // Nothing is asked of a body for something that there is not.
        Some(
            guard["cases"]
                .get(path.get(at)?.as_str())
                .map_or(&Value::Null, |own| self.resolve(own)),
        )
    }

    /// The guard itself, where this refers to one.
    pub(crate) fn resolve<'a>(&'a self, guard: &'a Value) -> &'a Value {
        match &guard["part"] {
            Value::Null => guard,
            at => at.as_u64().and_then(|at| self.0["parts"].get(at as usize)).unwrap_or(guard),
        }
    }
}
