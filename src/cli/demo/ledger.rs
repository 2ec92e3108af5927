//! A bank: accounts, customers, cards and transactions.

use super::clinic::ssn;
use super::mcp_server::{Tool, array, object, optional, string};
use super::words::{CITIES, FAMILY, GIVEN, STREETS};
use crate::model::chance::Chance;
use serde_json::{Value, json};
use std::sync::Arc;

const CUSTOMERS: u64 = 40;

struct Customer {
    id: String,
    name: String,
    pii: Value,
    account: Value,
    transactions: Value,
}

/// The ledger's tools over its synthetic records.
pub(super) fn tools(seed: u64) -> Vec<Tool> {
    let book: Arc<Vec<Customer>> = Arc::new((1..=CUSTOMERS).map(|number| customer(seed, number)).collect());
    let (all, one, history, pii, cards, search) =
        (book.clone(), book.clone(), book.clone(), book.clone(), book.clone(), book.clone());
    let number = || json!({"type": "number"});
    let account = || {
        object(&[
            ("id", string("")),
            ("customerId", string("")),
            ("type", string("")),
            ("currency", string("")),
            ("balance", number()),
            ("status", string("")),
        ])
    };
    let card = || object(&[("brand", string("")), ("number", string("")), ("expiry", string(""))]);
    let customer_id = object(&[("customerId", string("A customer's id, such as c-203"))]);
    let account_id = object(&[("accountId", string("An account's id, such as a-203"))]);
    vec![
        Tool::new("listAccounts", "Accounts with their balances")
            .input(optional(&[("limit", json!({"type": "integer", "minimum": 1, "maximum": 40}))]))
            .output(object(&[("accounts", array(account()))]))
            .calls(move |arguments| {
                let limit = arguments.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(5);
                Ok(json!({"accounts": all.iter().take(limit).map(|customer| plain(&customer.account)).collect::<Vec<_>>()}))
            }),
        Tool::new("getAccount", "One account with its IBAN")
            .input(account_id.clone())
            .output(object(&[("account", account()), ("iban", string("")), ("holder", string(""))]))
            .calls(move |arguments| {
                let customer = of_account(&one, arguments)?;
                Ok(json!({"account": plain(&customer.account), "iban": customer.account.get("iban"), "holder": customer.name}))
            }),
        Tool::new("listTransactions", "The latest transactions of an account")
            .input(account_id)
            .output(object(&[("accountId", string("")), ("transactions", array(object(&[("id", string("")), ("date", string("")), ("amount", number()), ("currency", string("")), ("description", string(""))])))]))
            .calls(move |arguments| Ok(of_account(&history, arguments)?.transactions.clone())),
        Tool::new("getCustomerPII", "A customer's personal data")
            .input(customer_id.clone())
            .output(object(&[
                ("customerId", string("")),
                ("name", string("")),
                ("ssn", json!({"type": "string", "pattern": "^[0-9]{3}-[0-9]{2}-[0-9]{4}$"})),
                ("dateOfBirth", json!({"type": "string", "format": "date"})),
                ("email", json!({"type": "string", "format": "email"})),
                ("phone", string("")),
                ("address", object(&[("line", string("")), ("city", string("")), ("state", string("")), ("postalCode", string(""))])),
                ("cards", array(card())),
                ("riskScore", json!({"type": "integer"})),
            ]))
            .calls(move |arguments| Ok(of_customer(&pii, arguments)?.pii.clone())),
        Tool::new("listCards", "A customer's cards")
            .input(customer_id)
            .output(object(&[("customerId", string("")), ("cards", array(card()))]))
            .calls(move |arguments| {
                let customer = of_customer(&cards, arguments)?;
                Ok(json!({"customerId": customer.id, "cards": customer.pii.get("cards")}))
            }),
        Tool::new("searchCustomers", "Finds customers by name")
            .input(object(&[("name", json!({"type": "string", "minLength": 2}))]))
            .output(object(&[("customers", array(object(&[("customerId", string("")), ("name", string(""))])))]))
            .calls(move |arguments| {
                let wanted = arguments.get("name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
                let found = search.iter().filter(|customer| customer.name.to_lowercase().contains(&wanted)).take(10);
                Ok(json!({"customers": found.map(|customer| json!({"customerId": customer.id, "name": customer.name})).collect::<Vec<_>>()}))
            }),
        Tool::new("createTransfer", "Moves money between two accounts")
            .input(object(&[("from", string("")), ("to", string("")), ("amount", json!({"type": "number", "exclusiveMinimum": 0})), ("note", string(""))]))
            .output(object(&[("transferId", string("")), ("status", string(""))]))
            .calls(|_| Ok(json!({"transferId": "t-90001", "status": "booked"}))),
    ]
}

fn of_customer<'b>(book: &'b [Customer], arguments: &Value) -> Result<&'b Customer, String> {
    let id = arguments.get("customerId").and_then(Value::as_str).unwrap_or_default();
    book.iter().find(|customer| customer.id == id).ok_or_else(|| "no such customer".to_owned())
}

