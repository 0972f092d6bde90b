//! What setters and arguments take: one rule for all of them.
//!
//! | what you have | what you write |
//! | --- | --- |
//! | a value | `.name("Alice")` |
//! | an `Option`, of which `None` changes nothing | `.maybe_name(option)` |
//! | null, which clears a field that may be null | `.name(Null)`, or literally `.name(None)` |
//!
//! A setter that is not called leaves its field out of the request, and the server keeps what it
//! has. An `Option` is never taken for null, so that an empty cell of a spreadsheet erases nothing:
//! `.name(option)` does not compile, and `.maybe_name(option)` leaves `None` out.
//!
//! ```no_run
//! # #[cfg(feature = "users")]
//! # async fn run(logto: logto_api::Client, row: [Option<String>; 2]) -> logto_api::Result<()> {
//! use logto_api::Null;
//! use serde_json::json;
//!
//! let [name, phone] = row;
//! let create = logto.users().create().username("alice");
//! let user = create.maybe_name(name).maybe_primary_phone(phone).send().await?;
//! let update = logto.users().update(&user.id);
//! update.avatar(Null).custom_data(json!({ "plan": "pro" })).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! What could erase data by accident, or be sent as what it is not, does not compile:
//!
//! ```compile_fail,E0277
//! # fn create(logto: logto_api::Client) {
//! logto.users().create().name(Some("Alice")); // `maybe_name(Some("Alice"))`
//! # }
//! ```
//!
//! ```compile_fail,E0277
//! # fn change(logto: logto_api::Client, name: Option<String>) {
//! logto.users().update("id").name(name); // `maybe_name(name)`, or `name(Null)`
//! # }
//! ```
//!
//! ```compile_fail,E0277
//! # fn change(logto: logto_api::Client) {
//! logto.users().update("id").custom_data(["plan", "pro"]); // `[("plan", "pro")]`, or `json!({…})`
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # fn create(logto: logto_api::Client) {
//! logto.organizations().create(); // Logto requires a name: `create("Acme")`
//! # }
//! ```
//!
//! The traits say what a value may be. There is no need to import them.
//!
//! | trait | takes |
//! | --- | --- |
//! | [`IntoText`] | whatever implements `Display`: `&str`, `String`, `&&str`, `Cow<str>`, `Uuid`, `Url` |
//! | [`IntoValue`] | whatever converts into the type, such as the content of an enum's variant |
//! | [`IntoObject`] | `json!({…})`, a map, or pairs of a name and a value |
//! | [`IntoNullableText`], [`IntoNullable`], [`IntoNullableObject`] | the same, and [`Null`] |
//! | [`IntoScope`] | a scope as OAuth writes it, or a list of its parts |
//! | [`IntoOption`] | for an argument that must be given: a value, or `None` where there is none |

mod nullable;
mod object;
mod value;

pub use nullable::{IntoNullable, IntoNullableObject, IntoNullableText, Null};
pub use object::{IntoObject, NotAnObject};
pub use value::{IntoOption, IntoScope, IntoText, IntoValue};

/// Tells apart the ways in which one trait is implemented. The compiler finds out which it is.
pub mod kind {
    /// A value.
    #[derive(Clone, Copy, Debug)]
    pub struct Value;
    /// Null.
    #[derive(Clone, Copy, Debug)]
    pub struct Null;
    /// JSON.
    #[derive(Clone, Copy, Debug)]
    pub struct Json;
    /// A list.
    #[derive(Clone, Copy, Debug)]
    pub struct List;
}

