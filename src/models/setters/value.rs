//! Values as callers have them at hand.

use std::fmt::Display;

use super::kind;

/// A string to send, as callers have it at hand: anything that implements [`Display`].
///
/// `&str`, `String`, `&String`, `&&str`, `Cow<str>`, `Arc<str>` and numbers do, and so do the types
/// of other crates for ids, URLs and e-mail addresses. An `Option` does not: its setter begins with
/// `maybe_`.
///
/// ```
/// use logto_api::setters::IntoText;
///
/// let ids = ["one", "two"];
/// let texts: Vec<String> = ids.iter().map(IntoText::into_text).collect();
/// assert_eq!(texts, ids);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a string that can be sent to Logto",
    label = "expected a string, or anything else that implements `Display`",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoText {
    /// The string.
    fn into_text(self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Display> IntoText for T {
    fn into_text(self) -> String {
        self.to_string()
    }
}

/// A value that a field of this type can be set to: one of the type, or one that converts into it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as `{T}`",
    label = "expected a `{T}`, or anything that converts into one",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoValue<T> {
    /// The value.
    fn into_value(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T, V: Into<T>> IntoValue<T> for V {
    fn into_value(self) -> T {
        self.into()
    }
}

/// An argument that must be given, though there may be nothing to give: a value or `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a `{T}` nor `None`",
    label = "expected a `{T}`, or an `Option` of one"
)]
pub trait IntoOption<T> {
    /// The value, if there is one.
    fn into_option(self) -> Option<T>;
}

impl<T> IntoOption<T> for T {
    fn into_option(self) -> Option<T> {
        Some(self)
    }
}

// No other impl may be for an `Option`: then `None` would have no type.
impl<T> IntoOption<T> for Option<T> {
    fn into_option(self) -> Option<T> {
        self
    }
}

impl IntoOption<String> for &str {
    fn into_option(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoOption<String> for &String {
    fn into_option(self) -> Option<String> {
        Some(self.clone())
    }
}

/// OAuth's `scope`: its parts in one string with spaces between them, or as a list.
///
/// ```
/// use logto_api::setters::IntoScope;
///
/// fn scope<Kind>(scope: impl IntoScope<Kind>) -> String {
///     scope.into_scope()
/// }
///
/// assert_eq!(scope("openid email"), scope(["openid", "email"]));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an OAuth scope",
    label = "expected a string, or a list of strings",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoScope<Kind> {
    /// The scope as it is sent.
    fn into_scope(self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: IntoText> IntoScope<kind::Value> for T {
    fn into_scope(self) -> String {
        self.into_text()
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoText, L: IntoIterator<Item = T>> IntoScope<kind::List> for L {
    fn into_scope(self) -> String {
        self.into_iter().map(IntoText::into_text).collect::<Vec<_>>().join(" ")
    }
}
