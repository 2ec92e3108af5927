//! Rule files and queries of any content load or are refused with a sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::redact::Path;
use portcullis::redact::detect::Detectors;
use portcullis::redact::profile::Profile;
use portcullis::redact::rules::Source;
use portcullis::redact::tools::{Known, ServerRules};
use portcullis_fuzz::engine::RULES;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match kind % 4 {
        0 => drop(Path::compile(text).map_err(|why| assert!(!why.is_empty()))),
        1 => drop(Detectors::load(&[Source::new("d.yaml", text)])),
        2 => drop(Profile::load("p.yaml", text, &RULES.detectors)),
        _ => {
            let known = Known { profiles: &RULES.profiles, entities: &RULES.entities };
            drop(ServerRules::load("t.yaml", text, known));
        }
    }
});
