//! The documents that are filtered: made up, seeded, the same in every run.

/// A FHIR R4 bundle of about a megabyte, as a hospital's server sends one: a patient, and
/// behind each their encounters, observations, conditions and prescriptions. Each seed has its
/// own people, identifiers and values; codes and addresses of code systems are the same.
pub(crate) fn bundle(seed: u64) -> String {
    let mut entries = Vec::new();
    let mut random = Random(seed);
    let mut bytes = 0;
    for patient in 0.. {
        if bytes > 1_000_000 {
            break;
        }
        let person = random.below(10_000);
        let mut resources = vec![self::patient(patient, person)];
        for visit in 0..3 + random.below(4) {
            resources.push(encounter(patient, visit, person));
            for _ in 0..4 + random.below(5) {
                resources.push(observation(patient, visit, &mut random));
            }
            resources.push(condition(patient, visit, &mut random));
            resources.push(prescription(patient, visit, person, &mut random));
        }
        for resource in resources {
            let entry = format!(
                r#"{{"fullUrl":"urn:uuid:{}","resource":{resource},"request":{{"method":"POST","url":"Bundle"}}}}"#,
                random.uuid()
            );
            bytes += entry.len() + 1;
            entries.push(entry);
        }
    }
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","total":{},"entry":[{}]}}"#,
        entries.len(),
        entries.join(",")
    )
}

/// One tool's result of about two kilobytes, to be sent as structure and as its text twin.
pub(crate) fn chart(patient: u64) -> String {
    let mut random = Random(patient + 7);
    let observations: Vec<String> = (0..4).map(|visit| observation(patient, visit, &mut random)).collect();
    format!(
        r#"{{"patient":{},"observations":[{}],"note":"Seen in clinic today, in no distress. {} will call (212) 555-01{:02} if the cough is worse; next visit in six weeks."}}"#,
        self::patient(patient, patient),
        observations.join(","),
        FAMILY[index(patient, FAMILY.len())],
        patient % 100
    )
}

/// Whether a patient's Social Security number is left: all have the group 45.
pub(crate) fn holds_ssn(text: &str) -> bool {
    text.match_indices("-45-").any(|(place, _)| text[..place].ends_with(|c: char| c.is_ascii_digit()))
}

const GIVEN: [&str; 8] = ["Maria", "Amara", "Pieter", "Linh", "Tomasz", "Aisha", "Joaquín", "Grace"];
const FAMILY: [&str; 8] =
    ["Halloran", "Okafor", "van der Berg", "Nguyen", "Kowalczyk", "Rahman", "Ibáñez", "Whitfield"];
const CODES: [(&str, &str, &str); 5] = [
    ("8302-2", "Body height", "cm"),
    ("29463-7", "Body weight", "kg"),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%"),
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL"),
    ("8867-4", "Heart rate", "/min"),
];

fn patient(id: u64, person: u64) -> String {
    let (given, family) = (GIVEN[index(person, 8)], FAMILY[index(person / 8, 8)]);
    format!(
        r#"{{"resourceType":"Patient","id":"p-{id}","meta":{{"lastUpdated":"2026-03-05T09:30:{:02}Z","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]}},"identifier":[{{"use":"usual","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}}]}},"system":"http://hospital.example.org","value":"{:08}"}},{{"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SS"}}]}},"system":"http://hl7.org/fhir/sid/us-ssn","value":"{}-45-{:04}"}}],"active":true,"name":[{{"use":"official","family":"{family}","given":["{given}"],"prefix":["Ms."]}}],"telecom":[{{"system":"phone","value":"(212) 555-01{:02}","use":"home"}},{{"system":"email","value":"{}@example.org"}}],"gender":"female","birthDate":"19{:02}-02-03","address":[{{"use":"home","line":["{} Elm Grove Road"],"city":"Millbrook","state":"MA","postalCode":"02139","country":"US"}}],"maritalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"Married"}}],"text":"Married"}},"multipleBirthBoolean":false}}"#,
        id % 60,
        483_920 + id,
        101 + person % 500,
        person % 9000 + 1000,
        id % 100,
        given.to_lowercase(),
        40 + person % 60,
        100 + person
    )
}

