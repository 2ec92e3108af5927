//! How the story is told: for people, or one JSON object a line.

use crate::cli::style::Style;
use serde_json::{Value, json};

/// Tells the steps and remembers whether each went as told.
pub(super) struct Teller {
    style: Style,
    json: bool,
    number: u32,
    failed: u32,
}

impl Teller {
    pub(super) fn new(style: Style, json: bool) -> Self {
        Self { style, json, number: 0, failed: 0 }
    }

    pub(super) fn title(&self, text: &str) {
        if !self.json {
            println!("\n{}\n", self.style.bold(text));
        }
    }

    pub(super) fn step(&mut self, what: &str, went_well: bool, details: &[&str]) {
        self.number += 1;
        self.failed += u32::from(!went_well);
        if self.json {
            println!("{}", json!({"step": self.number, "what": what, "ok": went_well, "details": details}));
            return;
        }
        let mark = if went_well { self.style.green("✓") } else { self.style.red("✗") };
        println!("{mark} {:>2}. {what}", self.number);
        for detail in details {
            println!("      {}", self.style.dim(detail));
        }
    }

    /// The upstream's result and the released one, member by member.
    pub(super) fn compare(&self, sent: &Value, released: &Value) {
        if self.json {
            println!("{}", json!({"step": self.number, "sent": sent, "released": released}));
            return;
        }
        for (name, value) in sent.as_object().into_iter().flatten() {
            let (before, after) = (value.to_string(), released.get(name).map(Value::to_string));
            match after {
                None => println!(
                    "      {name:<13} {} {}",
                    self.style.dim(&short(&before)),
                    self.style.red("→ dropped")
                ),
                Some(after) if after == before => println!("      {name:<13} {}", short(&before)),
                Some(after) => println!(
                    "      {name:<13} {} {} {}",
                    self.style.dim(&short(&before)),
                    self.style.red("→"),
                    short(&after)
                ),
            }
        }
    }

    /// Says how many steps went as told; true if all did.
    pub(super) fn end(&self) -> bool {
        if self.json {
            println!("{}", json!({"steps": self.number, "failed": self.failed}));
        } else if self.failed == 0 {
            println!("\n{}\n", self.style.green(&format!("All {} steps went as told.", self.number)));
        } else {
            println!(
                "\n{}\n",
                self.style.red(&format!("{} of {} steps did not go as told.", self.failed, self.number))
            );
        }
        self.failed == 0
    }
}

pub(super) fn show(value: Option<&Value>) -> String {
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

pub(super) fn line(value: &Value) -> String {
    short(&value.to_string())
}

fn short(text: &str) -> String {
    const WIDTH: usize = 100;
    if text.chars().count() <= WIDTH {
        text.to_owned()
    } else {
        text.chars().take(WIDTH).chain(['…']).collect()
    }
}
