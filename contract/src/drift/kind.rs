//! What can change, and what it means for users of the crate: one table.

use std::fmt;

use serde::Serialize;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs, reason = "each name says it")]
pub enum Kind {
    OperationAdded,
    OperationRemoved,
    OperationRenamed,
    PathChanged,
    MethodChanged,
    OperationDeprecated,
    OperationRestored,
    SecurityAdded,
    SecurityRemoved,
    SecurityChanged,
    SchemeAdded,
    SchemeRemoved,
    SchemeChanged,
    BasePathChanged,
    ParameterAdded,
    ParameterRemoved,
    ParameterRenamed,
    ParameterMoved,
    ParameterRequired,
    ParameterOptional,
    ParameterStyleChanged,
    BodyAdded,
    BodyRemoved,
    BodyRequired,
    BodyOptional,
    MediaTypeAdded,
    MediaTypeRemoved,
    StatusAdded,
    StatusRemoved,
    HeaderAdded,
    HeaderRemoved,
    TypeChanged,
    FormatChanged,
    NullAllowed,
    NullForbidden,
    LiteralChanged,
    ValueAdded,
    ValueRemoved,
    ValuesRestricted,
    ValuesUnrestricted,
    MemberAdded,
    MemberRemoved,
    MemberRequired,
    MemberOptional,
    OtherMembersAllowed,
    OtherMembersForbidden,
    AlternativeAdded,
    AlternativeRemoved,
    DiscriminatorChanged,
    ConstraintChanged,
    DefaultAdded,
    DefaultRemoved,
    DefaultChanged,
    Deprecated,
    Restored,
    AccessChanged,
    OtherChanged,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What a change means for users of the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing that a user of the crate can tell.
    Internal,
    /// What works goes on working; the next version offers or tells more.
    Additive,
    /// What works today may fail or lose data, or code that uses it must change for the next
    /// version.
    Breaking,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Which way the changed thing travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From the crate to the server; also what is about the call as a whole.
    Sent,
    /// From the server to the crate.
    Received,
    /// Nowhere that the crate looks: bodies of errors, what no contract holds.
    Unread,
}

/// The table of what a change means for a program that runs today. `must` is whether the crate relies on the thing: a new member or parameter that is
/// required, a success status, a format that gives a type of its own.
pub(super) fn running(kind: Kind, way: Way, must: bool) -> Class {
    use Class::{Additive, Breaking, Internal};
    use Way::{Received, Sent, Unread};

    let if_must = |class| if must { class } else { Internal };
    match (kind, way) {
        // Of the call as a whole.
        (Kind::OperationAdded | Kind::OperationDeprecated | Kind::OperationRestored, _) => Additive,
        (Kind::OperationRemoved | Kind::OperationRenamed, _) => Breaking,
        (Kind::PathChanged | Kind::MethodChanged | Kind::BasePathChanged, _) => Breaking,
        (Kind::SecurityAdded | Kind::SecurityChanged, _) => Breaking,
        (Kind::SecurityRemoved, _) => Additive,
        (Kind::SchemeRemoved | Kind::SchemeChanged, _) => if_must(Breaking),
        (Kind::SchemeAdded | Kind::OtherChanged, _) => Internal,
        (Kind::StatusAdded, _) => if_must(Additive),
        (Kind::StatusRemoved, _) => if_must(Breaking),
        (Kind::HeaderAdded | Kind::HeaderRemoved, _) => Internal,
        // What nobody reads means nothing, whatever it is.
        (_, Unread) => Internal,
        // Parameters.
        (Kind::ParameterAdded, _) if must => Breaking,
        (Kind::ParameterAdded | Kind::ParameterOptional, _) => Additive,
        // Methods take path parameters by position.
        (Kind::ParameterRenamed, _) => Internal,
        (Kind::ParameterRemoved | Kind::ParameterMoved | Kind::ParameterRequired, _) => Breaking,
        (Kind::ParameterStyleChanged, _) => Breaking,
        // Bodies.
        (Kind::BodyAdded, Sent) if must => Breaking,
        (Kind::BodyAdded | Kind::BodyOptional | Kind::MediaTypeAdded, _) => Additive,
        (Kind::BodyRemoved | Kind::BodyRequired | Kind::MediaTypeRemoved, _) => Breaking,
        // Values.
        (Kind::TypeChanged, _) => Breaking,
        (Kind::FormatChanged, _) => if_must(Breaking),
        (Kind::NullAllowed, Sent) | (Kind::NullForbidden, Received) => Additive,
        (Kind::NullAllowed, Received) | (Kind::NullForbidden, Sent) => Breaking,
        (Kind::LiteralChanged, _) => Breaking,
        // Enums and unions of the crate take what they do not know.
        (Kind::ValueAdded | Kind::ValuesUnrestricted | Kind::AlternativeAdded, _) => Additive,
        (Kind::ValueRemoved | Kind::ValuesRestricted | Kind::AlternativeRemoved, Sent) => Breaking,
        (Kind::ValueRemoved | Kind::AlternativeRemoved, Received) => Internal,
        (Kind::ValuesRestricted, Received) => Additive,
        (Kind::DiscriminatorChanged, _) => Breaking,
        // Members.
        (Kind::MemberAdded, Sent) if must => Breaking,
        (Kind::MemberAdded, _) => Additive,
        (Kind::MemberRemoved, _) => Breaking,
        (Kind::MemberRequired, Sent) | (Kind::MemberOptional, Received) => Breaking,
        (Kind::MemberRequired, Received) | (Kind::MemberOptional, Sent) => Additive,
        (Kind::OtherMembersAllowed, _) => Additive,
        (Kind::OtherMembersForbidden, _) => Breaking,
        // A required member with a default need not be sent.
        (Kind::DefaultAdded, Sent) => if_must(Additive),
        (Kind::DefaultRemoved, Sent) => if_must(Breaking),
        (Kind::DefaultAdded | Kind::DefaultRemoved | Kind::DefaultChanged, _) => Internal,
        // The server checks these, or says them to readers of its documentation.
        (Kind::ConstraintChanged | Kind::AccessChanged, _) => Internal,
        (Kind::Deprecated | Kind::Restored, _) => Internal,
    }
}

/// The table of what a change means for code with the next version: what else breaks it. The rest
/// of what running programs notice is not in it.
pub(super) fn code(kind: Kind, way: Way, must: bool) -> Class {
    match (kind, way) {
        (_, Way::Unread) => Class::Internal,
        // What is required is an argument or a plain member, what is not a setter or an `Option`.
        (Kind::ParameterOptional | Kind::MemberRequired | Kind::MemberOptional, _) => {
            Class::Breaking
        }
        (Kind::DefaultAdded | Kind::DefaultRemoved, Way::Sent) if must => Class::Breaking,
        // Null is an `Option`.
        (Kind::NullAllowed | Kind::NullForbidden, _) => Class::Breaking,
        // An enum is another type than a text.
        (Kind::ValuesRestricted | Kind::ValuesUnrestricted, _) => Class::Breaking,
        // A variant is gone.
        (Kind::ValueRemoved | Kind::AlternativeRemoved, _) => Class::Breaking,
        _ => Class::Internal,
    }
}
