//! How the story is told: for people, or one JSON object a line.

use crate::cli::style::Style;
use serde_json::{Value, json};
use std::io::Write as _;

/// Tells the steps and remembers whether each went as told.
pub(super) struct Teller {
    style: Style,
    json: bool,
    number: u32,
    failed: u32,
    /// Whoever read it, such as `head`, has seen enough.
    unheard: bool,
}

impl Teller {
    pub(super) fn new(style: Style, json: bool) -> Self {
        Self { style, json, number: 0, failed: 0, unheard: false }
    }

    /// Prints a line. Where nobody reads, the demo goes on to its end and cleans up.
    pub(super) fn say(&mut self, text: &str) {
        self.unheard = self.unheard || writeln!(std::io::stdout(), "{text}").is_err();
    }

    pub(super) fn is_heard(&self) -> bool {
        !self.unheard
    }

    pub(super) fn title(&mut self, text: &str) {
        if !self.json {
            self.say(&format!("\n{}\n", self.style.bold(text)));
        }
    }

    pub(super) fn step(&mut self, what: &str, went_well: bool, details: &[&str]) {
        self.number += 1;
        self.failed += u32::from(!went_well);
        if self.json {
            let step = json!({"step": self.number, "what": what, "ok": went_well, "details": details});
            return self.say(&step.to_string());
        }
        let mark = if went_well { self.style.green("✓") } else { self.style.red("✗") };
        self.say(&format!("{mark} {:>2}. {what}", self.number));
        for detail in details {
            self.say(&format!("      {}", self.style.dim(detail)));
        }
    }

    /// The upstream's result and the released one, member by member.
    pub(super) fn compare(&mut self, sent: &Value, released: &Value) {
        if self.json {
            let both = json!({"step": self.number, "sent": sent, "released": released});
            return self.say(&both.to_string());
        }
        let style = self.style;
        for (name, value) in sent.as_object().into_iter().flatten() {
            let before = value.to_string();
            let became = match released.get(name).map(Value::to_string) {
                None => format!("{} {}", style.dim(&short(&before)), style.red("→ dropped")),
                Some(after) if after == before => short(&before),
                Some(after) => format!("{} {} {}", style.dim(&short(&before)), style.red("→"), short(&after)),
            };
            self.say(&format!("      {name:<13} {became}"));
        }
    }

    /// Says how many steps went as told; true if all did.
    pub(super) fn end(&mut self) -> bool {
        let (number, failed) = (self.number, self.failed);
        self.say(&if self.json {
            json!({"steps": number, "failed": failed}).to_string()
        } else if failed == 0 {
            format!("\n{}\n", self.style.green(&format!("All {number} steps went as told.")))
        } else {
            format!("\n{}\n", self.style.red(&format!("{failed} of {number} steps did not go as told.")))
        });
        failed == 0
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
