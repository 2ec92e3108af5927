use super::peer::{GRACE, settings, stubborn};
use super::{answer, ask, next, within};
use portcullis::model::ids::ServerName;
use portcullis::upstream::children::{Bounds, Children};
use portcullis::upstream::duplex::{Duplex, DuplexFault};
use portcullis::upstream::stdio::ChildSettings;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const MOST: usize = 2;
const LONG: Duration = Duration::from_secs(3600);

fn name() -> ServerName {
    ServerName::new("clinic")
}

fn children(settings: ChildSettings, idle: Duration) -> Children {
    Children::new(HashMap::from([(name(), settings)]), Bounds { most: MOST, idle })
}

/// Crashes the child and waits until it is closed.
async fn crash(duplex: &Duplex) {
    let mut replies = ask(duplex, 1, "leave", json!({})).await;
    assert_eq!(next(&mut replies).await, Err(DuplexFault::Ended));
    within(duplex.closed()).await;
}

/// Which process it is: each tells its requests' numbers apart, beginning with 1.
async fn number(duplex: &Duplex) -> Value {
    answer(duplex, 1, "echo", json!({})).await["result"]["id"].clone()
}

#[tokio::test]
async fn each_holder_has_one_child_of_its_own() {
    let children = children(settings("server"), LONG);
    let anna = children.open(&name(), "anna").unwrap();
    assert_eq!(number(&anna).await, 1);
    assert_eq!(number(&children.open(&name(), "anna").unwrap()).await, 2);
    assert_eq!(number(&children.find(&name(), "anna").unwrap()).await, 3);
    assert!(children.find(&name(), "ben").is_none());
    assert_eq!(number(&children.open(&name(), "ben").unwrap()).await, 1);
    children.end(&name(), "anna");
    within(anna.closed()).await;
    assert!(children.find(&name(), "anna").is_none());
    let unknown = children.open(&ServerName::new("bank"), "anna");
    assert_eq!(unknown.unwrap_err(), DuplexFault::Unreachable);
}

#[tokio::test]
async fn the_one_idle_the_longest_makes_room_and_those_in_use_stay() {
    let children = children(settings("server"), LONG);
    let anna = children.open(&name(), "anna").unwrap();
    let ben = children.open(&name(), "ben").unwrap();
    let bens = ask(&ben, 1, "hold", json!({})).await;
    number(&anna).await;
    // Ben came last to use, but is in use still.
    let carl = children.open(&name(), "carl").unwrap();
    within(anna.closed()).await;
    assert!(!ben.is_closed());
    let _carls = carl.standing().unwrap();
    assert_eq!(children.open(&name(), "dora").unwrap_err(), DuplexFault::Full);
    drop(bens);
    let dora = children.open(&name(), "dora").unwrap();
    within(ben.closed()).await;
    assert_eq!(number(&dora).await, 1);
    assert!(!carl.is_closed());
}

#[tokio::test]
async fn ending_children_count_until_they_are_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let grace = Duration::from_millis(1500);
    let settings = ChildSettings { grace, ..stubborn(listener.local_addr().unwrap().port()) };
    let children = children(settings, LONG);
    for holder in 0..2 * MOST {
        children.open(&name(), &holder.to_string()).unwrap();
        // It stays only once it has come so far.
        within(listener.accept()).await.unwrap().0.read_u8().await.unwrap();
    }
    assert_eq!(children.open(&name(), "more").unwrap_err(), DuplexFault::Full);
    tokio::time::sleep(2 * grace).await;
    let again = async {
        while children.open(&name(), "more").is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(again).await;
}

#[tokio::test]
async fn idle_children_are_ended_and_used_ones_are_not() {
    let children = children(settings("server"), Duration::from_millis(400));
    let (idle, used) = (children.open(&name(), "anna").unwrap(), children.open(&name(), "ben").unwrap());
    let mut held = ask(&used, 1, "hold", json!({})).await;
    within(idle.closed()).await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(!used.is_closed());
    answer(&used, 2, "release", json!({})).await;
    assert!(next(&mut held).await.is_ok());
    drop(held);
    within(used.closed()).await;
    // To be ended for idleness is no crash.
    assert!(children.open(&name(), "anna").is_ok());
}

#[tokio::test]
async fn a_crash_loop_is_a_quick_fault_and_not_a_storm() {
    let children = children(settings("broken"), LONG);
    let (mut started, mut refused, began) = (0, 0, Instant::now());
    while started < 3 {
        match children.open(&name(), &started.to_string()) {
            Ok(duplex) => {
                started += 1;
                within(duplex.closed()).await;
            }
            Err(DuplexFault::BackingOff(left)) => {
                refused += 1;
                assert!(left <= Duration::from_secs(1));
            }
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(refused > 0);
    // Half a second after the first, one more after the second.
    assert!(began.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test]
async fn who_crashes_a_child_waits_alone() {
    let children = children(settings("server"), LONG);
    let anna = children.open(&name(), "anna").unwrap();
    number(&anna).await;
    crash(&anna).await;
    assert!(matches!(children.open(&name(), "anna"), Err(DuplexFault::BackingOff(_))));
    assert!(children.find(&name(), "anna").is_none());
    assert!(children.open(&name(), "ben").is_ok());
    let again = async {
        loop {
            match children.open(&name(), "anna") {
                Ok(duplex) => return duplex,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    assert_eq!(number(&within(again).await).await, 1);
}

#[tokio::test]
async fn a_command_that_is_not_there_backs_off_too() {
    let missing = ChildSettings { command: vec!["/nonexistent".into()], ..settings("server") };
    let children = children(missing, LONG);
    assert_eq!(children.open(&name(), "anna").unwrap_err(), DuplexFault::Unreachable);
    assert!(matches!(children.open(&name(), "ben"), Err(DuplexFault::BackingOff(_))));
}

#[tokio::test]
async fn shutting_down_ends_all_even_the_stubborn() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let children = children(stubborn(listener.local_addr().unwrap().port()), LONG);
    let duplex = children.open(&name(), "anna").unwrap();
    let (mut line, _) = within(listener.accept()).await.unwrap();
    assert_eq!(within(line.read_u8()).await.unwrap(), b'!');
    let began = Instant::now();
    within(children.shut_down()).await;
    // Its input was closed, it was asked, and then it was killed.
    assert!(began.elapsed() >= 2 * GRACE);
    assert_eq!(line.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(duplex.is_closed());
    assert_eq!(children.open(&name(), "anna").unwrap_err(), DuplexFault::Ended);
}

#[tokio::test]
async fn shutting_down_is_quick_with_those_who_listen() {
    let patient = Duration::from_secs(15);
    let children = children(ChildSettings { grace: patient, ..settings("server") }, LONG);
    let duplex = children.open(&name(), "anna").unwrap();
    number(&duplex).await;
    let began = Instant::now();
    within(children.shut_down()).await;
    assert!(began.elapsed() < patient, "{:?}", began.elapsed());
}
