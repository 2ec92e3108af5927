//! A clinic: FHIR-shaped patients, observations, conditions, encounters and notes.

use super::mcp_server::{Tool, array, object, optional, string};
use super::words::{CITIES, FAMILY, GIVEN, STREETS};
use crate::model::chance::Chance;
use serde_json::{Value, json};
use std::sync::Arc;

const PATIENTS: u64 = 72;
const PAGE: usize = 10;

/// One patient with everything the clinic keeps.
struct Chart {
    id: String,
    full_name: String,
    patient: Value,
    observations: Value,
    conditions: Value,
    encounters: Value,
    note: Value,
    ward: &'static str,
}

/// The clinic's tools over its synthetic records.
pub(super) fn tools(seed: u64) -> Vec<Tool> {
    let charts: Arc<Vec<Chart>> = Arc::new((1..=PATIENTS).map(|number| chart(seed, number)).collect());
    let by_id = |part: fn(&Chart) -> &Value| {
        let charts = charts.clone();
        move |arguments: &Value| {
            let id = arguments.get("patientId").and_then(Value::as_str).unwrap_or_default();
            find(&charts, id).map(|chart| part(chart).clone())
        }
    };
    let patient_id = object(&[("patientId", string("A patient's id, such as p-1007"))]);
    let reference = || object(&[("reference", string("")), ("display", string(""))]);
    let coded = || object(&[("code", string("")), ("display", string(""))]);
    let (search, ward, filing) = (charts.clone(), charts.clone(), charts.clone());
    vec![
        Tool::new("searchPatients", "Finds patients by the beginning of a family name; ten a page")
            .input(optional(&[
                ("name", string("Beginning of the family name")),
                ("offset", json!({"type": "integer", "minimum": 0})),
            ]))
            .output(object(&[
                ("total", json!({"type": "integer"})),
                (
                    "patients",
                    array(object(&[("id", string("")), ("name", string("")), ("birthDate", string(""))])),
                ),
            ]))
            .with_progress()
            .calls(move |arguments| Ok(search_patients(&search, arguments))),
        Tool::new("getPatient", "One patient's demographics (FHIR R4 Patient)")
            .input(patient_id.clone())
            .output(patient_schema())
            .calls(by_id(|chart| &chart.patient)),
        Tool::new("getObservations", "A patient's laboratory values and vital signs")
            .input(patient_id.clone())
            .output(object(&[
                ("subject", reference()),
                (
                    "observations",
                    array(object(&[
                        ("code", coded()),
                        ("value", json!({"type": "number"})),
                        ("unit", string("")),
                        ("effectiveDateTime", string("")),
                    ])),
                ),
            ]))
            .calls(by_id(|chart| &chart.observations)),
        Tool::new("getConditions", "A patient's diagnoses")
            .input(patient_id.clone())
            .output(object(&[
                ("subject", reference()),
                ("conditions", array(object(&[("code", coded()), ("recordedDate", string(""))]))),
            ]))
            .calls(by_id(|chart| &chart.conditions)),
        Tool::new("getEncounters", "A patient's visits")
            .input(patient_id.clone())
            .output(object(&[
                ("subject", reference()),
                (
                    "encounters",
                    array(object(&[
                        ("class", string("")),
                        ("performer", reference()),
                        ("period", object(&[("start", string("")), ("end", string(""))])),
                    ])),
                ),
            ]))
            .calls(by_id(|chart| &chart.encounters)),
        Tool::new("getNote", "A patient's latest progress note, free text")
            .input(patient_id)
            .output(object(&[
                ("subject", reference()),
                ("author", reference()),
                ("date", string("")),
                ("text", string("")),
            ]))
            .calls(by_id(|chart| &chart.note)),
        Tool::new("listWard", "The patients on a ward")
            .input(object(&[("ward", json!({"type": "string", "enum": WARDS}))]))
            .output(object(&[
                ("ward", string("")),
                ("patients", array(object(&[("id", string("")), ("name", string(""))]))),
            ]))
            .calls(move |arguments| Ok(list_ward(&ward, arguments))),
        Tool::new("addNote", "Files a note in a patient's record and shows it as it was filed")
            .input(object(&[
                ("patientId", string("A patient's id, such as p-1007")),
                ("text", string("The note")),
            ]))
            .output(object(&[("patientId", string("")), ("filed", string(""))]))
            .calls(move |arguments| add_note(&filing, arguments)),
    ]
}

const WARDS: [&str; 3] = ["3A", "5B", "ICU"];

fn patient_schema() -> Value {
    let text = || string("");
    object(&[
        ("resourceType", json!({"const": "Patient"})),
        ("id", text()),
        ("identifier", array(object(&[("type", text()), ("value", text())]))),
        ("name", array(object(&[("family", text()), ("given", array(text()))]))),
        ("gender", json!({"type": "string", "enum": ["female", "male"]})),
        ("birthDate", json!({"type": "string", "format": "date"})),
        (
            "address",
            array(object(&[
                ("line", array(text())),
                ("city", text()),
                ("state", text()),
                ("postalCode", text()),
            ])),
        ),
        ("telecom", array(object(&[("system", text()), ("phone", text())]))),
        ("conditions", array(object(&[("code", text()), ("display", text())]))),
    ])
}

fn find<'c>(charts: &'c [Chart], id: &str) -> Result<&'c Chart, String> {
    charts.iter().find(|chart| chart.id == id).ok_or_else(|| "no such patient".to_owned())
}

