//! Corpora for measuring: texts made of templates and words that training never sees.

use super::data::{self, Record};
use super::templates::Templates;
use crate::model::chance::Chance;
use std::path::Path;

const SEED: u64 = 0x5eed_0000_0c0a;
/// How many texts each corpus has.
const RECORDS: usize = 120;

/// Writes `OUT/NAME/test.jsonl` for each file of templates.
///
/// # Errors
/// A file that cannot be read or written, or a template with an unknown slot.
pub fn corpora(templates: &Path, out: &Path) -> anyhow::Result<()> {
    let templates = Templates::read(templates)?;
    for (name, texts) in &templates.texts {
        // A corpus stays as it is when another one changes.
        let mut chance =
            Chance::new(name.bytes().fold(SEED, |seed, byte| seed.wrapping_mul(31) + u64::from(byte)));
        let mut records: Vec<Record> = Vec::new();
        for (number, template) in texts.iter().cycle().take(RECORDS).enumerate() {
            let example = templates.fill(template, None, &mut chance)?;
            records.push(example.record(format!("{name}-{number}")));
        }
        let folder = out.join(name);
        std::fs::create_dir_all(&folder)?;
        data::write(&folder.join("test.jsonl"), &records)?;
    }
    Ok(())
}
