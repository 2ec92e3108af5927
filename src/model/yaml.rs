//! YAML as people write it: rules and configuration, and what is wrong with them in words for
//! whoever wrote them, who need not know how it is parsed.
//!
//! Invariant: a fault shows names, and the words that stand where one of a few may; never
//! another value, which may be a secret in the wrong place.

use crate::model::fault::SourceFault;
use crate::model::nearest::{listed, meant};
use serde::de::DeserializeOwned;
use serde_saphyr::Error;

const MOST_SHOWN: usize = 60;
const NAMES: &str = "names with values, such as `name: value`";
const LIST: &str = "a list, such as `[a, b]`";
const TEXT: &str = "a text; in quotes if it has `: ` or ` #` in it, or begins with a mark";
const WHOLE: &str = "a whole number";

/// Reads one YAML document. Unknown members are refused where `T` denies them:
/// a misspelt rule must not be a rule that silently does nothing.
///
/// # Errors
/// A fault with its place, and what to write there.
pub fn read_yaml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, SourceFault> {
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
        SourceFault { file: file.to_owned(), line, column, message: plainly(error.without_snippet()) }
    })
}

fn plainly(error: &Error) -> String {
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => plainly(error),
        Error::Message { msg, .. } | Error::SerdeVariantId { msg, .. } => first_line(msg),
        Error::ExternalMessage { msg, .. } => misshapen(msg).to_owned(),
        Error::Eof { .. } => "the file ends where something must follow".to_owned(),
        Error::MultipleDocuments { .. } => {
            "a second document begins here (`---`): give it a file of its own".to_owned()
        }
        Error::Unexpected { expected, .. } => instead(expected),
        Error::InvalidScalar { ty, .. } => instead(ty),
        Error::InvalidBooleanStrict { .. } => instead("a boolean"),
        Error::SerdeInvalidType { expected, .. }
        | Error::SerdeInvalidValue { expected, .. }
        | Error::SerdeInvalidLength { expected, .. } => instead(expected),
        Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. } => "write one word here".to_owned(),
        Error::NullIntoString { .. } => {
            "a value is missing here: write one, or leave the name out".to_owned()
        }
        Error::SerdeUnknownField { field, expected, .. } => unknown(field, expected, "has no place here"),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            unknown(variant, expected, "is not known here")
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing: write `{field}: …`"),
        Error::DuplicateMappingKey { key: Some(name), .. } => {
            format!("`{}` stands here a second time: write both as one", shown(name))
        }
        Error::DuplicateMappingKey { key: None, .. } => {
            "a name stands here a second time: write both as one".to_owned()
        }
        Error::UnknownAnchor { .. } => {
            "no `&name` before it makes what `*name` stands for: if it is a text, write it in quotes"
                .to_owned()
        }
        Error::InvalidUtf8Input => "the file is not in UTF-8: save it so".to_owned(),
        _ => "this cannot be read: write names with values, lists and texts, and no other YAML".to_owned(),
    }
}

/// What to write in place of something of another kind.
fn instead(expected: &str) -> String {
    let kind = expected.trim_end_matches(" start").trim_end_matches(" scalar");
    let wanted = match kind {
        "a map" | "mapping" | "empty mapping" => NAMES,
        kind if kind.starts_with("struct ") => NAMES,
        "a sequence" | "sequence" => LIST,
        "a string" | "string" | "scalar" | "path string" | "a borrowed string" => TEXT,
        "a boolean" | "boolean" | "bool" => "`true` or `false`",
        "f32" | "f64" | "floating point" => "a number",
        kind if kind.starts_with("a nonzero ") => "a whole number above 0",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" | "integer" => WHOLE,
        other => other,
    };
    format!("write here {wanted}")
}

fn unknown(word: &str, known: &[&str], why: &str) -> String {
    let among = listed(known);
    format!("`{}` {why}: write one of {among}{}", shown(word), meant(word, known.iter().copied()))
}