fn search_patients(charts: &[Chart], arguments: &Value) -> Value {
    let prefix = arguments.get("name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let offset = arguments
        .get("offset")
        .and_then(Value::as_u64)
        .and_then(|offset| usize::try_from(offset).ok())
        .unwrap_or(0);
    let named = |chart: &&Chart| {
        let family = chart.patient.pointer("/name/0/family").and_then(Value::as_str).unwrap_or_default();
        family.to_lowercase().starts_with(&prefix)
    };
    let found: Vec<&Chart> = charts.iter().filter(named).collect();
    let page = found.iter().skip(offset).take(PAGE);
    let row = |chart: &&Chart| json!({"id": chart.id, "name": chart.full_name, "birthDate": chart.patient.get("birthDate")});
    json!({"total": found.len(), "patients": page.map(row).collect::<Vec<_>>()})
}

fn list_ward(charts: &[Chart], arguments: &Value) -> Value {
    let ward = arguments.get("ward").and_then(Value::as_str).unwrap_or_default();
    let rows = charts.iter().filter(|chart| chart.ward == ward).take(12);
    json!({"ward": ward, "patients": rows.map(|chart| json!({"id": chart.id, "name": chart.full_name})).collect::<Vec<_>>()})
}

fn add_note(charts: &[Chart], arguments: &Value) -> Result<Value, String> {
    let chart = find(charts, arguments.get("patientId").and_then(Value::as_str).unwrap_or_default())?;
    Ok(json!({"patientId": chart.id, "filed": arguments.get("text")}))
}

fn chart(seed: u64, number: u64) -> Chart {
    let mut chance = Chance::new(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let (family, given) = (*chance.one_of(&FAMILY), *chance.one_of(&GIVEN));
    let full_name = format!("{given} {family}");
    let id = format!("p-{}", 1000 + number);
    let (mrn, ssn) = (chance.digits(8), ssn(&mut chance));
    let born =
        format!("{}-{:02}-{:02}", chance.between(1934, 2015), chance.between(1, 12), chance.between(1, 28));
    let (city, state, zip) = *chance.one_of(&CITIES);
    let phone = format!("({}) 555-01{}", chance.between(212, 989), chance.digits(2));
    let (code, disease) = *chance.one_of(&[
        ("I10", "Essential hypertension"),
        ("E11.9", "Type 2 diabetes mellitus"),
        ("J45.909", "Asthma, unspecified"),
        ("M54.5", "Low back pain"),
    ]);
    let seen = format!("2026-{:02}-{:02}", chance.between(1, 10), chance.between(1, 28));
    let relative = *chance.one_of(&GIVEN);
    let doctor = format!("Dr. {} {}", chance.one_of(&GIVEN), chance.one_of(&FAMILY));
    let subject = json!({"reference": format!("Patient/{id}"), "display": full_name});
    let value = u32::try_from(chance.between(62, 148)).unwrap_or(100);
    let note = format!(
        "{full_name} (MRN {mrn}) was seen on {seen} for {}. Reports sleeping poorly since the move; daughter {relative} {family} \
         helps with medication and can be reached at {phone}. SSN {ssn} confirmed at registration. Plan: continue treatment, \
         repeat labs in 6 weeks. {family} agrees.",
        disease.to_lowercase(),
    );
    Chart {
        patient: json!({
            "resourceType": "Patient", "id": id,
            "identifier": [{"type": "MR", "value": format!("MRN {mrn}")}, {"type": "SS", "value": ssn}],
            "name": [{"family": family, "given": [given]}],
            "gender": chance.one_of(&["female", "male"]), "birthDate": born,
            "address": [{"line": [format!("{} {}", chance.between(10, 1900), chance.one_of(&STREETS))], "city": city, "state": state, "postalCode": zip}],
            "telecom": [{"system": "phone", "phone": phone}],
            "conditions": [{"code": code, "display": disease}],
        }),
        observations: json!({"subject": subject, "observations": [
            {"code": {"code": "8480-6", "display": "Systolic blood pressure"}, "value": value, "unit": "mm[Hg]", "effectiveDateTime": format!("{seen}T09:30:00Z")},
            {"code": {"code": "4548-4", "display": "Hemoglobin A1c"}, "value": 6.10, "unit": "%", "effectiveDateTime": format!("{seen}T09:45:00Z")},
        ]}),
        conditions: json!({"subject": subject, "conditions": [{"code": {"code": code, "display": disease}, "recordedDate": seen}]}),
        encounters: json!({"subject": subject, "encounters": [
            {"class": "AMB", "performer": {"reference": "Practitioner/d-17", "display": doctor}, "period": {"start": format!("{seen}T09:00:00Z"), "end": format!("{seen}T09:50:00Z")}},
        ]}),
        note: json!({"subject": subject, "author": {"reference": "Practitioner/d-17", "display": doctor}, "date": seen, "text": note}),
        ward: chance.one_of::<&str, _>(&WARDS),
        id,
        full_name,
    }
}

/// Some in the ranges the SSA issues, some in those it never does (as test data has).
pub(super) fn ssn(chance: &mut Chance) -> String {
    let area = if chance.between(0, 2) == 0 { chance.between(900, 999) } else { chance.between(101, 649) };
    format!("{area}-{}-{}", chance.between(10, 99), chance.between(1000, 9999))
}
