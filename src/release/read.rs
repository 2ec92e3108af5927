//! A tool's result as it is written: where its members and content blocks stand, found in one
//! pass that makes none of them into a tree.

use crate::model::denial::Denial;
use crate::redact::json::{Kind, Reader};
use crate::redact::{Blocked, quoted};
use crate::release::filter::blocked;

/// Nesting that is stepped over. What is kept is read again, and more strictly.
const MAX_DEPTH: usize = 64;

/// The members of a `tools/call` result that are read; any other is dropped.
#[derive(Default)]
pub(super) struct Source<'r> {
    pub(super) content: Vec<Block<'r>>,
    pub(super) structure: Option<&'r str>,
    pub(super) is_error: Option<&'r str>,
    pub(super) meta: Option<&'r str>,
}

/// A content block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block<'r> {
    /// Text and nothing else: the string, as it is written.
    Text(&'r str),
    /// A block with its brackets, as it is written.
    Any(&'r str),
}

impl Block<'_> {
    /// Whether it is text alone, the same as this.
    pub(super) fn says(self, text: &str) -> bool {
        matches!(self, Self::Text(string) if quoted::says(string, text))
    }
}

/// The members of a result.
///
/// # Errors
/// [`Blocked`] when it is no JSON object, or has one of them twice.
pub(super) fn read(result: &str) -> Result<Source<'_>, Blocked> {
    let mut reader = Reader::new(result);
    let mut source = Source::default();
    let mut content = None;
    object(&mut reader, |name, reader| {
        let seen = match name {
            "content" => {
                reader.white_space();
                return content.replace(blocks(reader)?).map_or(Ok(()), |_| Err(Blocked::Duplicate));
            }
            "structuredContent" => &mut source.structure,
            "isError" => &mut source.is_error,
            "_meta" => &mut source.meta,
            _ => return reader.skip(MAX_DEPTH),
        };
        once(reader, seen)
    })?;
    reader.end()?;
    source.content = content.unwrap_or_default();
    Ok(source)
}

/// What a result says it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) result_type: Option<String>,
    pub(super) has_task: bool,
}

/// Why a result that has not the form is not released.
pub(super) fn refused(fault: Blocked) -> Denial {
    match fault {
        Blocked::TooDeep => blocked(fault),
        _ => Denial::UpstreamMalformed("result"),
    }
}

/// What a result says it is, of whatever method.
///
/// # Errors
/// [`Blocked`] when it is no JSON object, or says so twice or not in text.
pub(super) fn typed(result: &str) -> Result<Typed, Blocked> {
    let mut reader = Reader::new(result);
    let (mut named, mut task) = (None, None);
    object(&mut reader, |name, reader| {
        let seen = match name {
            "resultType" => &mut named,
            "task" => &mut task,
            _ => return reader.skip(MAX_DEPTH),
        };
        once(reader, seen)
    })?;
    reader.end()?;
    let named = named.map(serde_json::from_str).transpose().map_err(|_| Blocked::Syntax)?;
    Ok(Typed { result_type: named.flatten(), has_task: task.is_some_and(|task| task != "null") })
}

/// Steps over a member's value, which is to be there once.
fn once<'r>(reader: &mut Reader<'r>, seen: &mut Option<&'r str>) -> Result<(), Blocked> {
    let start = reader.position();
    reader.skip(MAX_DEPTH)?;
    seen.replace(reader.since(start)).map_or(Ok(()), |_| Err(Blocked::Duplicate))
}

/// Reads an object, and has each of its values read.
fn object<'r>(
    reader: &mut Reader<'r>,
    mut value: impl FnMut(&str, &mut Reader<'r>) -> Result<(), Blocked>,
) -> Result<(), Blocked> {
    reader.white_space();
    reader.expect(b'{')?;
    reader.white_space();
    let mut ends = reader.take(b'}');
    while !ends {
        reader.white_space();
        let name = reader.string()?.decode()?;
        reader.white_space();
        reader.expect(b':')?;
        reader.white_space();
        value(&name, reader)?;
        ends = goes_on(reader, b'}')?;
    }
    Ok(())
}