/// What is not even YAML, by the parser's word for it.
fn misshapen(said: &str) -> &'static str {
    let says = |word: &str| said.contains(word);
    if says("tab") {
        "a tab stands here: write spaces"
    } else if says("mapping values are not allowed") || says("':'") {
        "a colon is out of place here: write a text that has one in quotes, and each `name: value` on a line of its own, as far in as its like"
    } else if says("quote") {
        "a text in quotes is not well formed here: close the quote, write '' for ' within single quotes and \\\\ for \\ within double ones"
    } else if says("bracket") || says("flow") {
        "a `[` or `{` is not closed here, or a comma is missing: put texts with brackets or braces in quotes"
    } else if says("block") || says("indent") || says("simple key") || says("-") {
        "this line is not indented as those beside it, or has no `name:`: give all names of one level the same indentation"
    } else {
        "this is not YAML: write a text that begins with a mark, such as `*`, `&`, `@` or `%`, in quotes"
    }
}

/// A message of our own types, without the parser's rendering of the place.
fn first_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    first.split(" at line ").next().unwrap_or(first).to_owned()
}

fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::num::NonZeroU64;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is read, and that is all")]
    struct Read {
        server: String,
        #[serde(default)]
        scopes: Vec<String>,
        limit: Option<NonZeroU64>,
        open: Option<bool>,
        kind: Option<Kind>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Keep,
        Drop,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is read, and that is all")]
    struct Inner {
        path: String,
    }

    #[test]
    fn faults_say_what_to_write_in_plain_words() {
        let mut wrong = Vec::new();
        for (text, place, said) in [
            ("server: a\nserver: b\n", (2, 1), "`server` stands here a second time"),
            ("server: a\nscopes: hunter2\n", (2, 9), "write here a list, such as `[a, b]`"),
            ("server: [hunter2]\n", (1, 9), "write here a text"),
            ("server:\n", (1, 7), "a value is missing here"),
            ("scopes: []\n", (1, 1), "`server` is missing: write `server: …`"),
            ("server: a\nscope: []\n", (2, 1), "`scope` has no place here: write one of `server`, `scopes`"),
            ("server: a\nscope: []\n", (2, 1), "did you mean `scopes`?"),
            (
                "server: a\nkind: kep\n",
                (2, 7),
                "`kep` is not known here: write one of `keep`, `drop`; did you mean",
            ),
            ("server: a\nlimit: hunter2\n", (2, 8), "write here a whole number"),
            ("server: a\nlimit: 0\n", (2, 1), "write here a whole number above 0"),
            ("server: a\nopen: hunter2\n", (2, 7), "write here `true` or `false`"),
            ("server: a\ninner: hunter2\n", (2, 8), "write here names with values"),
            ("server: a\ninner: [hunter2]\n", (2, 8), "write here names with values"),
            ("server: a\n---\nserver: b\n", (3, 1), "a second document begins here"),
            ("server: *hunter2\n", (1, 9), "if it is a text, write it in quotes"),
            ("server: 'hunter2\n", (1, 9), "close the quote"),
            ("server: a: hunter2\n", (1, 10), "a colon is out of place here"),
            ("server: a\nscopes: [hunter2\n", (2, 9), "is not closed here"),
            ("server: a\n  kind: keep\n", (2, 7), "a colon is out of place here"),
            ("server: a\n\tkind: keep\n", (1, 9), "a tab stands here"),
            ("server: a\n- hunter2\n", (2, 3), "not indented as those beside it"),
            ("server: @hunter2\n", (1, 9), "begins with a mark"),
            ("", (1, 1), "the file ends where"),
        ] {
            let fault = read_yaml::<Read>("x.yaml", text).unwrap_err();
            let slang = ["mapping", "sequence", "scalar", "flow", "hunter2"];
            let plain = !slang.iter().any(|word| fault.message.contains(word));
            if !plain || !fault.message.contains(said) || (fault.line, fault.column) != place {
                wrong.push(format!("{text}  {fault}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
