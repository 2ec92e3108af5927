//! A secret planted in any disguise and any place of an arbitrary document is gone from the
//! structure and from its text twin.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use portcullis_fuzz::engine::{self, STRICT};
use portcullis_fuzz::leak::leak;
use portcullis_fuzz::plant::plant;

fuzz_target!(|data: &[u8]| {
    let Ok((document, secret)) = plant(&mut Unstructured::new(data)) else { return };
    let secrets = [secret];
    for shown in [engine::structure(&STRICT, &document), engine::text(&STRICT, &document)] {
        let Ok(Some(shown)) = shown else { continue };
        let found = leak(&shown, &secrets);
        assert!(found.is_none(), "{document} gave {shown}, which says {found:?}");
    }
});
