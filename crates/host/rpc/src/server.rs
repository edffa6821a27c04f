//! HTTP: which path is what, and the headers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::{
    Api, Error, Feed, Limits, Metrics, explorer,
    jsonrpc::{self, too_many},
    listener::{Bounded, Client},
    methods::{Service, Visitor},
    socket,
};

/// How long a request's body may take to come.
const BODY: Duration = Duration::from_secs(10);
/// How long requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);

const JSON: &str = "application/json";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Where it listens, with the real port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes sockets, lets requests end for a moment, and returns when nothing listens any more.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

struct Shared<A> {
    service: Arc<Service<A>>,
    stop: watch::Receiver<bool>,
}

impl<A> Clone for Shared<A> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone(), stop: self.stop.clone() }
    }
}

/// Serves a node at `address` (`address:port`).
///
/// # Errors
/// [`Error::Listen`].
pub async fn serve<A: Api>(
    address: &str,
    api: A,
    limits: Limits,
    feed: Feed,
    metrics: Metrics,
) -> Result<Server, Error> {
    let failed = |e: std::io::Error| Error::Listen { address: address.to_owned(), reason: e.to_string() };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, mut stopped) = watch::channel(false);
    let shared =
        Shared { service: Arc::new(Service::new(api, limits, feed, metrics)), stop: stopped.clone() };
    let app = Router::new()
        .route("/", post(rpc::<A>).get(root::<A>).options(preflight))
        .route("/ws", any(root::<A>))
        .route("/metrics", get(metrics_text::<A>))
        .route("/health", get(health::<A>))
        .fallback(get(page))
        .layer(middleware::from_fn(headers))
        .with_state(shared)
        .into_make_service_with_connect_info::<Client>();
    let serving = axum::serve(Bounded::new(listener), app).with_graceful_shutdown(async move {
        // Fails if the handle is gone, and then it is over, too.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let task = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the API has ended");
        }
    });
    Ok(Server { address, stop, task })
}

async fn rpc<A: Api>(
    State(shared): State<Shared<A>>,
    ConnectInfo(Client(client)): ConnectInfo<Client>,
    body: Body,
) -> Response {
    let service = &shared.service;
    let bytes: Bytes = match timeout(BODY, to_bytes(body, service.limits.body)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return (StatusCode::PAYLOAD_TOO_LARGE, "the request is too large\n").into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the request came too slowly\n").into_response(),
    };
    let visitor = Visitor { service, address: client.ip() };
    match jsonrpc::answer(&visitor, &bytes).await {
        Some(reply) => ([(header::CONTENT_TYPE, JSON)], reply).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// A WebSocket, or the explorer.
async fn root<A: Api>(
    State(shared): State<Shared<A>>,
    ConnectInfo(Client(client)): ConnectInfo<Client>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    asked: HeaderMap,
    uri: Uri,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) if asked.contains_key(header::UPGRADE) => return rejection.into_response(),
        Err(_) => return explorer::file(uri.path(), &asked),
    };
    if !shared.service.admits(client.ip()) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::CONTENT_TYPE, JSON)], too_many()).into_response();
    }
    let Ok(permit) = shared.service.sockets.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many WebSocket connections\n").into_response();
    };
    let most = shared.service.limits.body;
    upgrade.max_message_size(most).max_frame_size(most).on_upgrade(move |socket| async move {
        socket::serve(socket, shared.service, client.ip(), shared.stop).await;
        drop(permit);
    })
}

async fn metrics_text<A: Api>(State(shared): State<Shared<A>>) -> Response {
    shared.service.api.measure();
    ([(header::CONTENT_TYPE, METRICS)], shared.service.metrics.text()).into_response()
}

async fn health<A: Api>(State(shared): State<Shared<A>>) -> Response {
    let health = shared.service.api.health().await;
    let is_ok = health.as_ref().is_ok_and(|h| h.ok);
    let status = if is_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text = health.ok().and_then(|h| jsonrpc::raw(&h).ok()).map(|raw| raw.get().to_owned());
    let text = text.unwrap_or_else(|| "{\"ok\":false}".to_owned());
    (status, [(header::CONTENT_TYPE, JSON)], text).into_response()
}

async fn page(uri: Uri, asked: HeaderMap) -> Response {
    explorer::file(uri.path(), &asked)
}

async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// What every answer carries. Any page may ask: there are no cookies and nothing here is anybody's own.
async fn headers(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if is_preflight {
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS");
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type");
        set(header::ACCESS_CONTROL_MAX_AGE, "86400");
        set(HeaderName::from_static("access-control-allow-private-network"), "true");
    }
    response
}
