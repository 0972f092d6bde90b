//! Keeps what any crate logs, as its users would: the spans and events of `tracing`, and the lines
//! of `log`, both to the last detail.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// What the log facade got, of all tests: it has one logger for a whole process.
static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.lock().unwrap().push(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// What this thread traces.
#[derive(Clone, Default)]
pub struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    pub fn start() -> (Self, DefaultGuard) {
        // The second test finds it set.
        let _ = log::set_logger(&Logger);
        log::set_max_level(log::LevelFilter::Trace);
        let listener = Self::default();
        let subscriber = tracing_subscriber::registry().with(listener.clone());
        (listener, tracing::subscriber::set_default(subscriber))
    }

    pub fn lines(&self) -> Vec<String> {
        [self.0.lock().unwrap().clone(), LOGGED.lock().unwrap().clone()].concat()
    }

    fn keep(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {}", metadata.target(), metadata.name()));
        record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.keep(attributes.metadata(), |line| attributes.record(line));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.keep(context.metadata(id).unwrap(), |line| values.record(line));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.keep(event.metadata(), |line| event.record(line));
    }
}
