//! One WebSocket: requests, subscriptions, and an end to slow readers.
//!
//! Nothing here waits for the reader but the one place that writes. Notifications that do not fit into its queue end
//! the connection; requests are not read while as many as may be under way are.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy_primitives::Address;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast::error::RecvError, mpsc, watch},
    task::{AbortHandle, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    Api, Failure, Topic,
    feed::{Event, LAG},
    jsonrpc::{self, Caller, raw},
    methods::Service,
    params::Params,
};

/// Messages with requests under way at once on one connection.
const UNDER_WAY: usize = 16;
/// How often the reader is asked whether it is there; well within the listener's patience.
const PING: Duration = Duration::from_secs(20);
/// How long one message may take to be written.
const WRITE: Duration = Duration::from_secs(20);

/// A message for the reader. A reply holds its request's place until it is written.
struct Outgoing {
    text: String,
    _place: Option<OwnedSemaphorePermit>,
}

/// Why a connection ends.
enum End {
    Left,
    TooSlow,
    Stopped,
}

/// What the parts of one connection share.
struct Connection<A> {
    service: Arc<Service<A>>,
    address: IpAddr,
    out: mpsc::Sender<Outgoing>,
    subscriptions: Mutex<Subscriptions>,
    /// Told once the reader has fallen behind.
    slow: watch::Sender<bool>,
}

#[derive(Default)]
struct Subscriptions {
    last: u64,
    tasks: HashMap<String, AbortHandle>,
}

/// Serves a socket until it ends.
pub(crate) async fn serve<A: Api>(
    socket: WebSocket,
    service: Arc<Service<A>>,
    address: IpAddr,
    mut stop: watch::Receiver<bool>,
) {
    let metrics = service.metrics.clone();
    metrics.sockets.inc();
    let (sink, mut stream) = socket.split();
    let (out, queue) = mpsc::channel(LAG);
    let (slow, mut is_slow) = watch::channel(false);
    let connection = Arc::new(Connection { service, address, out, subscriptions: Mutex::default(), slow });
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut requests = JoinSet::new();
    let reading = async {
        loop {
            while requests.try_join_next().is_some() {}
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let bytes = match stream.next().await {
                Some(Ok(Message::Text(text))) => axum::body::Bytes::from(text),
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            };
            let connection = connection.clone();
            requests.spawn(async move {
                if let Some(text) = jsonrpc::answer(&connection, &bytes).await {
                    connection.send(Outgoing { text, _place: Some(place) });
                }
            });
        }
    };
    let (mut sink, end) = {
        let mut sink = sink;
        let end = tokio::select! {
            () = reading => End::Left,
            end = write(&mut sink, queue) => end,
            _ = is_slow.wait_for(|slow| *slow) => End::TooSlow,
            _ = stop.wait_for(|stop| *stop) => End::Stopped,
        };
        (sink, end)
    };
    requests.shutdown().await;
    connection.end();
    metrics.sockets.dec();
    let (code, reason) = match end {
        End::Left => return,
        End::TooSlow => {
            metrics.slow_readers.inc();
            (close_code::POLICY, "the reader did not keep up")
        }
        End::Stopped => (close_code::AWAY, "the node stops"),
    };
    let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = timeout(Duration::from_secs(1), sink.send(close)).await;
}

/// Writes what is queued, and pings.
async fn write(sink: &mut SplitSink<WebSocket, Message>, mut queue: mpsc::Receiver<Outgoing>) -> End {
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (message, _place) = tokio::select! {
            outgoing = queue.recv() => match outgoing {
                Some(Outgoing { text, _place }) => (Message::Text(text.into()), _place),
                None => return End::Left,
            },
            _ = ping.tick() => (Message::Ping(axum::body::Bytes::new()), None),
        };
        match timeout(WRITE, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Left,
            Err(_) => return End::TooSlow,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    contract: Option<Address>,
}

impl<A: Api> Connection<A> {
    /// Queues a message; a full queue is the reader's end.
    fn send(&self, outgoing: Outgoing) {
        if self.out.try_send(outgoing).is_err() {
            self.slow.send_replace(true);
        }
    }

    fn subscribe(self: &Arc<Self>, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        params.at_most(2)?;
        let topic: Topic =
            params.required(0, "topic", "\"tasks\", \"receipts\", \"epochs\" or \"blocks\"")?;
        let options = match params {
            Params::ByPlace(_) => params.options(1, "{contract?}")?,
            Params::ByName(..) => Options { contract: params.optional(1, "contract", "an address")? },
        };
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        if subscriptions.tasks.len() >= self.service.limits.subscriptions {
            return Err(Failure::limit("this connection has as many subscriptions as it may"));
        }
        subscriptions.last += 1;
        let id = format!("0x{:x}", subscriptions.last);
        let mut events = self.service.feed.subscribe(topic);
        let (connection, name) = (Arc::downgrade(self), id.clone());
        let task = tokio::spawn(async move {
            loop {
                let event = events.recv().await;
                let Some(connection) = connection.upgrade() else { return };
                match event {
                    Ok(event) if options.contract.is_none() || options.contract == event.contract => {
                        connection.send(Outgoing { text: notification(&name, &event), _place: None });
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => drop(connection.slow.send_replace(true)),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        subscriptions.tasks.insert(id.clone(), task.abort_handle());
        self.service.metrics.subscriptions.inc();
        raw(&id)
    }

    fn unsubscribe(&self, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        params.at_most(1)?;
        let id: String = params.required(0, "subscription", "the id that enigma_subscribe returned")?;
        let task = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).tasks.remove(&id);
        let task = task.ok_or(Failure::not_found("no such subscription on this connection"))?;
        task.abort();
        self.service.metrics.subscriptions.dec();
        raw(&true)
    }

    /// Ends all subscriptions.
    fn end(&self) {
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, task) in subscriptions.tasks.drain() {
            task.abort();
            self.service.metrics.subscriptions.dec();
        }
    }
}

impl<A: Api> Caller for Arc<Connection<A>> {
    fn admits(&self) -> bool {
        self.service.admits(self.address)
    }

    async fn call(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, Failure> {
        let result = match method {
            "enigma_subscribe" => self.subscribe(params),
            "enigma_unsubscribe" => self.unsubscribe(params),
            _ => return self.service.call(method, params).await,
        };
        self.service.count(method, &result);
        result
    }
}

fn notification(subscription: &str, event: &Event) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"enigma_subscription","params":{{"subscription":"{subscription}","result":{}}}}}"#,
        event.result.get()
    )
}
