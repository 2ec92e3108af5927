//! Detector files: `rules/detectors/<pack>/<id>.yaml`.

use crate::model::fault::SourceFault;
use crate::model::ids::{self, Entity, RuleId};
use crate::model::yaml::read_yaml;
use crate::redact::detect::check::{self, Check};
use crate::redact::detect::keys::{KeyPath, KeyPattern};
use crate::redact::detect::pattern::Pattern;
use crate::redact::detect::sense::ValueShape;
use crate::redact::detect::{Finding, Scanner};
use crate::redact::names;
use crate::redact::rules::Source;
use regex_syntax::hir::Hir;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::sync::Arc;

const FEWEST_EXAMPLES: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    entity: Spanned<String>,
    /// Where the shape and the check come from.
    reference: String,
    pattern: Option<Spanned<String>>,
    check: Option<Spanned<String>>,
    /// What of the model's findings in free text are this rule's: `person`, `place` or `address`.
    model: Option<Spanned<String>>,
    #[serde(default)]
    context: Vec<String>,
    #[serde(default)]
    needs_context: bool,
    #[serde(default = "one_half")]
    score: f32,
    #[serde(default)]
    keys: Vec<String>,
    /// What a value under `keys` must look like, where the key alone says too little.
    value: Option<Spanned<String>>,
    #[serde(default)]
    veto_keys: Vec<String>,
    examples: Examples,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(rename = "match")]
    matching: Vec<Spanned<Match>>,
    ignore: Vec<Spanned<Ignore>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    text: String,
    key: Option<String>,
    finds: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    text: String,
    key: Option<String>,
}

fn one_half() -> f32 {
    0.5
}

/// One detector, compiled and proven by its examples.
#[derive(Clone, Debug)]
pub struct Detector {
    pub id: RuleId,
    pub title: String,
    pub entity: Entity,
    /// The texts it was proven by.
    pub(crate) examples: Arc<[String]>,
    /// The file it was read from.
    pub file: String,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) check: Option<Check>,
    /// What the model of names finds for it.
    pub(crate) model: Option<names::Kind>,
    /// Whether what passes the check can begin with two letters.
    pub(crate) begins: Option<fn([u8; 2]) -> bool>,
    /// What passes the check is the value, however it is spelt.
    pub(crate) proves: bool,
    pub(crate) context: Option<Pattern>,
    /// The words of `context`, as they are written.
    pub(crate) cue_words: Vec<String>,
    pub(crate) needs_context: bool,
    pub(crate) score: f32,
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) value: Option<ValueShape>,
    pub(crate) veto_keys: Vec<KeyPattern>,
}

impl Detector {
    /// Compiles what no text has asked for yet.
    pub(super) fn compile(&self) {
        let value = self.value.as_ref().map(ValueShape::pattern);
        for pattern in self.pattern.iter().chain(&self.context).chain(value) {
            if let Err(why) = pattern.compile() {
                // What ships was compiled by the tests of the release; a build of one's own may not be.
                tracing::error!(rule = %self.id, "a pattern does not compile and takes all text for a match: {why}");
            }
        }
        if let Some(pattern) = &self.pattern {
            pattern.on_ascii();
        }
    }

    /// Of its pattern.
    pub(super) fn syntax(&self) -> Option<&Hir> {
        self.pattern.as_ref()?.syntax()
    }
}

/// Reads one file and runs its examples, if the tests of the release have not.
pub(super) fn read(source: &Source) -> Result<Detector, Vec<SourceFault>> {
    let Source { file, text, is_proven } = source;
    let raw: File = read_yaml(file, text).map_err(|fault| vec![fault])?;
    let detector = compile(file, &raw, *is_proven).map_err(|fault| vec![fault])?;
    let faults = if *is_proven { Vec::new() } else { prove(file, &raw, &detector) };
    if faults.is_empty() { Ok(detector) } else { Err(faults) }
}

