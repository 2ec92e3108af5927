//! `peers datafog-core|cloakrs`: JSON lines in, JSON lines out, the time between.

use cloakrs_core::{EntityType, Locale, Scanner};
use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_secs(10);

/// Start and end in bytes, and the type.
type Found = (usize, usize, &'static str);
type Find = Box<dyn Fn(&str) -> Result<Vec<Found>, Box<dyn Error>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let find = match name.as_str() {
        "datafog-core" => datafog(),
        "cloakrs" => cloakrs()?,
        _ => return Err("usage: peers datafog-core|cloakrs".into()),
    };
    let records = read()?;
    warm_up(&find, &records)?;
    let begun = Instant::now();
    let found: Vec<Vec<Found>> = records.iter().map(|(_, text)| find(text)).collect::<Result<_, _>>()?;
    eprintln!("seconds {}", begun.elapsed().as_secs_f64());
    for ((id, text), found) in records.iter().zip(found) {
        let spans: Vec<Value> = found.iter().map(|found| in_points(text, found)).collect();
        println!("{}", json!({"id": id, "spans": spans}));
    }
    Ok(())
}

fn read() -> Result<Vec<(Value, String)>, Box<dyn Error>> {
    let record = |line: std::io::Result<String>| {
        let mut record: Value = serde_json::from_str(&line?)?;
        let text = record["text"].as_str().ok_or("a record without a text")?.to_owned();
        Ok((record["id"].take(), text))
    };
    std::io::stdin().lines().map(record).collect()
}

/// Once over the texts, as long as that is short: what is built on first use is no work of theirs.
fn warm_up(find: &Find, records: &[(Value, String)]) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    for (_, text) in records.iter().take_while(|_| begun.elapsed() < WARM_UP) {
        find(text)?;
    }
    Ok(())
}

fn in_points(text: &str, &(start, end, kind): &Found) -> Value {
    let point = |byte: usize| text[..byte].chars().count();
    json!([point(start), point(end), kind])
}

/// The scan of its quick start.
fn datafog() -> Find {
    Box::new(|text| {
        let findings = datafog_core::scan(text).into_iter();
        let found = findings.filter_map(|finding| {
            let kind = datafog_type(&finding.entity_type)?;
            Some((finding.byte_range.start, finding.byte_range.end, kind))
        });
        Ok(found.collect())
    })
}

fn datafog_type(entity: &str) -> Option<&'static str> {
    Some(match entity {
        "EMAIL" => "EMAIL",
        "PHONE" => "PHONE",
        "SSN" => "SSN",
        "CREDIT_CARD" => "PAN",
        "IP_ADDRESS" => "IP",
        "DATE" => "DATE",
        "ZIP_CODE" | "STREET_ADDRESS" => "LOC",
        "ACCOUNT_NUMBER" | "US_ROUTING_NUMBER" => "BANK",
        "NPI" => "ID",
        // What is left are credentials.
        _ => return None,
    })
}

/// The scanner of its quick start, without the masking that follows.
fn cloakrs() -> Result<Find, Box<dyn Error>> {
    let builder = cloakrs_locales::default_registry().into_scanner_builder();
    let scanner: Scanner = builder.locale(Locale::US).without_masking().build()?;
    Ok(Box::new(move |text| {
        let findings = scanner.scan(text)?.findings.into_iter();
        let found = findings.filter_map(|finding| {
            Some((finding.span.start, finding.span.end, cloakrs_type(&finding.entity_type)?))
        });
        Ok(found.collect())
    }))
}

fn cloakrs_type(entity: &EntityType) -> Option<&'static str> {
    Some(match entity {
        EntityType::PersonName => "PERSON",
        EntityType::PhysicalAddress => "LOC",
        EntityType::DateOfBirth => "DATE",
        EntityType::Ssn => "SSN",
        EntityType::CreditCard => "PAN",
        EntityType::PhoneNumber => "PHONE",
        EntityType::Email => "EMAIL",
        EntityType::Url | EntityType::Hostname => "URL",
        EntityType::IpAddress => "IP",
        EntityType::Iban => "IBAN",
        EntityType::ApiKey | EntityType::Jwt | EntityType::AwsAccessKey | EntityType::UserPath | EntityType::Custom(_) => {
            return None;
        }
        // Numbers of persons, devices and wallets.
        _ => "ID",
    })
}
