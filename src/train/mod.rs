//! Training of the model of names, and the generator of annotated texts (`--features train`).
//!
//! The model is an averaged structured perceptron: each text is tagged with the weights so
//! far, and where the tags are wrong the weights of what was seen there move.

mod corpora;
mod data;
mod lists;
mod perceptron;
mod slots;
mod templates;

use crate::model::chance::Chance;
use crate::redact::names::model::{MAGIC, ROW};
pub use corpora::corpora;
use data::{Example, Part};
use lists::Lists;
use perceptron::Perceptron;
use slots::Slots;
use std::path::{Path, PathBuf};
use templates::Templates;

const SEED: u64 = 0x5eed_0000_0005;
const ROUNDS: usize = 8;
/// How many texts are made of templates of lines, and of each longer one.
const GENERATED: usize = 46_000;
const EACH: usize = 120;

/// What to train on and where to write.
#[derive(Debug, Default)]
pub struct Task {
    /// Records that are trained on as a whole.
    pub data: Vec<PathBuf>,
    /// Records of which half is trained on, by template.
    pub half: Vec<PathBuf>,
    /// Records of which the first four fifths are trained on.
    pub most: Vec<PathBuf>,
    /// Where the lists of words are that [`lists`] names.
    pub lists: PathBuf,
    /// Where the templates of texts are.
    pub templates: PathBuf,
    pub out: PathBuf,
    /// Where the records that were not trained on are written.
    pub held_out: Option<PathBuf>,
}

/// Trains a model and writes it.
///
/// # Errors
/// A file that cannot be read or written, a record that is none, a template with an unknown
/// slot.
pub fn names(task: &Task) -> anyhow::Result<()> {
    let mut examples = Vec::new();
    let groups = [(&task.data, Part::All), (&task.half, Part::Half), (&task.most, Part::Most)];
    for (files, part) in groups {
        for file in files {
            let (kept, held): (Vec<_>, Vec<_>) = data::split(data::read(file)?, part);
            if let Some(folder) = task.held_out.as_ref().filter(|_| part != Part::All) {
                data::write(&folder.join(file.file_name().unwrap_or_default()), &held)?;
            }
            examples.extend(kept.iter().map(data::Record::example));
        }
    }
    let (lists, templates) = (Lists::read(&task.lists)?, Templates::read(&task.templates)?);
    let mut chance = Chance::new(SEED);
    generate(&templates, &lists, &mut chance, &mut examples)?;
    let model = train(&examples, &templates, &lists, &mut chance);
    write(&task.out, &model)
}

/// Texts of templates: lines one by one and a few together, longer ones as they are.
fn generate(
    templates: &Templates,
    lists: &Lists,
    chance: &mut Chance,
    examples: &mut Vec<Example>,
) -> anyhow::Result<()> {
    for (name, texts) in &templates.texts {
        let count = if name == "lines" { GENERATED } else { EACH * texts.len() };
        for _ in 0..count {
            let mut template = String::new();
            for _ in 0..=if name == "lines" { chance.below(3) } else { 0 } {
                if !template.is_empty() {
                    template.push(if chance.once_in(2) { '\n' } else { ' ' });
                }
                template.push_str(chance.pick(texts).map_or("", String::as_str));
            }
            examples.push(templates.fill(&template, Some(lists), chance)?);
        }
    }
    Ok(())
}

fn train(examples: &[Example], templates: &Templates, lists: &Lists, chance: &mut Chance) -> Perceptron {
    let mut model = Perceptron::new(lists.listed());
    let mut slots = Slots::new(templates, Some(lists));
    let mut order: Vec<usize> = (0..examples.len()).collect();
    for _ in 0..ROUNDS {
        for place in (1..order.len()).rev() {
            order.swap(place, chance.below(place + 1));
        }
        for example in order.iter().filter_map(|index| examples.get(*index)) {
            model.learn(&example.renamed(&mut slots, chance).in_some_case(chance));
        }
    }
    model
}

fn write(path: &Path, model: &Perceptron) -> anyhow::Result<()> {
    let (steps, table) = model.averaged();
    let mut bytes = MAGIC.to_vec();
    bytes.extend(u32::try_from(model.listed.len())?.to_le_bytes());
    bytes.extend(steps.iter().flatten().flat_map(|step| step.to_le_bytes()));
    for (hash, known) in &model.listed {
        bytes.extend(hash.to_le_bytes());
        bytes.extend(known.to_le_bytes());
    }
    bytes.extend(table.iter().flat_map(|row: &[i8; ROW]| row.map(i8::cast_unsigned)));
    std::fs::write(path, bytes)?;
    Ok(())
}
