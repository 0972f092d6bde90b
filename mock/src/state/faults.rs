//! What goes wrong on demand.

use std::time::Duration;

/// Something that goes wrong with requests: what, with which, how often and how likely.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use logto_mock::Fault;
///
/// let mock = logto_mock::Mock::start().await?;
/// // The next two requests that create users find the server overloaded.
/// mock.inject(Fault::status(503).on("CreateUser").times(2));
/// // One in ten of all others is answered by a closed connection.
/// mock.inject(Fault::reset().with_probability(0.1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing before it is injected"]
pub struct Fault {
    pub(crate) kind: Kind,
    operation: Option<String>,
    times: Option<usize>,
    probability: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Status(u16),
    RateLimited(Duration),
    Latency(Duration),
    Reset,
    Silent,
    HalfSent,
    Stalled,
    Endless,
    Unknowns,
}

impl Fault {
    fn of(kind: Kind) -> Self {
        Self { kind, operation: None, times: None, probability: 1.0 }
    }

    /// An answer with this status in place of what was asked for, which is not carried out.
    ///
    /// # Panics
    ///
    /// When it is not the status of an answer, from 200 to 599.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        let is_final = (200..600).contains(&status);
        assert!(is_final, "{status} is not the status of an answer: give one from 200 to 599");
        Self::of(Kind::Status(status))
    }

    /// A 429 that says how many seconds to wait (`Retry-After`); nothing is carried out.
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self::of(Kind::RateLimited(retry_after))
    }

    /// A right answer, this much later.
    pub fn latency(latency: Duration) -> Self {
        Self::of(Kind::Latency(latency))
    }

    /// The request is carried out, and the connection reset in place of the answer.
    pub fn reset() -> Self {
        Self::of(Kind::Reset)
    }

    /// The request is carried out, and never answered: the connection stays open.
    pub fn silent() -> Self {
        Self::of(Kind::Silent)
    }

    /// The request is carried out, and the connection closed after half of the body.
    pub fn half_sent() -> Self {
        Self::of(Kind::HalfSent)
    }

    /// The request is carried out, and after half of the body nothing more comes: the connection
    /// stays open.
    pub fn stalled() -> Self {
        Self::of(Kind::Stalled)
    }

    /// The request is carried out, and the body goes on with blanks for ever.
    pub fn endless() -> Self {
        Self::of(Kind::Endless)
    }

    /// A right answer with what a later release may send: a field more in each object, and a value
    /// of each enumeration that nobody has heard of.
    pub fn unknowns() -> Self {
        Self::of(Kind::Unknowns)
    }

    /// Only with this operation of the contract, by its `operationId`, such as `CreateUser`; or
    /// `Token` for the token endpoint. Without it, any request will do.
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    pub(crate) fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }

    /// Only with so many requests, of which 0 are none; without it, until [`Mock::clear_faults`](crate::Mock::clear_faults).
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// With each request only with this probability, from 0 to 1. Which ones these are is the same
    /// in each run: [`Mock::seed_faults`](crate::Mock::seed_faults) changes it.
    ///
    /// # Panics
    ///
    /// When it is not from 0 to 1.
    #[track_caller]
    pub fn with_probability(mut self, probability: f64) -> Self {
        let is_probability = (0.0..=1.0).contains(&probability);
        assert!(is_probability, "{probability} is not a probability: give it from 0 to 1");
        self.probability = probability;
        self
    }
}

/// The faults that there are, in the order in which they were injected.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    random: u64,
    /// Whether nobody can connect.
    pub(crate) refuses: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self { faults: Vec::new(), random: 1, refuses: false }
    }
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times != Some(0) {
            self.faults.push(fault);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
        self.refuses = false;
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        // The generator stands still at zero.
        self.random = seed.max(1);
    }

    /// What goes wrong with a request for this operation: the first that applies.
    pub(crate) fn next(&mut self, operation: &str) -> Option<Kind> {
        for at in 0..self.faults.len() {
            let fault = &self.faults[at];
            let is_meant = fault.operation.as_ref().is_none_or(|own| own == operation);
            let probability = fault.probability;
            if !is_meant || (probability < 1.0 && self.draw() >= probability) {
                continue;
            }
            let fault = &mut self.faults[at];
            let kind = fault.kind;
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
            }
            self.faults.retain(|fault| fault.times != Some(0));
            return Some(kind);
        }
        None
    }

    /// A number from 0 up to 1, by Marsaglia's xorshift.
    fn draw(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let bits = u32::try_from(self.random >> 32).unwrap_or_default();
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}
