//! `Debug` without secrets.

#![allow(unused_macros, dead_code, reason = "which are used depends on the enabled features")]

use std::fmt;

/// `Debug` for a struct that shows some members, hides the value of others, and of optional ones
/// shows whether they are there.
macro_rules! redacted_debug {
    (
        $name:ident { $($shown:ident),* $(,)? }
        $(hides { $($hidden:ident),* $(,)? })?
        $(maybe { $($maybe:ident),* $(,)? })?
    ) => {
        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::models::redacted::redacted(
                    f.debug_struct(stringify!($name)),
                    &[$((stringify!($shown), &self.$shown)),*],
                    &[
                        $($((stringify!($hidden), true),)*)?
                        $($((stringify!($maybe), self.$maybe.is_some()),)*)?
                    ],
                )
            }
        }
    };
}

/// Writes what [`redacted_debug!`] shows.
pub(crate) fn redacted(
    mut written: fmt::DebugStruct<'_, '_>,
    shown: &[(&str, &dyn fmt::Debug)],
    hidden: &[(&str, bool)],
) -> fmt::Result {
    for (name, value) in shown {
        written.field(name, value);
    }
    for (name, is_there) in hidden {
        let text = if *is_there { "[redacted]" } else { "None" };
        written.field(name, &format_args!("{text}"));
    }
    written.finish()
}

#[allow(unused_imports, reason = "which are used depends on the enabled features")]
pub(crate) use redacted_debug;

#[cfg(test)]
mod tests {
    struct Login {
        name: String,
        password: Option<String>,
    }

    redacted_debug!(Login { name } maybe { password });

    #[test]
    fn secrets_are_hidden() {
        let mut login = Login { name: "alice".into(), password: Some("hunter2".into()) };
        assert_eq!(format!("{login:?}"), r#"Login { name: "alice", password: [redacted] }"#);
        login.password = None;
        assert_eq!(format!("{login:?}"), r#"Login { name: "alice", password: None }"#);
    }
}
