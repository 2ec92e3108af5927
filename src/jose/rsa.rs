//! RSA keys that are no protection, told from their public half.

const MIN_BITS: usize = 2048;

/// The odd primes up to 167. Every modulus of the generator with CVE-2017-15361 ("ROCA") is a
/// power of 65537 under each of them, whatever its size; one in 2^27 of the others is too.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// At least 2048 bits, an odd exponent above one (with one, everything is its own signature),
/// and not of the generator whose keys can be factored.
pub(super) fn is_sound(modulus: &[u8], exponent: &[u8]) -> bool {
    let significant = |number: &[u8]| number.iter().skip_while(|byte| **byte == 0).count();
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    let one = significant(exponent) == 1 && exponent.last() == Some(&1);
    significant(modulus) * 8 >= MIN_BITS && odd && !one && !is_factorable(modulus)
}

fn is_factorable(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * 65_537 % prime));
        powers.take(*prime as usize).any(|power| power == rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 65537 to this power, from the highest byte down.
    fn power(exponent: usize) -> Vec<u8> {
        let mut number = vec![1_u8];
        for _ in 0..exponent {
            // Times 65537: itself, and itself two bytes further up.
            let mut sum = vec![0_u8; number.len() + 2];
            let mut carry = 0_u16;
            for (place, byte) in sum.iter_mut().enumerate() {
                let at =
                    |place: Option<usize>| place.and_then(|place| number.get(place)).copied().unwrap_or(0);
                let total = u16::from(at(Some(place))) + u16::from(at(place.checked_sub(2))) + carry;
                (*byte, carry) = ((total & 0xff) as u8, total >> 8);
            }
            assert_eq!(carry, 0);
            number = sum;
        }
        number.reverse();
        number
    }

    #[test]
    fn weak_keys_are_told_from_sound_ones() {
        let (e, mut other) = ([1, 0, 1], power(130));
        assert!(!is_sound(&other, &e), "a power of the generator");
        *other.last_mut().unwrap() ^= 2;
        assert!(is_sound(&other, &e));
        for exponent in [&[][..], &[0], &[1], &[0, 1], &[2], &[1, 0, 0]] {
            assert!(!is_sound(&other, exponent), "{exponent:?}");
        }
        assert!(is_sound(&other, &[3]));
        let short = [&[0; 200][..], &[0xc5; 128]].concat();
        assert!(!is_sound(&short, &e), "zeros before it do not make it long");
    }
}
