//! The checker of `tests/prove`: it finds nothing in what is sound, and each kind of break where one is made.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "how a test fails")]

mod broken;
mod sound;
mod story;