fn of_account<'b>(book: &'b [Customer], arguments: &Value) -> Result<&'b Customer, String> {
    let id = arguments.get("accountId").cloned().unwrap_or_default();
    book.iter()
        .find(|customer| customer.account.get("id") == Some(&id))
        .ok_or_else(|| "no such account".to_owned())
}

fn plain(account: &Value) -> Value {
    let mut account = account.clone();
    if let Some(account) = account.as_object_mut() {
        account.remove("iban");
    }
    account
}

/// Test numbers that the card schemes publish for this use.
const CARDS: [(&str, &str); 5] = [
    ("Visa", "4111 1111 1111 1111"),
    ("Mastercard", "5555 5555 5555 4444"),
    ("American Express", "3782 822463 10005"),
    ("Discover", "6011 1111 1111 1117"),
    ("JCB", "3530111333300000"),
];

fn customer(seed: u64, number: u64) -> Customer {
    let mut chance = Chance::new(seed ^ number.wrapping_mul(0x9e6c_63d0_676a_9a99));
    let (family, given) = (*chance.one_of(&FAMILY), *chance.one_of(&GIVEN));
    let name = format!("{given} {family}");
    let (id, account_id) = (format!("c-{}", 200 + number), format!("a-{}", 200 + number));
    let (city, state, zip) = *chance.one_of(&CITIES);
    let (brand, card) = *chance.one_of(&CARDS);
    let (second_brand, second_card) = *chance.one_of(&CARDS);
    #[expect(clippy::cast_precision_loss, reason = "sums of money in a demo")]
    let money = |cents: u64| cents as f64 / 100.0;
    let balance = money(chance.between(1_200, 9_800_000));
    let amount = money(chance.between(500, 90_000));
    Customer {
        pii: json!({
            "customerId": id, "name": name, "ssn": ssn(&mut chance),
            "dateOfBirth": format!("{}-{:02}-{:02}", chance.between(1945, 2004), chance.between(1, 12), chance.between(1, 28)),
            "email": format!("customer{}@example.com", 200 + number),
            "phone": format!("({}) 555-01{}", chance.between(212, 989), chance.digits(2)),
            "address": {"line": format!("{} {}", chance.between(10, 1900), chance.one_of(&STREETS)), "city": city, "state": state, "postalCode": zip},
            "cards": [
                {"brand": brand, "number": card, "expiry": format!("20{}-{:02}", chance.between(27, 31), chance.between(1, 12))},
                {"brand": second_brand, "number": second_card, "expiry": format!("20{}-{:02}", chance.between(27, 31), chance.between(1, 12))},
            ],
            "riskScore": chance.between(1, 99),
        }),
        account: json!({
            "id": account_id, "customerId": id, "type": chance.one_of(&["checking", "savings"]), "currency": "USD",
            "balance": balance, "status": "open", "iban": iban(&chance.digits(18)),
        }),
        transactions: json!({"accountId": account_id, "transactions": [
            {"id": format!("x-{number}1"), "date": "2026-10-03", "amount": amount, "currency": "USD", "description": "Grocery store"},
            {"id": format!("x-{number}2"), "date": "2026-10-05", "amount": -amount, "currency": "USD", "description": format!("Transfer to {} for rent, call {}", chance.one_of(&GIVEN), "(212) 555-0142")},
        ]}),
        id,
        name,
    }
}

/// A German-shaped IBAN with right check digits (ISO 7064 mod 97-10).
fn iban(account: &str) -> String {
    let rotated = format!("{account}131400");
    let remainder = rotated.bytes().fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{account}", 98 - remainder)
}