/// Writes setters: of each, the one that takes a value and the one that takes an `Option`. In the
/// brackets is what has the fields; a field that is not called like its setter comes last.
///
/// ```ignore
/// setters! { Create [body.];
///     /// The full name.
///     name maybe_name: NullableText,
///     /// The password, beside a parameter of that name.
///     new_password maybe_new_password: Text = password,
/// }
/// ```
///
/// Written out, they would be a quarter of the generated code.
#[allow(unused_macros, reason = "depends on the enabled features")]
macro_rules! setters {
    ($type:ident $place:tt; $(
        $(#[$doc:meta])* $name:ident $maybe:ident: $kind:ident $(($of:ty))? $(= $field:ident)?,
    )+) => {
        impl $type { $(
            $crate::setters::setter! {
                $kind $(($of))?: [$(#[$doc])*] $name $maybe $place [$name $(= $field)?]
            }
        )+ }
    };
}

/// Writes the two setters of one field, by what kind of value it takes.
#[allow(unused_macros, reason = "depends on the enabled features")]
macro_rules! setter {
    (Text: $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl $crate::setters::IntoText,
            value => value.into_text(),
            $($rest)+
        }
    };
    (Plain($of:ty): $($rest:tt)+) => {
        $crate::setters::setter! { @write [] $of, value => value, $($rest)+ }
    };
    (Value($of:ty): $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl $crate::setters::IntoValue<$of>,
            value => value.into_value(),
            $($rest)+
        }
    };
    (Texts: $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl IntoIterator<Item = impl $crate::setters::IntoText>,
            value => value.into_iter().map($crate::setters::IntoText::into_text).collect(),
            $($rest)+
        }
    };
    (List($of:ty): $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl IntoIterator<Item = impl $crate::setters::IntoValue<$of>>,
            value => value.into_iter().map($crate::setters::IntoValue::into_value).collect(),
            $($rest)+
        }
    };
    (TextMap: $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl IntoIterator<
                Item = (impl $crate::setters::IntoText, impl $crate::setters::IntoText)
            >,
            value => {
                let entries = value.into_iter();
                entries.map(|(name, value)| (name.into_text(), value.into_text())).collect()
            },
            $($rest)+
        }
    };
    (Map($of:ty): $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [] impl IntoIterator<
                Item = (impl $crate::setters::IntoText, impl $crate::setters::IntoValue<$of>)
            >,
            value => {
                let entries = value.into_iter();
                entries.map(|(name, value)| (name.into_text(), value.into_value())).collect()
            },
            $($rest)+
        }
    };
    (Scope: $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [<Kind>] impl $crate::setters::IntoScope<Kind>,
            value => value.into_scope(),
            $($rest)+
        }
    };
    (NullableText: $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [<Kind>] impl $crate::setters::IntoNullableText<Kind>,
            value => value.into_nullable(),
            $($rest)+
        }
    };
    (Nullable($of:ty): $($rest:tt)+) => {
        $crate::setters::setter! {
            @write [<Kind>] impl $crate::setters::IntoNullable<$of, Kind>,
            value => value.into_nullable(),
            $($rest)+
        }
    };
    // What is no object is an error of `send`.
    (Object: [$($doc:tt)*] $name:ident $maybe:ident [$($place:tt)*] [$($field:tt)+]) => {
        $($doc)*
        #[must_use = "setters return the changed value"]
        pub fn $name<Kind>(mut self, value: impl $crate::setters::IntoObject<Kind>) -> Self {
            let value = self.call.object(stringify!($name), value);
            $crate::setters::setter!(@set self [$($place)*] [$($field)+] value);
            self
        }
        $crate::setters::setter! {
            @maybe [<Kind>] impl $crate::setters::IntoObject<Kind>, $name $maybe
        }
    };
    (NullableObject: [$($doc:tt)*] $name:ident $maybe:ident [$($place:tt)*] [$($field:tt)+]) => {
        $($doc)*
        #[must_use = "setters return the changed value"]
        pub fn $name<Kind>(
            mut self,
            value: impl $crate::setters::IntoNullableObject<Kind>,
        ) -> Self {
            let value = self.call.nullable_object(stringify!($name), value);
            $crate::setters::setter!(@set self [$($place)*] [$($field)+] value);
            self
        }
        $crate::setters::setter! {
            @maybe [<Kind>] impl $crate::setters::IntoNullableObject<Kind>, $name $maybe
        }
    };
    (@write [$($kind:tt)*] $type:ty, $value:ident => $convert:expr,
        [$($doc:tt)*] $name:ident $maybe:ident [$($place:tt)*] [$($field:tt)+]
    ) => {
        $($doc)*
        #[must_use = "setters return the changed value"]
        pub fn $name $($kind)* (mut self, $value: $type) -> Self {
            $crate::setters::setter!(@set self [$($place)*] [$($field)+] $convert);
            self
        }
        $crate::setters::setter! { @maybe [$($kind)*] $type, $name $maybe }
    };
    (@set $self:ident [$($place:tt)*] [$name:ident] $value:expr) => {
        $self.$($place)*$name = Some($value);
    };
    (@set $self:ident [$($place:tt)*] [$name:ident = $field:ident] $value:expr) => {
        $self.$($place)*$field = Some($value);
    };
    (@maybe [$($kind:tt)*] $type:ty, $name:ident $maybe:ident) => {
        /// Does what the setter without `maybe_` does with a value; `None` changes nothing.
        #[must_use = "setters return the changed value"]
        pub fn $maybe $($kind)* (self, value: Option<$type>) -> Self {
            match value {
                Some(value) => self.$name(value),
                None => self,
            }
        }
    };
}

#[allow(unused_imports, reason = "depends on the enabled features")]
pub(crate) use {setter, setters};