fn encounter(patient: u64, visit: u64, person: u64) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"e-{patient}-{visit}","status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"}},"type":[{{"coding":[{{"system":"http://snomed.info/sct","code":"185345009","display":"Encounter for symptom"}}],"text":"Encounter for symptom"}}],"subject":{{"reference":"Patient/p-{patient}","display":"{} {}"}},"participant":[{{"individual":{{"reference":"Practitioner/d-{}","display":"Dr. Eve Stone"}}}}],"period":{{"start":"2026-0{}-05T09:00:00Z","end":"2026-0{}-05T09:45:00Z"}},"serviceProvider":{{"reference":"Organization/o-1","display":"Millbrook Clinic"}}}}"#,
        GIVEN[index(person, 8)],
        FAMILY[index(person / 8, 8)],
        visit % 7,
        visit % 9 + 1,
        visit % 9 + 1
    )
}

fn observation(patient: u64, visit: u64, random: &mut Random) -> String {
    let (code, display, unit) = CODES[index(random.next(), CODES.len())];
    format!(
        r#"{{"resourceType":"Observation","id":"{}","status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}","display":"{display}"}}],"text":"{display}"}},"subject":{{"reference":"Patient/p-{patient}"}},"encounter":{{"reference":"Encounter/e-{patient}-{visit}"}},"effectiveDateTime":"2026-0{}-05T09:30:00Z","issued":"2026-0{}-05T09:30:00.000Z","valueQuantity":{{"value":{}.{},"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#,
        random.uuid(),
        visit % 9 + 1,
        visit % 9 + 1,
        random.below(200),
        random.below(10)
    )
}

fn condition(patient: u64, visit: u64, random: &mut Random) -> String {
    format!(
        r#"{{"resourceType":"Condition","id":"{}","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"59621000","display":"Essential hypertension"}}],"text":"Essential hypertension"}},"subject":{{"reference":"Patient/p-{patient}"}},"onsetDateTime":"2025-0{}-11","recordedDate":"2026-0{}-05","note":[{{"text":"Stable on current dose, no oedema. Review the readings at the next visit and adjust if the mean is above target."}}]}}"#,
        random.uuid(),
        visit % 9 + 1,
        visit % 9 + 1
    )
}

fn prescription(patient: u64, visit: u64, person: u64, random: &mut Random) -> String {
    format!(
        r#"{{"resourceType":"MedicationRequest","id":"{}","status":"active","intent":"order","medicationCodeableConcept":{{"coding":[{{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"314076","display":"lisinopril 10 MG Oral Tablet"}}],"text":"lisinopril 10 MG Oral Tablet"}},"subject":{{"reference":"Patient/p-{patient}","display":"{}"}},"encounter":{{"reference":"Encounter/e-{patient}-{visit}"}},"authoredOn":"2026-0{}-05T09:40:00Z","requester":{{"reference":"Practitioner/d-1","display":"Dr. Eve Stone"}},"dosageInstruction":[{{"sequence":1,"text":"one tablet daily","asNeededBoolean":false,"timing":{{"repeat":{{"frequency":1,"period":1.0,"periodUnit":"d"}}}},"doseAndRate":[{{"doseQuantity":{{"value":1.0}}}}]}}]}}"#,
        random.uuid(),
        GIVEN[index(person, 8)],
        visit % 9 + 1
    )
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a & 0xffff,
            b & 0xfff,
            (b >> 12) & 0xfff,
            b >> 16
        )
    }
}

fn index(number: u64, length: usize) -> usize {
    usize::try_from(number).unwrap_or_default() % length
}
