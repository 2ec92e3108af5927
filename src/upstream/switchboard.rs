//! Passing on what a server sends, and the life of its connection.

use crate::upstream::duplex::{DuplexFault, HOLD};
use crate::upstream::table::{Item, Opened, Owner, Reader, Sink, Table};
use crate::wire::splice::{self, Envelope};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// One connection's.
pub(super) struct Switchboard {
    table: Mutex<Table>,
    phase: watch::Sender<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Closed,
    /// What stood behind the connection has ended, too.
    Gone,
}

impl Switchboard {
    pub(super) fn new() -> Self {
        Self { table: Mutex::new(Table::new()), phase: watch::Sender::new(Phase::Open) }
    }

    /// Numbers a request and opens its queue.
    pub(super) fn open(&self, caller: &Arc<str>, request: &Envelope<'_>) -> Result<Opened, DuplexFault> {
        let mut table = self.table();
        if self.is_closed() {
            return Err(DuplexFault::Ended);
        }
        table.open(caller, request).ok_or(DuplexFault::Busy)
    }

    pub(super) fn number(&self, caller: &str, id: &str) -> Option<u64> {
        self.table().number(caller, id)
    }

    pub(super) fn forget(&self, number: u64) {
        self.table().forget(number);
    }

    pub(super) fn standing(&self) -> Option<mpsc::Receiver<Vec<u8>>> {
        let mut table = self.table();
        if self.is_closed() { None } else { table.seat() }
    }

    /// Passes on what the server sent: one message, or several in a batch.
    pub(super) async fn take(&self, bytes: &[u8]) {
        let messages = splice::split(bytes);
        if messages.is_empty() {
            self.table().dropped += 1;
        }
        for message in messages {
            let owner = Envelope::read(message).map(|envelope| self.table().owner(&envelope));
            match owner {
                Some(Owner::Request(sink, item)) => self.reply(&sink, item).await,
                Some(Owner::Anyone) => self.take_unowned(message).await,
                Some(Owner::Nobody) | None => self.table().dropped += 1,
            }
        }
    }

    /// Gives up on a reader that does not read.
    async fn reply(&self, sink: &Sink, item: Item) {
        if hold(&sink.queue, item).await.is_err() {
            let _ = sink.fault.set(DuplexFault::Unread);
            self.forget(sink.number);
        }
    }

    async fn take_unowned(&self, message: &[u8]) {
        loop {
            let reader = {
                let mut table = self.table();
                let reader = table.reader();
                if reader.is_none() && !self.is_closed() {
                    table.keep(message);
                }
                reader
            };
            // Two turns at most: a standing reader that fails is none in the second.
            match reader {
                None => return,
                Some(Reader::Standing(queue)) => match hold(&queue, message.to_vec()).await {
                    Ok(()) => return,
                    Err(Unread) => self.table().unseat(),
                },
                Some(Reader::Newest(sink)) => {
                    self.reply(&sink, Item { message: message.to_vec(), last: false }).await;
                    return;
                }
            }
        }
    }

    /// Ends every open request with this fault. The first fault stays.
    pub(super) fn close(&self, fault: DuplexFault) {
        let mut table = self.table();
        let first = self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Open;
            if first {
                *phase = Phase::Closed;
            }
            first
        });
        if first {
            table.clear(fault);
        }
    }

    /// As [`Switchboard::close`], when nothing is left of the server.
    pub(super) fn end(&self, fault: DuplexFault) {
        self.close(fault);
        self.phase.send_replace(Phase::Gone);
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.phase.borrow() != Phase::Open
    }

    pub(super) async fn closed(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| *phase != Phase::Open).await;
    }

    pub(super) fn is_gone(&self) -> bool {
        *self.phase.borrow() == Phase::Gone
    }

    pub(super) async fn gone(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Gone).await;
    }

    /// For how long nobody has made use of it; None while somebody does.
    pub(super) fn idle(&self) -> Option<Duration> {
        let mut table = self.table();
        (!table.in_use()).then(|| table.used.elapsed())
    }

    /// A thread that panicked left the table whole: each step is one map operation.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reader is gone, or left its queue full for [`HOLD`].
