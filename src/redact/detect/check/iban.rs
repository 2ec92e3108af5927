//! IBAN: ISO 13616 (country length, then ISO 7064 mod 97-10 over the rotated text).

/// Length by country, ISO 13616 registry.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 \
    DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 \
    IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 \
    OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 \
    UA29 VA22 VG24 XK20 YE30";

pub(crate) fn valid(text: &str) -> bool {
    let mut compact = text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase());
    let (Some(first), Some(second)) = (compact.next(), compact.next()) else { return false };
    if length_in([first, second]) != Some(2 + compact.clone().count()) {
        return false;
    }
    let check_digits = compact.clone().take(2);
    let rotated = compact.skip(2).chain([first, second]).chain(check_digits);
    let remainder = rotated.filter_map(|byte| char::from(byte).to_digit(36)).fold(0, |remainder, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (remainder * shift + value) % 97
    });
    remainder == 1
}

/// The length by the two letters of a country; zero where there is none.
static LENGTH_OF: [[u8; 26]; 26] = {
    let mut lengths = [[0; 26]; 26];
    let (entries, mut at) = (LENGTHS.as_bytes(), 0);
    while at + 3 < entries.len() {
        let (first, second) = (entries[at] - b'A', entries[at + 1] - b'A');
        lengths[first as usize][second as usize] = (entries[at + 2] - b'0') * 10 + entries[at + 3] - b'0';
        at += 5;
    }
    lengths
};

/// How long an IBAN of a country is.
pub(crate) fn length_in([first, second]: [u8; 2]) -> Option<usize> {
    let index = |letter: u8| letter.checked_sub(b'A').map(usize::from);
    let length = LENGTH_OF.get(index(first)?)?.get(index(second)?)?;
    (*length > 0).then_some(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn the_registrys_examples() {
        for iban in [
            "GB29 NWBK 6016 1331 9268 19",
            "DE89370400440532013000",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert!(valid(iban), "{iban}");
        }
    }

    #[test]
    fn near_misses() {
        for iban in ["GB29NWBK60161331926818", "DE8937040044053201300", "XX89370400440532013000", "DE"] {
            assert!(!valid(iban), "{iban}");
        }
    }
}
