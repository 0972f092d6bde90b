//! Webhooks that are to be sent.

/// A request to the address of a hook, signed already, or of an application that is told of a logout.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) hook_id: String,
    pub(crate) event: String,
    pub(crate) url: String,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    /// Empty where the body is signed itself.
    pub(crate) signature: String,
    pub(crate) body: String,
    /// Whether its outcome is kept among the hook's logs.
    pub(crate) is_logged: bool,
}