struct Unread;

async fn hold<T>(queue: &mpsc::Sender<T>, item: T) -> Result<(), Unread> {
    match tokio::time::timeout(HOLD, queue.send(item)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Unread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::duplex::{Duplex, Outbound, Replies, Way};
    use crate::upstream::table::{MOST_OPEN, MOST_WAITING_BYTES, QUEUE};
    use serde_json::{Value, json};

    /// A connection whose server is the test: what it was sent, and what it says.
    struct Server {
        switchboard: Arc<Switchboard>,
        sent: mpsc::Receiver<Vec<u8>>,
    }

    fn connected() -> (Duplex, Server) {
        let switchboard = Arc::new(Switchboard::new());
        let (pipe, sent) = mpsc::channel(2 * MOST_OPEN);
        let duplex = Duplex::new(switchboard.clone(), Way::Pipe(pipe));
        (duplex, Server { switchboard, sent })
    }

    impl Server {
        async fn says(&self, message: Value) {
            self.switchboard.take(message.to_string().as_bytes()).await;
        }

        fn got(&mut self) -> Value {
            serde_json::from_slice(&self.sent.try_recv().unwrap()).unwrap()
        }
    }

    fn request(id: impl Into<Value>, method: &str, params: Value) -> Outbound {
        let mut message = note(method, params);
        message["id"] = id.into();
        message.to_string().into_bytes().into()
    }

    fn note(method: &str, params: Value) -> Value {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        message["params"] = params;
        message
    }

    async fn next(replies: &mut Replies) -> Value {
        serde_json::from_slice(&replies.recv().await.unwrap().unwrap()).unwrap()
    }

    fn tagged(id: impl Into<Value>) -> Value {
        json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id.into()}})
    }

    #[tokio::test]
    async fn a_subscription_gets_what_is_tagged_with_it_and_its_own_id_back() {
        let (duplex, mut server) = connected();
        let mut listens = duplex.request(request(9, "subscriptions/listen", json!({}))).await.unwrap();
        let mut other = duplex.request(request(9, "tools/list", json!({}))).await.unwrap();
        let number = server.got()["id"].as_u64().unwrap();
        server.says(note("notifications/tools/list_changed", tagged(number))).await;
        server.says(note("notifications/tools/list_changed", tagged(number.to_string()))).await;
        server.says(note("notifications/cancelled", json!({"requestId": number}))).await;
        server.says(json!({"jsonrpc": "2.0", "id": number, "result": tagged(number)})).await;
        assert_eq!(next(&mut listens).await["params"], tagged(9));
        assert_eq!(next(&mut listens).await["params"], tagged("9"));
        assert_eq!(next(&mut listens).await["params"]["requestId"], 9);
        assert_eq!(next(&mut listens).await, json!({"jsonrpc": "2.0", "id": 9, "result": tagged(9)}));
        assert_eq!(listens.recv().await, None);
        // A tag of nobody's is not anybody's.
        server.says(note("notifications/tools/list_changed", tagged(77))).await;
        server.switchboard.close(DuplexFault::Ended);
        assert_eq!(other.recv().await, Some(Err(DuplexFault::Ended)));
        assert_eq!(duplex.dropped(), 1);
    }

    #[tokio::test]
    async fn what_names_no_request_goes_to_the_standing_reader_or_the_newest_request() {
        let (duplex, mut server) = connected();
        let log = |n: usize| note("notifications/message", json!({"data": n}));
        server.says(log(0)).await;
        let mut first = duplex.request(request(1, "a", json!({}))).await.unwrap();
        assert_eq!(next(&mut first).await, log(0));
        let mut second = duplex.request(request(2, "b", json!({}))).await.unwrap();
        let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"});
        server.says(ask.clone()).await;
        assert_eq!(next(&mut second).await, ask);
        let mut standing = duplex.standing().unwrap();
        assert!(duplex.standing().is_none());
        server.says(json!([log(1), note("notifications/cancelled", json!({"requestId": 1}))])).await;
        assert_eq!(standing.recv().await.unwrap(), log(1).to_string().into_bytes());
        assert!(standing.recv().await.unwrap().ends_with(b"{\"requestId\":1}}"));
        drop(standing);
        server.says(log(2)).await;
        assert_eq!(next(&mut second).await, log(2));
        let (first_number, second_number) = (server.got()["id"].clone(), server.got()["id"].clone());
        server.says(json!({"jsonrpc": "2.0", "id": second_number, "result": {}})).await;
        server.says(json!({"jsonrpc": "2.0", "id": first_number, "error": {"code": 1, "message": ""}})).await;
        assert_eq!(next(&mut second).await["id"], 2);
        assert_eq!(next(&mut first).await["id"], 1);
        assert_eq!((first.recv().await, second.recv().await), (None, None));
        assert_eq!(duplex.dropped(), 0);
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_number_and_bytes() {
        let (duplex, server) = connected();
        for n in 0..=QUEUE {
            server.says(note("notifications/message", json!({"data": n}))).await;
        }
        assert_eq!(duplex.dropped(), 1);
        let mut standing = duplex.standing().unwrap();
        assert!(standing.recv().await.unwrap().ends_with(b"{\"data\":1}}"));
        drop(standing);
        let large = note("notifications/message", json!({"data": "x".repeat(MOST_WAITING_BYTES)}));
        server.says(large).await;
        assert_eq!(duplex.dropped(), 2);
    }

    #[tokio::test]
    async fn answers_to_nobody_are_dropped() {
        let (duplex, mut server) = connected();
        let forgotten = duplex.request(request(1, "a", json!({}))).await.unwrap();
        let mut open = duplex.request(request(1, "a", json!({"_meta": {}}))).await.unwrap();
        drop(forgotten);
        let (late, number) = (server.got()["id"].clone(), server.got()["id"].as_u64().unwrap());
        for stray in [
            json!({"jsonrpc": "2.0", "id": late, "result": {"stray": true}}),
            json!({"jsonrpc": "2.0", "id": 99, "result": {}}),
            json!({"jsonrpc": "2.0", "id": number.to_string(), "result": {}}),
            json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": ""}}),
            // It asked for no progress.
            note("notifications/progress", json!({"progressToken": number, "progress": 1})),
            note("notifications/progress", json!({})),
            json!(["2.0", number, null, null, {}]),
        ] {
            server.says(stray).await;
        }
        server.says(json!({"jsonrpc": "2.0", "id": number, "result": {}})).await;
        server.says(json!({"jsonrpc": "2.0", "id": number, "result": {"twice": true}})).await;
        assert_eq!(next(&mut open).await["result"], json!({}));
        // The last was a batch of five, and the answer came twice.
        assert_eq!(duplex.dropped(), 6 + 5 + 1);
    }

    #[tokio::test]
    async fn one_request_past_the_bound_is_refused() {
        let (duplex, _server) = connected();
        let mut open = Vec::new();
        for id in 0..MOST_OPEN {
            open.push(duplex.request(request(id, "a", json!({}))).await.unwrap());
        }
        let refused = duplex.request(request(0, "a", json!({}))).await;
        assert_eq!(refused.unwrap_err(), DuplexFault::Busy);
        open.pop();
        assert!(duplex.request(request(0, "a", json!({}))).await.is_ok());
    }

    #[tokio::test]
    async fn only_requests_are_requested_and_only_the_rest_is_sent() {
        let (duplex, _server) = connected();
        let body = |text: &str| Outbound::from(text.as_bytes().to_vec());
        for text in
            [r#"{"jsonrpc":"2.0","method":"m"}"#, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "[]", "x"]
        {
            assert!(matches!(duplex.request(body(text)).await, Err(DuplexFault::Malformed(_))), "{text}");
        }
        for text in [r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "{}", ""] {
            assert!(matches!(duplex.send(body(text)).await, Err(DuplexFault::Malformed(_))), "{text}");
        }
        duplex.close();
        assert_eq!(duplex.request(request(1, "m", json!({}))).await.unwrap_err(), DuplexFault::Ended);
        assert_eq!(duplex.send(body(r#"{"jsonrpc":"2.0","method":"m"}"#)).await, Err(DuplexFault::Ended));
    }
}
