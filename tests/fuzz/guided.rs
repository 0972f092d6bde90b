//! The search for inputs that reach more code, by libFuzzer: `cargo xtask fuzz TARGET`, which says
//! how this is compiled. `cargo test` has nothing to do here.

#![cfg_attr(guided_fuzzing, no_main)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[cfg(guided_fuzzing)]
include!("targets.rs");

#[cfg(guided_fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let target = std::env::var("LOGTO_FUZZ_TARGET").unwrap();
    macro_rules! choose {
        ($($target:ident)+) => {
            match target.as_str() {
                $(stringify!($target) => $target::target(input),)+
                other => panic!("there is no target {other}"),
            }
        };
    }
    choose!(
        answers callbacks cookies deliveries downloads drifts errors id_tokens key_sets lists
        logout_tokens token_answers vendoring waits
    );
});

#[cfg(not(guided_fuzzing))]
fn main() {}
