//! HL7 v2 messages (`PID|1||…`) and X12 transactions (`NM1*IL*1*…~`): the segment and
//! the place in it say what a field is.

use super::Emit;
use super::lines::lines;
use std::ops::Range;

pub(super) fn read(text: &str, emit: Emit<'_>) {
    if text.contains('|') {
        for line in lines(text) {
            let start = text.get(line.clone()).map_or(0, |part| part.len() - part.trim_start().len());
            hl7(text, line.start + start..line.end, emit);
        }
    }
    if text.contains('*') && text.contains('~') {
        let mut start = 0;
        for part in text.split_inclusive('~') {
            x12(text, start..start + part.trim_end_matches('~').len(), emit);
            start += part.len();
        }
    }
}

/// HL7 v2.5.1 chapters 3 and 6: the fields that HIPAA 164.514(b)(2)(i) names, as far as a
/// detector takes them by key. PID-20, the driver's licence, has none.
const HL7: [(&str, &[(usize, &str)]); 6] = [
    (
        "PID",
        &[
            (2, "mrn"),
            (3, "mrn"),
            (4, "mrn"),
            (5, "patient_name"),
            (6, "mothers_maiden_name"),
            (7, "birth_date"),
            (9, "patient_name"),
            (11, "home_address"),
            (13, "home_phone"),
            (14, "work_phone"),
            (18, "account_number"),
            (19, "ssn"),
            (21, "mrn"),
        ],
    ),
    ("NK1", &[(2, "next_of_kin"), (4, "home_address"), (5, "home_phone"), (6, "work_phone"), (37, "ssn")]),
    (
        "GT1",
        &[
            (3, "full_name"),
            (4, "full_name"),
            (5, "home_address"),
            (6, "home_phone"),
            (7, "work_phone"),
            (8, "birth_date"),
            (12, "ssn"),
        ],
    ),
    (
        "IN1",
        &[
            (2, "health_plan_id"),
            (16, "full_name"),
            (18, "birth_date"),
            (19, "home_address"),
            (36, "policy_number"),
            (49, "member_id"),
        ],
    ),
    ("MRG", &[(1, "mrn"), (7, "patient_name")]),
    ("PV1", &[(7, "attending.name"), (8, "practitioner.name"), (19, "account_number")]),
];

fn hl7(text: &str, line: Range<usize>, emit: Emit<'_>) {
    let Some(part) = text.get(line.clone()) else { return };
    let Some((name, _)) = part.split_once('|') else { return };
    let Some((_, keys)) = HL7.iter().find(|(segment, _)| *segment == name) else { return };
    for (number, field) in fields(text, line, '|').enumerate() {
        let Some((_, key)) = keys.iter().find(|(place, _)| *place == number) else { continue };
        // Repetitions are parted by `~`; each is a value of its own.
        for value in fields(text, field, '~').filter(|value| !value.is_empty()) {
            emit(&key.split('.').collect::<Vec<_>>(), value);
        }
    }
}

/// ASC X12N 837 and 270/271: NM1, N3, N4, DMG, REF, PER.
fn x12(text: &str, segment: Range<usize>, emit: Emit<'_>) {
    let part = text.get(segment.clone()).unwrap_or_default();
    let skipped = part.len() - part.trim_start().len();
    let Some((name, _)) = part.trim_start().split_once('*') else { return };
    if !matches!(name, "NM1" | "N3" | "N4" | "DMG" | "REF" | "PER") {
        return;
    }
    let elements: Vec<Range<usize>> =
        fields(text, segment.start + skipped..segment.end, '*').take(16).collect();
    let says =
        |place: usize| elements.get(place).and_then(|range| text.get(range.clone())).unwrap_or_default();
    let mut under = |place: usize, key: &str| {
        if let Some(range) = elements.get(place).filter(|range| !range.is_empty()) {
            emit(&[key], range.clone());
        }
    };
    match name {
        // NM1-02 is 1 for a person and 2 for an organisation.
        "NM1" => {
            if says(2) == "1" {
                for (place, key) in [(3, "last_name"), (4, "first_name"), (5, "middle_name")] {
                    under(place, key);
                }
            }
            under(
                9,
                match says(8) {
                    "34" => "ssn",
                    "MI" | "II" | "24" => "member_id",
                    _ => "identifier",
                },
            );
        }
        "N3" => [1, 2].into_iter().for_each(|place| under(place, "street_address")),
        "N4" => [(1, "city"), (3, "zip")].into_iter().for_each(|(place, key)| under(place, key)),
        "DMG" => under(2, "birth_date"),
        "REF" => under(
            2,
            match says(1) {
                "SY" => "ssn",
                "EA" => "mrn",
                "1L" | "IG" | "0F" | "1W" => "policy_number",
                _ => "reference",
            },
        ),
        _ => {
            under(2, "contact_name");
            for place in [3, 5, 7] {
                under(
                    place + 1,
                    match says(place) {
                        "TE" | "FX" | "CP" | "HP" | "WP" => "phone",
                        "EM" => "email",
                        _ => "contact",
                    },
                );
            }
        }
    }
}

fn fields(text: &str, range: Range<usize>, by: char) -> impl Iterator<Item = Range<usize>> {
    let part = text.get(range.clone()).unwrap_or_default();
    let mut start = range.start;
    part.split(by).map(move |field| {
        let at = start;
        start += field.len() + by.len_utf8();
        at..at + field.len()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::parts;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let wanted: Vec<(String, String)> =
            wanted.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        assert_eq!(parts(super::read, text), wanted, "{text}");
    }

    #[test]
    fn fields_of_a_message_have_the_names_of_their_places() {
        check(
            "MSH|^~\\&|A|B\rPID|1||0048^^^H^MR~536904399^^^^SS||Müller^Zoë||19800203|F|||12 Elm^^Boston||2125550142|||||A1|536904399\rOBX|1|NM",
            &[
                ("mrn", "0048^^^H^MR"),
                ("mrn", "536904399^^^^SS"),
                ("patient_name", "Müller^Zoë"),
                ("birth_date", "19800203"),
                ("home_address", "12 Elm^^Boston"),
                ("home_phone", "2125550142"),
                ("account_number", "A1"),
                ("ssn", "536904399"),
            ],
        );
        check("PV1|1|I|||||77^Okafor^Amara", &[("attending.name", "77^Okafor^Amara")]);
        check("xPID|1||00483920\nOBR|1|2|3", &[]);
    }

    #[test]
    fn elements_of_a_transaction_have_the_names_of_their_qualifiers() {
        check(
            "NM1*IL*1*LEE*ANN*M***MI*X99~\nN3*12 ELM~N4*BOSTON*MA*02139~DMG*D8*19800203*F~REF*SY*536904399~PER*IC*BO*TE*2125550142~",
            &[
                ("last_name", "LEE"),
                ("first_name", "ANN"),
                ("middle_name", "M"),
                ("member_id", "X99"),
                ("street_address", "12 ELM"),
                ("city", "BOSTON"),
                ("zip", "02139"),
                ("birth_date", "19800203"),
                ("ssn", "536904399"),
                ("contact_name", "BO"),
                ("phone", "2125550142"),
            ],
        );
        check("NM1*PR*2*ACME HEALTH*****PI*77~", &[("identifier", "77")]);
        check("a*b~c*d~", &[]);
    }
}
