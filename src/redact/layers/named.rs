//! HTML's named character references (WHATWG HTML §13.5), as far as they stand for what is
//! in a number, an address or a key, or for nothing that is seen.

const NAMED: [(&str, char); 46] = [
    ("AMP", '&'),
    ("GT", '>'),
    ("LT", '<'),
    ("NewLine", '\n'),
    ("QUOT", '"'),
    ("Tab", '\t'),
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("bull", '•'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dash", '-'),
    ("emsp", ' '),
    ("ensp", ' '),
    ("equals", '='),
    ("excl", '!'),
    ("fjlig", 'f'),
    ("gt", '>'),
    ("hairsp", ' '),
    ("hyphen", '-'),
    ("lbrace", '{'),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lt", '<'),
    ("mdash", '-'),
    ("middot", '·'),
    ("minus", '-'),
    ("nbsp", ' '),
    ("ndash", '-'),
    ("num", '#'),
    ("numsp", ' '),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("shy", '\u{ad}'),
    ("sol", '/'),
    ("thinsp", ' '),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
];

/// The character that a name stands for, without `&` and `;`.
pub(super) fn named(name: &str) -> Option<char> {
    let place = NAMED.binary_search_by_key(&name, |(known, _)| known).ok()?;
    NAMED.get(place).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        assert!(NAMED.is_sorted_by_key(|(name, _)| *name));
        assert!(NAMED.iter().all(|(name, c)| named(name) == Some(*c)));
        assert_eq!(named("eacute"), None);
    }
}
