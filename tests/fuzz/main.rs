//! Whatever comes from outside: answers, errors, tokens, keys, cookies, callbacks, headers, OpenAPI
//! documents. No target panics, hangs or shows too much, and what is accepted is what a second reading
//! accepts.
//!
//! `cargo test --test fuzz` tries the corpus of each target (`corpus/TARGET`) and changed inputs of
//! it; `cargo xtask fuzz TARGET` searches for inputs that reach more code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![cfg(all(feature = "account", feature = "management", feature = "sign-in"))]

mod mutants;

include!("targets.rs");

/// A test for each target, by its module's name.
macro_rules! targets {
    ($($target:ident),+ $(,)?) => { $(
        #[test]
        fn $target() {
            let corpus = mutants::corpus(stringify!($target));
            corpus.iter().for_each(|input| mutants::show_if_it_fails(input, $target::target));
            mutants::try_all(&corpus, $target::target);
        }
    )+ };
}

targets!(
    callbacks,
    cookies,
    downloads,
    drifts,
    errors,
    id_tokens,
    key_sets,
    lists,
    logout_tokens,
    token_answers,
    vendoring,
    waits,
);

#[cfg(feature = "webhooks")]
targets!(deliveries);

#[test]
fn answers() {
    let corpus = [mutants::corpus("answers"), answers::recorded()].concat();
    corpus.iter().for_each(|input| mutants::show_if_it_fails(input, answers::target));
    mutants::try_all(&corpus, answers::target);
}
