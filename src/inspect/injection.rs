//! Injection rules, as data: `rules/injection/<id>.yaml`.
//!
//! They catch attacks that say what they do ("ignore your instructions …") in any
//! spelling that [`super::canonical`] undoes. A polite request in the wrong place has
//! no such mark; budgets and scopes bound what it can reach.

use crate::inspect::canonical;
use crate::model::fault::SourceFault;
use crate::model::ids::RuleId;
use crate::model::yaml::read_yaml;
use crate::redact::rules::Source;
use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::Deserialize;
use serde_saphyr::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    action: Action,
    /// Words of which one must occur before the patterns are tried.
    keywords: Vec<String>,
    patterns: Vec<Spanned<String>>,
    examples: Examples,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(rename = "match")]
    matching: Vec<Spanned<String>>,
    ignore: Vec<Spanned<String>>,
}

/// What a matching rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The call is refused.
    Refuse,
    /// The match is recorded; the call goes on.
    Note,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub rule: RuleId,
    pub action: Action,
}

struct Rule {
    id: RuleId,
    action: Action,
    patterns: Vec<Regex>,
    examples: usize,
}

/// All injection rules, proven by their examples.
pub struct Injection {
    rules: Vec<Rule>,
    keywords: AhoCorasick,
    /// The rule behind each keyword.
    owners: Vec<usize>,
}

impl Injection {
    /// # Errors
    /// Every fault, with its place.
    pub fn load(sources: &[Source]) -> Result<Self, Vec<SourceFault>> {
        let (mut rules, mut words, mut owners, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut files = Vec::new();
        for source in sources {
            match read_yaml::<File>(&source.file, &source.text)
                .and_then(|raw| Ok((compile(&source.file, &raw)?, raw)))
            {
                Ok((rule, raw)) => {
                    words.extend(raw.keywords.iter().cloned());
                    owners.resize(words.len(), rules.len());
                    rules.push(rule);
                    files.push((source.file.clone(), raw));
                }
                Err(fault) => faults.push(fault),
            }
        }
        let keywords = AhoCorasick::new(&words)
            .map_err(|_| vec![SourceFault::whole("rules/injection", "too many keywords")])?;
        let loaded = Self { rules, keywords, owners };
        faults.extend(files.iter().flat_map(|(file, raw)| loaded.prove(file, raw)));
        if faults.is_empty() { Ok(loaded) } else { Err(faults) }
    }

    /// The rules that match a text in any of its readings, each once.
    pub fn scan(&self, text: &str) -> Vec<Hit> {
        let mut matched = vec![false; self.rules.len()];
        for reading in canonical::readings(text) {
            for keyword in self.keywords.find_overlapping_iter(&reading) {
                let Some(&owner) = self.owners.get(keyword.pattern().as_usize()) else { continue };
                let (Some(rule), Some(found)) = (self.rules.get(owner), matched.get_mut(owner)) else {
                    continue;
                };
                *found = *found || rule.patterns.iter().any(|pattern| pattern.is_match(&reading));
            }
        }
        let hit = |(rule, matched): (&Rule, bool)| {
            matched.then(|| Hit { rule: rule.id.clone(), action: rule.action })
        };
        self.rules.iter().zip(matched).filter_map(hit).collect()
    }

    /// How many rules and examples were loaded.
    pub fn census(&self) -> (usize, usize) {
        (self.rules.len(), self.rules.iter().map(|rule| rule.examples).sum())
    }

    fn prove(&self, file: &str, raw: &File) -> Vec<SourceFault> {
        let hits = |text: &str| self.scan(text).iter().any(|hit| hit.rule.as_str() == raw.id);
        let missed = raw.examples.matching.iter().filter(|text| !hits(&text.value));
        let missed = missed.map(|text| SourceFault::at(file, text, "the example should match and does not"));
        let caught = raw.examples.ignore.iter().filter(|text| hits(&text.value));
        missed
            .chain(caught.map(|text| SourceFault::at(file, text, "the example should be ignored and is not")))
            .collect()
    }
}

fn compile(file: &str, raw: &File) -> Result<Rule, SourceFault> {
    if raw.keywords.is_empty() || raw.patterns.is_empty() || raw.title.is_empty() {
        return Err(SourceFault::whole(
            file,
            "the rule can never fire: it needs a title, keywords and patterns",
        ));
    }
    if raw.examples.matching.len() < 3 || raw.examples.ignore.len() < 3 {
        return Err(SourceFault::whole(file, "give at least 3 examples under `match` and 3 under `ignore`"));
    }
    let regex = |pattern: &Spanned<String>| {
        Regex::new(&pattern.value)
            .map_err(|_| SourceFault::at(file, pattern, "the pattern is not a regular expression"))
    };
    let patterns = raw.patterns.iter().map(regex).collect::<Result<_, _>>()?;
    let examples = raw.examples.matching.len() + raw.examples.ignore.len();
    Ok(Rule { id: RuleId::new(&raw.id), action: raw.action, patterns, examples })
}
