//! Webhooks that are to be sent.

/// A request to a hook's address, signed already.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) hook_id: String,
    pub(crate) event: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) signature: String,
    pub(crate) body: String,
    /// Whether its outcome is kept among the hook's logs.
    pub(crate) is_logged: bool,
}