fn compile(file: &str, raw: &File, is_proven: bool) -> Result<Detector, SourceFault> {
    let whole = |message: &str| Err(SourceFault::whole(file, message));
    if raw.pattern.is_none() && raw.keys.is_empty() && raw.model.is_none() {
        return whole("the rule can never fire: it has neither `pattern` nor `keys`");
    }
    let is_one =
        |word: &String| !word.is_empty() && word.split_whitespace().collect::<Vec<_>>().join(" ") == *word;
    if !raw.context.iter().all(is_one) {
        return whole(
            "a word under `context` is empty, or has blanks at its ends or beside each other: it is met nowhere, or everywhere",
        );
    }
    if raw.needs_context && raw.context.is_empty() {
        return whole("the rule can never fire: it needs context but lists no `context` words");
    }
    if raw.examples.matching.len() < FEWEST_EXAMPLES || raw.examples.ignore.len() < FEWEST_EXAMPLES {
        return whole("give at least 3 examples under `match` and 3 under `ignore`");
    }
    if !Entity::is_well_formed(&raw.entity.value) {
        return Err(SourceFault::at(file, &raw.entity, ids::ENTITY_FORM));
    }
    if raw.title.is_empty() || raw.reference.is_empty() {
        return whole("`title` and `reference` must not be empty");
    }
    let named = |name: &Spanned<String>| {
        let unknown = || SourceFault::at(file, name, check::unknown(&name.value));
        check::named(&name.value).ok_or_else(unknown)
    };
    let pattern = |written: &Option<Spanned<String>>| {
        written.as_ref().map(|written| pattern(file, written, is_proven)).transpose()
    };
    let matching = raw.examples.matching.iter().map(|example| example.value.text.clone());
    let ignored = raw.examples.ignore.iter().map(|example| example.value.text.clone());
    Ok(Detector {
        id: RuleId::new(&raw.id),
        file: file.to_owned(),
        title: raw.title.clone(),
        entity: Entity::new(&raw.entity.value),
        examples: matching.chain(ignored).collect(),
        pattern: pattern(&raw.pattern)?,
        check: raw.check.as_ref().map(named).transpose()?,
        model: raw.model.as_ref().map(|name| model(file, name)).transpose()?,
        begins: raw.check.as_ref().and_then(|name| check::begins(&name.value)),
        proves: raw.check.as_ref().is_some_and(|name| check::proves(&name.value)),
        context: words(file, &raw.context, is_proven)?,
        cue_words: raw.context.clone(),
        needs_context: raw.needs_context,
        score: raw.score,
        keys: raw.keys.iter().flat_map(|key| KeyPattern::read_all(key)).collect(),
        value: pattern(&raw.value)?.map(ValueShape::new),
        veto_keys: raw.veto_keys.iter().flat_map(|key| KeyPattern::read_all(key)).collect(),
    })
}

fn model(file: &str, name: &Spanned<String>) -> Result<names::Kind, SourceFault> {
    match name.value.as_str() {
        "person" => Ok(names::Kind::Person),
        "place" => Ok(names::Kind::Place),
        "address" => Ok(names::Kind::Address),
        other => Err(SourceFault::at(file, name, format!("the model finds no `{other}`"))),
    }
}

/// An expression that is compiled now, unless it was when the gate was built.
fn pattern(file: &str, written: &Spanned<String>, is_proven: bool) -> Result<Pattern, SourceFault> {
    let pattern = Pattern::new(&written.value);
    if !is_proven {
        pattern.compile().map_err(|why| {
            SourceFault::at(file, written, format!("the pattern is not a regular expression: {why}"))
        })?;
    }
    Ok(pattern)
}

/// The cue words as one pattern, matched as whole words in any case.
fn words(file: &str, words: &[String], is_proven: bool) -> Result<Option<Pattern>, SourceFault> {
    if words.is_empty() {
        return Ok(None);
    }
    let choices: Vec<String> = words.iter().map(|word| literal(word)).collect();
    let pattern = Pattern::new(&format!(r"(?i)(?:^|[^a-z])(?:{})(?:[^a-z]|$)", choices.join("|")));
    if !is_proven && pattern.compile().is_err() {
        return Err(SourceFault::whole(file, "the `context` words are too many"));
    }
    Ok(Some(pattern))
}

/// A word as a pattern in which blanks mean nothing has it.
fn literal(word: &str) -> String {
    let blank = |c: char| format!("\\x{{{:x}}}", u32::from(c));
    let escaped = regex::escape(word);
    escaped.chars().map(|c| if c.is_whitespace() { blank(c) } else { c.to_string() }).collect()
}

/// Runs the examples as a scanner with this detector alone would see them.
fn prove(file: &str, raw: &File, detector: &Detector) -> Vec<SourceFault> {
    let scanner = Scanner::new(vec![detector.clone()]);
    let found = |text: &str, key: Option<&String>| {
        let path = key.map_or_else(KeyPath::default, |key| KeyPath::dotted(key));
        let mut findings: Vec<Finding> = Vec::new();
        scanner.value(&path, text, &mut findings);
        findings
            .into_iter()
            .filter_map(|finding| text.get(finding.range).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut faults = Vec::new();
    for example in &raw.examples.matching {
        let got = found(&example.value.text, example.value.key.as_ref());
        if example.value.finds.is_empty() || got != example.value.finds {
            let message = format!("the example should find {:?} but finds {got:?}", example.value.finds);
            faults.push(SourceFault::at(file, example, message));
        }
    }
    for example in &raw.examples.ignore {
        let got = found(&example.value.text, example.value.key.as_ref());
        if !got.is_empty() {
            faults.push(SourceFault::at(
                file,
                example,
                format!("the example should be ignored but finds {got:?}"),
            ));
        }
    }
    faults
}
