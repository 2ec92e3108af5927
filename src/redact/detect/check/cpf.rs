//! Brazilian CPF and CNPJ: two check digits modulo 11; since July 2026 a CNPJ may have letters, worth their ASCII code less 48.

pub(super) fn valid(text: &str) -> bool {
    let plain: Vec<u32> = text
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| u32::from(byte.to_ascii_uppercase()) - 48)
        .collect();
    let distinct = plain.iter().any(|value| Some(value) != plain.first());
    match plain.len() {
        11 => distinct && (9..11).all(|at| check(&plain[..at], 11) == plain[at]),
        14 => distinct && (12..14).all(|at| check(&plain[..at], 9) == plain[at]),
        _ => false,
    }
}

/// The check digit behind `body`, whose weights go up from 2, from its end, as far as `most`.
fn check(body: &[u32], most: u32) -> u32 {
    let weights = (2..=most).cycle();
    let sum: u32 = body.iter().rev().zip(weights).map(|(value, weight)| value * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn numbers_that_hold_and_near_misses() {
        for number in ["529.982.247-25", "11.222.333/0001-81", "12ABC34501DE35"] {
            assert!(valid(number), "{number}");
        }
        for number in ["529.982.247-26", "111.111.111-11", "11.222.333/0001-82"] {
            assert!(!valid(number), "{number}");
        }
    }
}
