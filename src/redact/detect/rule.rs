//! Detector files: `rules/detectors/<pack>/<id>.yaml`.

use crate::model::fault::SourceFault;
use crate::model::ids::{self, Entity, RuleId};
use crate::model::yaml::read_yaml;
use crate::redact::detect::check::{self, Check};
use crate::redact::detect::keys::{KeyPath, KeyPattern};
use crate::redact::detect::sense::ValueShape;
use crate::redact::detect::{Finding, Scanner, narrow};
use crate::redact::names;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// A rule's pattern may not compile to more than this.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// What the lazy DFA of one pattern may hold; Unicode classes need more than the default.
const MAX_CACHE_BYTES: usize = 1 << 24;
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
    /// How many examples it was proven by.
    pub examples: usize,
    /// The file it was read from.
    pub file: String,
    pub(crate) pattern: Option<Regex>,
    /// The pattern as it reads on ASCII text.
    pub(crate) narrow: Option<Regex>,
    /// The pattern as it was parsed, for what it needs to match.
    pub(crate) syntax: Option<Hir>,
    pub(crate) check: Option<Check>,
    /// What the model of names finds for it.
    pub(crate) model: Option<names::Kind>,
    /// Whether what passes the check can begin with two letters.
    pub(crate) begins: Option<fn([u8; 2]) -> bool>,
    /// What passes the check is the value, however it is spelt.
    pub(crate) proves: bool,
    pub(crate) context: Option<Regex>,
    /// The words of `context`, as they are written.
    pub(crate) cue_words: Vec<String>,
    pub(crate) needs_context: bool,
    pub(crate) score: f32,
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) value: Option<ValueShape>,
    pub(crate) veto_keys: Vec<KeyPattern>,
}

/// Reads one file and runs its examples.
pub(super) fn read(file: &str, text: &str) -> Result<Detector, Vec<SourceFault>> {
    let raw: File = read_yaml(file, text).map_err(|fault| vec![fault])?;
    let detector = compile(file, &raw).map_err(|fault| vec![fault])?;
    let faults = prove(file, &raw, &detector);
    if faults.is_empty() { Ok(detector) } else { Err(faults) }
}

fn compile(file: &str, raw: &File) -> Result<Detector, SourceFault> {
    let whole = |message: &str| Err(SourceFault::whole(file, message));
    if raw.pattern.is_none() && raw.keys.is_empty() && raw.model.is_none() {
        return whole("the rule can never fire: it has neither `pattern` nor `keys`");
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
        check::named(&name.value)
            .ok_or_else(|| SourceFault::at(file, name, format!("there is no check `{}`", name.value)))
    };
    let syntax = raw.pattern.as_ref().and_then(|pattern| syntax(&pattern.value));
    Ok(Detector {
        id: RuleId::new(&raw.id),
        file: file.to_owned(),
        title: raw.title.clone(),
        entity: Entity::new(&raw.entity.value),
        examples: raw.examples.matching.len() + raw.examples.ignore.len(),
        narrow: syntax.as_ref().and_then(narrow::pattern),
        syntax,
        pattern: raw.pattern.as_ref().map(|pattern| regex(file, pattern)).transpose()?,
        check: raw.check.as_ref().map(named).transpose()?,
        model: raw.model.as_ref().map(|name| model(file, name)).transpose()?,
        begins: raw.check.as_ref().and_then(|name| check::begins(&name.value)),
        proves: raw.check.as_ref().is_some_and(|name| check::proves(&name.value)),
        context: words(file, &raw.context)?,
        cue_words: raw.context.clone(),
        needs_context: raw.needs_context,
        score: raw.score,
        keys: raw.keys.iter().flat_map(|key| KeyPattern::read_all(key)).collect(),
        value: raw.value.as_ref().map(|pattern| regex(file, pattern)).transpose()?.map(ValueShape::new),
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

fn regex(file: &str, pattern: &Spanned<String>) -> Result<Regex, SourceFault> {
    let built = RegexBuilder::new(&ascii(&pattern.value))
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .ignore_whitespace(true)
        .build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        SourceFault::at(file, pattern, format!("the pattern is not a regular expression: {last}"))
    })
}

/// The pattern parsed, as [`regex`] has it compiled.
pub(super) fn syntax(pattern: &str) -> Option<Hir> {
    ParserBuilder::new().ignore_whitespace(true).build().parse(&ascii(pattern)).ok()
}

/// Patterns see folded text, where digits are ASCII and what is not is a letter or a sign:
/// so `\d` and `\b` are taken in ASCII. In full Unicode they cost hundreds of states, and
/// at the first letter beyond ASCII a `\b` would send the search to a far slower engine.
pub(super) fn ascii(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            (_, true) => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('b') => out.push_str(r"(?-u:\b)"),
                other => {
                    out.push(c);
                    out.extend(other);
                }
            },
        }
    }
    out
}

/// The cue words as one pattern, matched as whole words in any case.
fn words(file: &str, words: &[String]) -> Result<Option<Regex>, SourceFault> {
    if words.is_empty() {
        return Ok(None);
    }
    let choices: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
    let pattern = format!(r"(?i)(?:^|[^a-z])(?:{})(?:[^a-z]|$)", choices.join("|"));
    let built = RegexBuilder::new(&pattern).dfa_size_limit(MAX_CACHE_BYTES).build();
    built.map(Some).map_err(|_| SourceFault::whole(file, "the `context` words are too many"))
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
