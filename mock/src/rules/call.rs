//! A request to an operation, and what is replied to it.

use serde_json::{Value, json};

use crate::{
    rules::{
        contract::{
            Check, Contract, Operation,
            issues::{custom, wrong_number},
            refused,
        },
        engine,
        errors::Failure,
        formats,
        plan::Plan,
        spec::Spec,
    },
    state::{State, collection::Members, params::Params},
};

/// A request that has been let in, on its way through the rules.
pub(crate) struct Call<'a> {
    pub(crate) contract: &'static Contract,
    pub(crate) operation: &'static Operation,
    pub(crate) plan: &'static Plan,
    pub(crate) state: &'a mut State,
    /// The values of the path's parameters.
    pub(crate) path: Vec<String>,
    pub(crate) query: &'a Params,
    pub(crate) body: Value,
}

pub(crate) type Outcome<T = Reply> = Result<T, Failure>;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// How many there are in all, of a list that is cut into pages.
    pub(crate) total: Option<usize>,
    /// Whether it was made up.
    pub(crate) is_example: bool,
}

pub(crate) enum Body {
    None,
    Json(Value),
    Text(String),
    /// A text of this media type.
    Page(&'static str, String),
    /// Where the browser goes on.
    Redirect(String),
}

impl Reply {
    /// The body, if it is JSON.
    pub(crate) fn value(&mut self) -> Option<&mut Value> {
        match &mut self.body {
            Body::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&mut self) -> impl Iterator<Item = &mut Value> {
        self.value().and_then(Value::as_array_mut).into_iter().flatten()
    }

    pub(crate) fn json(status: u16, body: impl Into<Value>) -> Self {
        Self { status, body: Body::Json(body.into()), total: None, is_example: false }
    }

    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn nothing() -> Self {
        Self { status: 204, body: Body::None, total: None, is_example: false }
    }

    pub(crate) fn text(body: String) -> Self {
        Self { status: 200, body: Body::Text(body), total: None, is_example: false }
    }

    pub(crate) fn page(media_type: &'static str, text: String) -> Self {
        Self { status: 200, body: Body::Page(media_type, text), total: None, is_example: false }
    }

    pub(crate) fn redirect(location: String) -> Self {
        Self { status: 302, body: Body::Redirect(location), total: None, is_example: false }
    }

    /// What Logto sends where it has nothing to say about what was created.
    pub(crate) fn created() -> Self {
        Self { status: 201, ..Self::text("Created".to_owned()) }
    }
}

impl Call<'_> {
    /// Checks query, body and path in Logto's order, and leaves of the body what the release that
    /// is played knows.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        if self.plan.owners.len() > 1 {
            engine::check_owners(self)?;
        }
        self.check_query()?;
        if let Some(schema) = self.operation.body.as_ref().filter(|_| !self.is_read_later()) {
            self.body = self.checked(schema)?;
        }
        self.check_path()
    }

    fn checked(&self, schema: &Value) -> Outcome<Value> {
        let release = self.state.release.as_deref();
        if let Some(checked) =
            self.contract.guarded(self.operation, release, &self.path, &self.body)
        {
            return checked;
        }
        let mut known = self.body.clone();
        if let Some(release) = release {
            self.contract.restrict(schema, &mut known, release);
        }
        let mut check = Check::new(self.contract);
        let body = check.value(schema, &known, &[]);
        if check.issues.is_empty() { Ok(body) } else { Err(refused("body", &check.issues)) }
    }

    /// Whether any object will do at first.
    fn is_read_later(&self) -> bool {
        Spec::of(&self.plan.table).is_read_later() && self.body.is_object()
    }

    fn check_path(&self) -> Result<(), Failure> {
        // The template has the order; the contract's list is sorted by name.
        let names = self.operation.template.split('/').filter(|part| part.starts_with('{'));
        let names = names.map(|part| part.trim_matches(['{', '}']));
        let mut check = Check::new(self.contract);
        for (name, value) in names.zip(&self.path) {
            let own = self.operation.parameters.iter().find(|own| own.in_path && own.name == name);
            if let Some(own) = own {
                let before = check.issues.len();
                check.value(&own.schema, &json!(value), &[name.into()]);
                // Logto tells no options of languages.
                if name == "languageTag" && check.issues.len() > before {
                    check.issues.truncate(before);
                    check.issues.push(custom(&[name.into()]));
                }
            }
        }
        if check.issues.is_empty() { Ok(()) } else { Err(refused("params", &check.issues)) }
    }

    fn check_query(&self) -> Result<(), Failure> {
        let mut check = Check::new(self.contract);
        for own in self.operation.parameters.iter().filter(|own| !own.in_path) {
            let path = [own.name.as_str().into()];
            let schema = self.contract.resolve(&own.schema);
            match self.query.get(&own.name) {
                None if own.required => {
                    check.missing(&own.schema, &path);
                }
                Some(value) if schema["enum"].is_array() => {
                    check.value(&own.schema, &json!(value), &path);
                }
                Some(value) if formats::bounds(&own.name).is_some() => match value.parse::<f64>() {
                    Ok(number) => check.format(&own.name, &json!(number), &path),
                    Err(_) => check.issues.push(wrong_number("number", "nan", &path)),
                },
                Some(_) if schema["items"].is_object() => {
                    let values: Vec<&str> = self.query.all(&own.name).collect();
                    check.options(&schema["items"], &values, &path);
                }
                Some(value) => check.literals(formats::literals(&own.name), value, &path),
                None => {}
            }
        }
        if check.issues.is_empty() { Ok(()) } else { Err(refused("query", &check.issues)) }
    }

    /// Whether a parameter of the query says yes.
    pub(crate) fn says(&self, name: &str) -> bool {
        let value = self.query.get(name).unwrap_or_default().to_lowercase();
        ["1", "true", "y", "yes", "yep", "yeah"].contains(&value.as_str())
    }

    /// The members of the body.
    pub(crate) fn members(&self) -> Members {
        self.body.as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// The strings of a list in the body.
    pub(crate) fn strings(&self, member: &str) -> Vec<String> {
        let items = self.body[member].as_array().into_iter().flatten();
        items.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    }

    /// The value of the path's last parameter.
    pub(crate) fn key(&self) -> &str {
        self.path.last().map(String::as_str).unwrap_or_default()
    }
}
