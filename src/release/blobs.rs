//! Binary content that stands in a result twice: in a content block, and once more in the
//! structure or in JSON written as text, where it is a string like any other.

use crate::model::denial::Denial;
use crate::model::strict;
use crate::release::filter::{Filter, declared};
use serde_json::Value;

/// Learns what becomes of each blob, so that its twins fare no better.
///
/// # Errors
/// [`Denial::ResultBlocked`] when the structure or a blob cannot be looked at whole.
pub(super) fn learn<'b>(
    filter: &mut Filter<'_, '_>,
    blocks: impl Iterator<Item = &'b Value>,
    structure: Option<&str>,
) -> Result<(), Denial> {
    // Most structures hold no content block; those are not read twice.
    let holds = |structure: &&str| {
        let holds = |word: &str| memchr::memmem::find(structure.as_bytes(), word.as_bytes()).is_some();
        ["image", "audio", "blob"].into_iter().any(holds)
    };
    let structure = structure.filter(holds).map(|structure| strict::parse(structure.as_bytes()));
    let structure = structure.transpose().map_err(|fault| super::filter::blocked(fault.into()))?;
    let mut found = Vec::new();
    blocks.for_each(|block| collect(block, &mut found));
    if let Some(structure) = &structure {
        collect(structure, &mut found);
    }
    // One that is declared to be of two types is of none.
    found.sort_by_key(|(_, blob)| *blob);
    for twins in found.chunk_by(|(_, one), (_, other)| one == other) {
        let Some((declared, blob)) = twins.first() else { continue };
        let agree = twins.iter().all(|(other, _)| other == declared);
        filter.twin(declared.filter(|_| agree), blob)?;
    }
    Ok(())
}

/// The blobs of all content blocks at and below `value`.
fn collect<'v>(value: &'v Value, found: &mut Vec<(Option<&'v str>, &'v str)>) {
    match value {
        Value::Object(object) => {
            let media = matches!(value.get("type").and_then(Value::as_str), Some("image" | "audio"));
            let own = match object.get("blob").filter(|_| object.contains_key("uri")) {
                None if media => object.get("data"),
                blob => blob,
            };
            let own = own.and_then(Value::as_str).filter(|blob| !blob.is_empty());
            found.extend(own.map(|blob| (declared(object), blob)));
            object.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}
