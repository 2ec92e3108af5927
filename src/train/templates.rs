//! Templates of texts and the words that go into them, read from a folder.
//!
//! `words/NAME.txt` has a word a line. Every other `NAME.txt` has templates, parted by lines
//! of `---`; in `lines.txt` each line is one, with `\n` for a line break. In a template
//! `{{slot}}` stands for a value, [`super::slots`] says which there are, and `{{slot.1}}` for
//! the same person wherever the number comes again.

use super::data::{Example, Span};
use super::lists::Lists;
use super::slots::Slots;
use crate::model::chance::Chance;
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// What a folder of templates holds.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    /// By the name of their file.
    pub(crate) texts: BTreeMap<String, Vec<String>>,
    words: BTreeMap<String, Vec<String>>,
}

impl Templates {
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut out = Self::default();
        for (name, text) in files(folder)? {
            let texts: Vec<String> = if name == "lines" {
                text.lines().map(|line| line.replace("\\n", "\n")).collect()
            } else {
                text.split("\n---\n").map(|part| part.trim_matches('\n').to_owned()).collect()
            };
            out.texts.insert(name, texts.into_iter().filter(|text| !text.is_empty()).collect());
        }
        for (name, text) in files(&folder.join("words"))? {
            out.words.insert(name, text.lines().map(str::to_owned).collect());
        }
        Ok(out)
    }

    pub(crate) fn words(&self, name: &str) -> &[String] {
        self.words.get(name).map_or(&[], Vec::as_slice)
    }

    /// A template with values in its slots. `lists` lends names of the whole world.
    pub(crate) fn fill(
        &self,
        template: &str,
        lists: Option<&Lists>,
        chance: &mut Chance,
    ) -> anyhow::Result<Example> {
        let mut slots = Slots::new(self, lists);
        let (mut out, mut rest) = (Example::default(), template);
        while let Some((before, behind)) = rest.split_once("{{") {
            out.text.push_str(before);
            let (slot, behind) = behind.split_once("}}").context("a slot has no end")?;
            rest = behind;
            let start = out.text.len();
            let Some((value, kind)) = slots.value(slot, chance) else { bail!("there is no slot `{slot}`") };
            out.text.push_str(&value);
            out.spans.extend(kind.map(|kind| Span { start, end: out.text.len(), kind: kind.to_owned() }));
        }
        out.text.push_str(rest);
        Ok(out)
    }
}

/// The text files of a folder by name, without those below.
fn files(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push((name, std::fs::read_to_string(&path)?));
        }
    }
    all.sort();
    Ok(all)
}
