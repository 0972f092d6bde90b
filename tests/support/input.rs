//! The arguments of a recorded call, as the generated calls ask for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Mutex;

use logto_api::{Error, Search, Upload};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::exchange::Exchange;

/// Why the typed API cannot make a request.
#[derive(Debug)]
pub struct NotExpressible(pub String);

/// What a call came to: a value, as JSON, or the crate's error.
pub type Called = Result<Result<Value, Error>, NotExpressible>;

pub struct Input {
    path: BTreeMap<String, String>,
    query: BTreeMap<String, Vec<Value>>,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    upload: Option<Value>,
    /// The query keys that no parameter has taken yet.
    unused: Mutex<BTreeSet<String>>,
    shown: Mutex<Vec<String>>,
}

impl Input {
    pub fn of(exchange: &Exchange) -> Self {
        let mut query = BTreeMap::new();
        for (name, value) in exchange.query.iter().flatten() {
            query.insert(name.clone(), crate::exchange::each(value).to_vec());
        }
        let form = exchange.special_body("_form").cloned();
        let upload = exchange.special_body("_multipart").cloned();
        Self {
            path: exchange.path_parameters(),
            unused: Mutex::new(query.keys().cloned().collect()),
            shown: Mutex::default(),
            query,
            headers: exchange.request_headers.clone(),
            body: match upload {
                Some(_) => None,
                None => form.or_else(|| exchange.request_body.clone()),
            },
            upload,
        }
    }

    pub fn required<T>(&self, value: Option<T>) -> Result<T, NotExpressible> {
        value.ok_or_else(|| NotExpressible("a required parameter is missing".into()))
    }

    pub fn path<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, NotExpressible> {
        let values = self.path.get(name).map(|value| vec![Value::String(value.clone())]);
        values.map(|values| parameter(name, &values)).transpose()
    }

    pub fn query<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, NotExpressible> {
        self.unused.lock().unwrap().remove(name);
        let values = self.query.get(name);
        values.map(|values| parameter(name, values)).transpose()
    }

    pub fn header<T: From<String>>(&self, name: &str) -> Option<T> {
        self.headers.get(name).cloned().map(T::from)
    }

    /// Logto's search takes several keys of its own.
    pub fn search(&self) -> Result<Option<Search>, NotExpressible> {
        let mut unused = self.unused.lock().unwrap();
        let mut search: Option<Search> = None;
        for (name, values) in &self.query {
            let stem = name.split('.').next().unwrap_or_default();
            if !["search", "mode", "joint", "isCaseSensitive"].contains(&stem) {
                continue;
            }
            unused.remove(name);
            for value in values {
                let so_far = search.take().unwrap_or_default();
                search = Some(so_far.raw(name, crate::exchange::text(value)));
            }
        }
        Ok(search)
    }

    pub fn body<T: DeserializeOwned + Serialize>(&self) -> Result<T, NotExpressible> {
        let body = self.body.as_ref().ok_or_else(|| NotExpressible("there is no body".into()))?;
        let model: T = serde_path_to_error::deserialize(body)
            .map_err(|error| NotExpressible(format!("body: {error}")))?;
        let again = serde_json::to_value(&model).expect("a model serialises");
        match again == *body {
            true => Ok(model),
            false => Err(NotExpressible("the body has members of no model, or lacks some".into())),
        }
    }

    /// The body of an operation that may do without one.
    pub fn any_body<T: Serialize + DeserializeOwned>(&self) -> Result<Option<T>, NotExpressible> {
        self.body.is_some().then(|| self.body()).transpose()
    }

    pub fn no_body(&self) -> Result<(), NotExpressible> {
        match (&self.body, &self.upload) {
            (None, None) => Ok(()),
            _ => Err(NotExpressible("the operation takes no body".into())),
        }
    }

    /// A file of the recorded name, type and size.
    pub fn upload(&self) -> Result<Upload, NotExpressible> {
        let missing = || NotExpressible("there is no file".into());
        let file = self.upload.as_ref().and_then(|body| body.get("file")).ok_or_else(missing)?;
        let text = |name: &str| file[name].as_str().unwrap_or_default().to_owned();
        let size = file["bytes"].as_u64().and_then(|size| usize::try_from(size).ok());
        let content = vec![b'x'; size.unwrap_or_default()];
        Ok(Upload::bytes(text("filename"), text("content_type"), content))
    }

    /// The request is made: every parameter must have been taken.
    pub fn ready(&self, request: &dyn Debug) -> Result<(), NotExpressible> {
        self.show(request);
        match self.unused.lock().unwrap().first() {
            Some(name) => Err(NotExpressible(format!("no query parameter is called {name}"))),
            None => Ok(()),
        }
    }

    pub fn outcome<T: Serialize + Debug>(&self, result: logto_api::Result<T>) -> Called {
        self.show(&result);
        Ok(result.map(|value| serde_json::to_value(value).expect("a model serialises")))
    }

    fn show(&self, thing: &dyn Debug) {
        self.shown.lock().unwrap().push(format!("{thing:?}"));
    }

    /// What `Debug` shows of the request and of what came of it.
    pub fn shown(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }
}

/// Tries the forms that a value on the wire may have as JSON.
fn parameter<T: DeserializeOwned>(name: &str, values: &[Value]) -> Result<T, NotExpressible> {
    let mut candidates = vec![Value::Array(values.to_vec())];
    if let [value] = values {
        let text = crate::exchange::text(value);
        candidates.push(Value::String(text.clone()));
        candidates.extend(serde_json::from_str::<Value>(&text).ok());
    }
    candidates
        .into_iter()
        .find_map(|candidate| serde_json::from_value(candidate).ok())
        .ok_or_else(|| NotExpressible(format!("parameter {name} has another type")))
}
