//! What is released unchanged keeps its bytes, and what is refused is refused for a reason
//! that the reference can see.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use portcullis::model::strict::{self, StrictFault};
use portcullis::redact::Blocked;
use portcullis::redact::plan::Plan;
use portcullis_fuzz::{document, engine};
use std::sync::LazyLock;

static COPY: LazyLock<Plan> = LazyLock::new(|| Plan::everything(None));

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        as_it_is(text);
    }
    if let Ok(written) = document::write(&mut Unstructured::new(data), 6) {
        assert_eq!(engine::structure(&COPY, &written.text), Ok(Some(written.text.clone())));
    }
});

/// Bytes that may be JSON: the engine and the strict parser agree on whether they are.
fn as_it_is(text: &str) {
    let copied = engine::structure(&COPY, text);
    match strict::parse(text.as_bytes()) {
        Ok(_) => {
            let space = [' ', '\t', '\n', '\r'];
            assert_eq!(copied, Ok(Some(text.trim_matches(space).to_owned())), "{text:?}");
        }
        // RFC 8259 sets numbers no bound; the parser takes none that no `f64` holds.
        Err(StrictFault::Syntax) if vast_number(text) => {}
        // Where two faults meet, either may be met first.
        Err(StrictFault::Syntax | StrictFault::Duplicate | StrictFault::TooDeep) => {
            assert!(copied.is_err(), "{text:?} gave {copied:?}");
        }
        Err(StrictFault::TooMany) => assert!(!matches!(copied, Err(Blocked::NotUtf8))),
    }
}

fn vast_number(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E')));
    words.filter_map(|word| word.parse::<f64>().ok()).any(f64::is_infinite)
}
