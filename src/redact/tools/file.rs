//! The file as it is written: `rules/tools/<server>.yaml`.

use crate::model::feature::Feature;
use crate::redact::blobs::Blobs;
use crate::redact::operator::Operator;
use crate::redact::plan::TextMode;
use crate::redact::tools::access::{BreakGlass, StepUpRule};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) server: Spanned<String>,
    /// What values are that rules by path name and no detector finds.
    #[serde(default)]
    pub(super) entities: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) tools: BTreeMap<String, Spanned<ToolFile>>,
    /// By name, or `*`.
    #[serde(default)]
    pub(super) prompts: BTreeMap<String, Spanned<ToolFile>>,
    /// By URI, which may end in `*`.
    #[serde(default)]
    pub(super) resources: BTreeMap<String, Spanned<ToolFile>>,
    pub(super) messages: Option<MessagesFile>,
}

/// What belongs to no tool, prompt or resource: logs, progress, sampling, elicitation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessagesFile {
    #[serde(default)]
    pub(super) allow: Vec<Feature>,
    /// Detectors for all of it.
    pub(super) profile: Option<Spanned<String>>,
    /// What clients send may hold nothing that this profile finds.
    pub(super) arguments: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolFile {
    /// Scopes that a call needs, all of them.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// How the person must have signed in.
    pub(super) step_up: Option<StepUpRule>,
    /// Purposes of use, of which the token must state one.
    #[serde(default)]
    pub(super) purposes: BTreeSet<String>,
    /// The argument that names the patient, for scopes of one patient.
    pub(super) patient: Option<String>,
    /// Emergency access. None by default.
    pub(super) break_glass: Option<BreakGlass>,
    /// Words for policy and for the plain denial: `pii`, `phi`.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    pub(super) subject: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) release: Release,
    #[serde(default)]
    pub(super) redact: Vec<Spanned<RedactFile>>,
    pub(super) profile: Option<Spanned<String>>,
    /// The client's arguments may hold nothing that this profile finds.
    pub(super) arguments: Option<Spanned<String>>,
    /// Arguments in which a pseudonym or token becomes the value again.
    #[serde(default)]
    pub(super) restore: Vec<Spanned<RestoreFile>>,
    #[serde(default)]
    pub(super) text: TextMode,
    /// Which images, audio and other binary content may pass.
    #[serde(default)]
    pub(super) blobs: Blobs,
    #[serde(default)]
    pub(super) examples: Vec<Spanned<Example>>,
}

#[derive(Debug)]
pub(super) enum Release {
    All,
    ByScope(BTreeMap<String, Vec<Spanned<String>>>),
}

/// By hand, since an untagged enum would lose the places of the paths.
impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Release;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, or a list of paths for each scope")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Release, E> {
                if word == "all" {
                    Ok(Release::All)
                } else {
                    Err(E::invalid_value(Unexpected::Str(word), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, scopes: A) -> Result<Release, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(scopes)).map(Release::ByScope)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Default for Release {
    /// A tool with no `release` releases nothing.
    fn default() -> Self {
        Self::ByScope(BTreeMap::new())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedactFile {
    pub(super) path: String,
    #[serde(rename = "as")]
    pub(super) operator: Operator,
    /// What the value is, such as `PERSON`; `VALUE` if it is not said.
    pub(super) entity: Option<String>,
    /// The redaction is lifted for holders of this scope.
    pub(super) unless: Option<String>,
    /// The redaction applies to holders of this scope only.
    pub(super) when: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoreFile {
    /// Within the arguments.
    pub(super) path: String,
    pub(super) entities: BTreeSet<String>,
    /// For holders of this scope only.
    pub(super) when: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) scopes: Vec<String>,
    pub(super) result: Value,
    /// What is left of `result`; `null` when nothing is.
    pub(super) expect: Value,
}
