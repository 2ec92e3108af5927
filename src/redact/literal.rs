//! Python literals. Many servers answer with `str(rows)`: `[{'ssn': '…', 'n': None}]`.
//! Read as JSON, such text gets the field rules like any structure instead of being
//! one opaque value.

/// The JSON that a Python literal of lists, tuples, dicts, strings, numbers,
/// booleans and None says. None if the text is anything else.
pub(crate) fn to_json(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text.trim(), out: String::with_capacity(text.len()), depth: 0 };
    reader.value()?;
    reader.space();
    reader.rest.is_empty().then_some(reader.out)
}

struct Reader<'t> {
    rest: &'t str,
    out: String,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<()> {
        self.space();
        match self.rest.chars().next()? {
            '[' => self.sequence('[', ']'),
            '(' => self.sequence('(', ')'),
            '{' => self.dict(),
            '\'' | '"' => self.string(),
            '-' | '0'..='9' => self.number(),
            _ => [("None", "null"), ("True", "true"), ("False", "false")].into_iter().find_map(
                |(word, json)| {
                    self.rest = self.rest.strip_prefix(word)?;
                    self.out.push_str(json);
                    Some(())
                },
            ),
        }
    }

    fn sequence(&mut self, open: char, close: char) -> Option<()> {
        self.enter(open)?;
        self.out.push('[');
        self.members(close, Self::value)?;
        self.out.push(']');
        Some(())
    }

    fn dict(&mut self) -> Option<()> {
        self.enter('{')?;
        self.out.push('{');
        self.members('}', |reader| {
            reader.string()?;
            reader.space();
            reader.take(':')?;
            reader.out.push(':');
            reader.value()
        })?;
        self.out.push('}');
        Some(())
    }

    fn members(&mut self, close: char, member: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        let mut first = true;
        loop {
            self.space();
            if self.take(close).is_some() {
                self.depth -= 1;
                return Some(());
            }
            if !first {
                self.out.push(',');
            }
            first = false;
            member(self)?;
            self.space();
            if self.take(',').is_none() && !self.rest.starts_with(close) {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let mut chars = self.rest.char_indices().skip(1);
        let mut text = String::new();
        loop {
            match chars.next()? {
                (end, c) if c == quote => {
                    self.rest = self.rest.get(end + 1..)?;
                    break;
                }
                (_, '\\') => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'x' => text.push(code(&mut chars, 2)?),
                    'u' => text.push(code(&mut chars, 4)?),
                    'U' => text.push(code(&mut chars, 8)?),
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    _ => return None,
                },
                (_, c) => text.push(c),
            }
        }
        self.out.push_str(&serde_json::Value::String(text).to_string());
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.out.push_str(number);
        Some(())
    }

    fn enter(&mut self, open: char) -> Option<()> {
        self.depth += 1;
        (self.depth <= super::json::MAX_DEPTH).then_some(())?;
        self.take(open)
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

fn code(chars: &mut impl Iterator<Item = (usize, char)>, digits: u32) -> Option<char> {
    let digit = |code: u32, c: char| c.to_digit(16).map(|digit| code * 16 + digit);
    (0..digits).try_fold(0, |value, _| digit(value, chars.next()?.1)).and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::to_json;

    #[test]
    fn rows_as_python_prints_them() {
        for (literal, json) in [
            ("[{'id': 1, 'name': \"O'Brien\", 'x': None}]", r#"[{"id":1,"name":"O'Brien","x":null}]"#),
            ("[(1, 'a', True), (2, 'b\\'s \\xe9', False)]", r#"[[1,"a",true],[2,"b's é",false]]"#),
            ("{'a': [1.5, -2e3,]}", r#"{"a":[1.5,-2e3]}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(to_json(literal).as_deref(), Some(json), "{literal}");
        }
        for other in
            ["[1, 2", "{'a'}", "[datetime.date(2020, 1, 1)]", "['a' 'b']", "{1: 2}", "[1] x", "['\\q']", "("]
        {
            assert_eq!(to_json(other), None, "{other}");
        }
    }
}