fn blocks<'r>(reader: &mut Reader<'r>) -> Result<Vec<Block<'r>>, Blocked> {
    let mut blocks = Vec::new();
    reader.expect(b'[')?;
    reader.white_space();
    let mut ends = reader.take(b']');
    while !ends {
        reader.white_space();
        let start = reader.position();
        let mut ahead = reader.clone();
        let block = match text(&mut ahead) {
            Ok(Some(string)) => {
                *reader = ahead;
                Block::Text(string)
            }
            _ => {
                reader.skip(MAX_DEPTH)?;
                Block::Any(reader.since(start))
            }
        };
        blocks.push(block);
        ends = goes_on(reader, b']')?;
    }
    Ok(blocks)
}

/// The text of a block that is that alone.
fn text<'r>(reader: &mut Reader<'r>) -> Result<Option<&'r str>, Blocked> {
    let (mut is_text, mut said, mut others) = (false, None, false);
    object(reader, |name, reader| {
        let start = reader.position();
        if reader.kind()? != Kind::String {
            return Err(Blocked::Syntax);
        }
        let string = reader.string()?;
        match name {
            "type" if !is_text => is_text = string.plain() == Some("text"),
            "text" if said.is_none() => said = Some(reader.since(start)),
            _ => others = true,
        }
        Ok(())
    })?;
    Ok(said.filter(|_| is_text && !others))
}

/// Whether a list or object ends here. If not, a comma has been read.
fn goes_on(reader: &mut Reader<'_>, bracket: u8) -> Result<bool, Blocked> {
    reader.white_space();
    if reader.take(b',') {
        return Ok(false);
    }
    reader.expect(bracket).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_blocks_are_found_where_they_stand() {
        let result = r#" { "x": [1, {"content": []}], "content" : [
            {"type":"text","text":"a \"b\""} , {"text":"c", "type":"text"},
            {"type":"text","text":"d","annotations":{}}, {"type":"image"}, 7
        ], "\u005fmeta": {"a": "}"}, "isError":true, "structuredContent":{"b":[{}]} } "#;
        let source = read(result).unwrap();
        assert_eq!(
            source.content,
            [
                Block::Text(r#""a \"b\"""#),
                Block::Text(r#""c""#),
                Block::Any(r#"{"type":"text","text":"d","annotations":{}}"#),
                Block::Any(r#"{"type":"image"}"#),
                Block::Any("7"),
            ]
        );
        assert!(source.content[0].says(r#"a "b""#) && !source.content[0].says("a"));
        assert_eq!(source.meta, Some(r#"{"a": "}"}"#));
        assert_eq!((source.is_error, source.structure), (Some("true"), Some(r#"{"b":[{}]}"#)));
    }

    #[test]
    fn a_result_says_what_it_is() {
        let says = |result_type: Option<&str>, has_task| {
            Ok(Typed { result_type: result_type.map(str::to_owned), has_task })
        };
        for (result, expected) in [
            ("{}", says(None, false)),
            (r#"{"a":{"resultType":"x"},"result\u0054ype":"task","task":{}}"#, says(Some("task"), true)),
            (r#"{"resultType":null,"task":null}"#, says(None, false)),
            (r#"{"resultType":1}"#, Err(Blocked::Syntax)),
            (r#"{"resultType":"x","resultType":"y"}"#, Err(Blocked::Duplicate)),
            ("[]", Err(Blocked::Syntax)),
        ] {
            assert_eq!(typed(result), expected, "{result}");
        }
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        for result in [
            "",
            "[]",
            "{",
            "{} 1",
            r#"{"content":{}}"#,
            r#"{"content":[1 2]}"#,
            r#"{"content":[1,]}"#,
            r#"{"content":[],}"#,
            r#"{"content":[] "isError":true}"#,
            r#"{"content":[],"content":[]}"#,
            r#"{"structuredContent":1,"structured\u0043ontent":2}"#,
            r#"{"a" 1}"#,
            r#"{"a":}"#,
        ] {
            assert!(read(result).is_err(), "{result}");
        }
        assert!(read("{}").unwrap().content.is_empty());
    }
}
