//! Any text goes through, in time that grows no faster than the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_fuzz::engine::{self, STRICT};
use std::time::{Duration, Instant};

/// Far above what a text of this size takes, and far below what a square of it would.
const MOST: Duration = Duration::from_secs(4);
const LONG: usize = 128 << 10;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = engine::text(&STRICT, &text);
    let _ = engine::structure(&STRICT, &serde_json::Value::from(&*text).to_string());
    // What is slow on a short text cannot be told from a busy machine; on a long one it can.
    if data.first().is_some_and(|byte| byte % 16 == 0) && !text.is_empty() {
        let long = text.repeat(LONG / text.len() + 1);
        let begun = Instant::now();
        let _ = engine::text(&STRICT, &long);
        assert!(begun.elapsed() < MOST, "{:?} for {} bytes of {text:?}", begun.elapsed(), long.len());
    }
});
