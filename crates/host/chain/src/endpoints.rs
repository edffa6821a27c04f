//! Several endpoints of one chain: each question goes to the first that is in order; one that fails, lies or lags behind
//! rests for a while, and the next one is asked.
//!
//! In order of preference: the one that served last, then the others as they were listed, then those that rest, by the
//! end of their pauses: nobody is ever given up, so a single endpoint is simply asked again.

mod health;
mod http;

use std::{
    fmt,
    future::Future,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use alloy::{
    network::Ethereum,
    providers::{DynProvider, Provider, RootProvider},
    rpc::client::RpcClient,
    transports::{TransportError, TransportErrorKind, http::reqwest::Url},
};
use futures::future::join_all;
use tokio::time::{Instant, timeout};

use crate::{Error, Result, view::View};
pub(crate) use health::Fault;
use health::Health;
pub(crate) use http::Silence;

/// Most endpoints of one chain.
const MOST: usize = 16;
/// How long others may take to say how high they are, while the one that serves has answered.
const COMPARED_WITHIN: Duration = Duration::from_secs(1);
/// A question of several requests may take so many times the patience for one; a span of events so many times that.
const REQUESTS: u32 = 4;
const SPAN: u32 = 8;

/// How endpoints are used.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long one request may take.
    pub patience: Duration,
    /// Blocks that an endpoint may lie behind the best one.
    pub lag: u64,
    /// How long an endpoint rests after its first failure; twice as long after each that follows, 30 times as long after
    /// a lie, ten minutes at most.
    pub rest: Duration,
    /// How often the heights of several endpoints are compared, while [`crate::Chain::height`] is asked.
    pub compare_every: Duration,
    /// The chain's id. If it is not given, that of the first endpoint to answer is every endpoint's.
    pub chain_id: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(5),
            lag: 3,
            rest: Duration::from_secs(1),
            compare_every: Duration::from_secs(2),
            chain_id: None,
        }
    }
}

struct Endpoint {
    /// Scheme, host and port: paths, queries and user names of URLs hold keys.
    name: String,
    provider: DynProvider<Ethereum>,
    health: Mutex<Health>,
    is_ours: AtomicBool,
}

impl Endpoint {
    fn new(url: &str, patience: Duration) -> Option<Self> {
        let url: Url = url.trim().parse().ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = format!("{}://{}{port}", url.scheme(), url.host_str()?);
        let client = RpcClient::new(http::Http::new(url, patience)?, false);
        let provider = RootProvider::<Ethereum>::new(client).erased();
        Some(Self { name, provider, health: Mutex::default(), is_ours: AtomicBool::new(false) })
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The endpoints of one chain.
pub(crate) struct Endpoints {
    all: Vec<Endpoint>,
    options: Options,
    chain_id: OnceLock<u64>,
    /// The one that is asked first.
    current: AtomicUsize,
    /// The one whose answer was taken last.
    served: AtomicUsize,
    /// The height that was last told.
    told: AtomicU64,
    compared: Mutex<Option<Instant>>,
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|e| &e.name)).finish()
    }
}

impl Endpoints {
    /// Those at `urls`; nothing is asked yet.
    pub(crate) fn new(urls: &[impl AsRef<str>], options: Options) -> Result<Self> {
        if urls.is_empty() || urls.len() > MOST {
            return Err(Error::Rpc(format!("1 to {MOST} endpoints are needed, not {}", urls.len())));
        }
        let endpoint = |(place, url): (usize, &_)| {
            let url: &str = AsRef::<str>::as_ref(url);
            let wrong = || Error::Rpc(format!("URL {} is none that starts with http", place + 1));
            Endpoint::new(url, options.patience).ok_or_else(wrong)
        };
        let all = urls.iter().enumerate().map(endpoint).collect::<Result<_>>()?;
        let chain_id = options.chain_id.map(OnceLock::from).unwrap_or_default();
        Ok(Self {
            all,
            options,
            chain_id,
            current: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            told: AtomicU64::new(0),
            compared: Mutex::default(),
        })
    }

    /// Some endpoint, for what asks nothing.
    pub(crate) fn any(&self) -> &DynProvider<Ethereum> {
        // There is one: `new` refuses an empty list.
        &self.all[0].provider
    }

    /// What the first endpoint in order answers. `work` is done anew for each that is tried, and sees only that one.
    pub(crate) async fn ask<T, F: Future<Output = Result<T>>>(&self, work: impl Fn(View) -> F) -> Result<T> {
        self.ask_within(REQUESTS, work).await.map(|(_, answer)| answer)
    }

    /// The same for work of many requests.
    pub(crate) async fn ask_long<T, F: Future<Output = Result<T>>>(
        &self,
        work: impl Fn(View) -> F,
    ) -> Result<T> {
        self.ask_within(REQUESTS * SPAN, work).await.map(|(_, answer)| answer)
    }

    async fn ask_within<T, F: Future<Output = Result<T>>>(
        &self,
        bound: u32,
        work: impl Fn(View) -> F,
    ) -> Result<(usize, T)> {
        let mut failed: Option<Error> = None;
        for place in self.order() {
            let Some(endpoint) = self.all.get(place) else { continue };
            let error = match self.attempt(place, bound, &work).await {
                Ok(answer) => {
                    self.serves(place);
                    return Ok((place, answer));
                }
                Err(error) => error,
            };
            match &error {
                Error::Rpc(_) => self.strike(place, Fault::Silent, &error),
                Error::Inconsistent(_) => self.strike(place, Fault::Lie, &error),
                Error::RpcRefused { code, message, .. } if is_too_often(*code, message) => {
                    self.strike(place, Fault::Silent, &error);
                }
                // Another one may know better, but this one is not to blame.
                Error::RpcRefused { .. } | Error::NoBlock(_) => {}
                // An answer.
                _ => {
                    self.serves(place);
                    return Err(error);
                }
            }
            failed = Some(worse(failed, error.at(&endpoint.name)));
        }
        Err(failed.unwrap_or_else(|| Error::Rpc("there is no endpoint".into())))
    }

    async fn attempt<T, F: Future<Output = Result<T>>>(
        &self,
        place: usize,
        bound: u32,
        work: &impl Fn(View) -> F,
    ) -> Result<T> {
        let Some(endpoint) = self.all.get(place) else { return Err(Error::Rpc("is not there".into())) };
        let asking = async {
            self.require_ours(endpoint).await?;
            work(self.view(place, endpoint)).await
        };
        let asked = timeout(self.options.patience.saturating_mul(bound), asking).await;
        asked.unwrap_or_else(|_| Err(Error::Rpc(Silence::TooLate.to_string())))
    }

    fn view(&self, place: usize, endpoint: &Endpoint) -> View {
        let other = || self.order().into_iter().find(|other| *other != place);
        let witness = if self.all.len() > 1 { other() } else { None };
        View::new(
            endpoint.provider.clone(),
            witness.and_then(|w| self.all.get(w)).map(|w| w.provider.clone()),
        )
    }

    /// Asks an endpoint once which chain it serves, if there is something to compare the answer with.
    async fn require_ours(&self, endpoint: &Endpoint) -> Result<()> {
        if endpoint.is_ours.load(Ordering::Relaxed)
            || (self.all.len() == 1 && self.options.chain_id.is_none())
        {
            return Ok(());
        }
        let id = endpoint.provider.get_chain_id().await?;
        if *self.chain_id.get_or_init(|| id) != id {
            return Err(Error::Inconsistent("the id of another chain"));
        }
        endpoint.is_ours.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the same work to every endpoint beside the one that served last, and does not wait for it.
    pub(crate) fn spread<F>(&self, work: impl Fn(View) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let served = self.served.load(Ordering::Relaxed);
        for (place, endpoint) in self.all.iter().enumerate() {
            if place != served {
                // Ends within the patience for a request.
                drop(tokio::spawn(work(self.view(place, endpoint))));
            }
        }
    }

    /// The newest block's number. With several endpoints, one that is too far behind the best is left for another.
    pub(crate) async fn height(&self) -> Result<u64> {
        let ask = || self.ask_within(1, |view| async move { view.height().await });
        let (mut place, mut height) = ask().await?;
        if self.all.len() > 1 {
            for _ in 0..self.all.len() {
                self.note(place, height);
                if !self.compare(place, height).await {
                    break;
                }
                (place, height) = ask().await?;
            }
        }
        self.told.store(height, Ordering::Relaxed);
        Ok(height)
    }

    /// Compares heights, if it is time. Whether another endpoint is to be asked instead.
    async fn compare(&self, place: usize, height: u64) -> bool {
        let told = self.told.load(Ordering::Relaxed);
        if !self.is_due() && height >= told {
            return false;
        }
        self.survey(place).await;
        let others = |(at, e): (usize, &Endpoint)| {
            let health = e.health();
            let rests = health.rests_until(Instant::now()).is_some();
            (at != place && !rests).then_some(()).and(health.height).map(|height| (height, at))
        };
        let heights: Vec<(u64, usize)> = self.all.iter().enumerate().filter_map(others).collect();
        let Some(&(best, at)) = heights.iter().max_by_key(|(height, at)| (*height, std::cmp::Reverse(*at)))
        else {
            return false;
        };
        let (lags, is_back) =
            (best > height.saturating_add(self.options.lag), best > height && told > height);
        if lags || is_back {
            // Whoever claims to be higher must have the block.
            return match self.attempt(at, 1, &|view| async move { view.block(best).await }).await {
                Ok(_) => {
                    if lags {
                        self.strike(place, Fault::Behind, &"is behind others");
                    }
                    self.current.store(at, Ordering::Relaxed);
                    true
                }
                Err(error) => {
                    self.strike(at, Fault::Lie, &error);
                    // Perhaps a third one is as high.
                    true
                }
            };
        }
        // Back to the one that is listed first, when it has recovered.
        if let Some(&(_, first)) =
            heights.iter().filter(|(h, at)| *h >= height && *at < place).min_by_key(|h| h.1)
        {
            self.current.store(first, Ordering::Relaxed);
        }
        false
    }

    fn is_due(&self) -> bool {
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = compared.is_none_or(|at| now.duration_since(at) >= self.options.compare_every);
        if due {
            *compared = Some(now);
        }
        due
    }

    /// Asks all others that do not rest how high they are.
    async fn survey(&self, except: usize) {
        let patience = self.options.patience.min(COMPARED_WITHIN);
        let now = Instant::now();
        let ask = |(place, endpoint): (usize, _)| async move {
            let endpoint: &Endpoint = endpoint;
            let asking = async {
                self.require_ours(endpoint).await?;
                self.view(place, endpoint).height().await
            };
            match timeout(patience, asking).await {
                Ok(Ok(height)) => self.note(place, height),
                Ok(Err(error @ Error::Inconsistent(_))) => self.strike(place, Fault::Lie, &error),
                Ok(Err(error)) => self.strike(place, Fault::Silent, &error),
                Err(_) => self.strike(place, Fault::Silent, &Silence::TooLate),
            }
        };
        let rested =
            |(place, e): &(usize, &Endpoint)| *place != except && e.health().rests_until(now).is_none();
        join_all(self.all.iter().enumerate().filter(rested).map(ask)).await;
    }

    fn note(&self, place: usize, height: u64) {
        if let Some(endpoint) = self.all.get(place) {
            endpoint.health().height = Some(height);
        }
    }

    /// The answer that was taken last is proven wrong: its endpoint rests. Whether there is another one that does not.
    pub(crate) fn distrust(&self) -> bool {
        self.strike(self.served.load(Ordering::Relaxed), Fault::Lie, &"said what is proven wrong");
        let now = Instant::now();
        self.all.iter().any(|e| e.health().rests_until(now).is_none())
    }

    fn strike(&self, place: usize, fault: Fault, why: &dyn fmt::Display) {
        let Some(endpoint) = self.all.get(place) else { return };
        let now = Instant::now();
        let pause = endpoint.health().strike(fault, self.options.rest, now);
        if self.all.len() > 1 {
            let pause = pause.as_secs_f32();
            tracing::warn!(endpoint = endpoint.name, %why, pause, "an endpoint of the chain rests");
        }
        if self.current.load(Ordering::Relaxed) == place
            && let Some(next) = self.all.iter().position(|e| e.health().rests_until(now).is_none())
        {
            self.current.store(next, Ordering::Relaxed);
        }
    }

    fn serves(&self, place: usize) {
        self.served.store(place, Ordering::Relaxed);
    }

    /// All endpoints, the best first.
    fn order(&self) -> Vec<usize> {
        let (now, current) = (Instant::now(), self.current.load(Ordering::Relaxed));
        let mut order: Vec<_> = self.all.iter().enumerate().collect();
        order.sort_by_cached_key(|(place, e)| (e.health().rests_until(now), *place != current, *place));
        order.into_iter().map(|(place, _)| place).collect()
    }
}

/// Whether an error says that too much was asked, whatever it was.
fn is_too_often(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    code == 429
        || ["rate limit", "too many requests", "capacity", "quota"].iter().any(|m| message.contains(m))
}

/// Of two failures, the one to report: what was answered tells more than that nobody answered.
fn worse(first: Option<Error>, second: Error) -> Error {
    match (first, second) {
        (Some(Error::Rpc(first)), Error::Rpc(second)) => Error::Rpc(format!("{first}; {second}")),
        (None | Some(Error::Rpc(_)), second) => second,
        (Some(first), _) => first,
    }
}

/// Whether an answer was too large to be read.
pub(crate) fn is_too_large(error: &TransportError) -> bool {
    silence(error) == Some(Silence::TooLarge)
}

/// Whether an answer did not come in time.
pub(crate) fn is_too_late(error: &TransportError) -> bool {
    silence(error) == Some(Silence::TooLate)
}

fn silence(error: &TransportError) -> Option<Silence> {
    match error.as_transport_err()? {
        TransportErrorKind::Custom(inner) => inner.downcast_ref().copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Endpoints {
        Endpoints::new(
            &["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"],
            Options::default(),
        )
        .unwrap()
    }

    #[test]
    fn no_name_holds_a_key() {
        let url = "https://user:secret@rpc.example.org:8443/v3/secret?key=secret";
        let endpoints = Endpoints::new(&[url], Options::default()).unwrap();
        assert_eq!(format!("{endpoints:?}"), r#"["https://rpc.example.org:8443"]"#);
        for wrong in ["secret", "ftp://secret", "http://"] {
            let error = Endpoints::new(&["http://127.0.0.1:1", wrong], Options::default()).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(Endpoints::new(&[] as &[&str], Options::default()).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_rests_is_asked_last_and_comes_back() {
        let endpoints = three();
        assert_eq!(endpoints.order(), [0, 1, 2]);
        endpoints.strike(0, Fault::Lie, &"");
        assert_eq!(endpoints.order(), [1, 2, 0]);
        endpoints.strike(1, Fault::Silent, &"");
        assert_eq!(endpoints.order(), [2, 1, 0]);
        endpoints.strike(2, Fault::Silent, &"");
        endpoints.strike(2, Fault::Silent, &"");
        assert_eq!(endpoints.order(), [1, 2, 0], "by the end of their pauses");
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(endpoints.order(), [2, 0, 1], "the one in use, then as listed");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_the_contract_is_not_asked_for_twice() {
        let endpoints = three();
        let asked = AtomicUsize::new(0);
        let work = |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Err::<(), _>(Error::reverted(vec![1, 2, 3].into())) }
        };
        // One endpoint alone, so that nobody asks for the chain's id.
        let single = Endpoints::new(&["http://127.0.0.1:1"], Options::default()).unwrap();
        assert!(matches!(single.ask(work).await, Err(Error::Reverted { .. })));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        endpoints.all.iter().for_each(|e| e.is_ours.store(true, Ordering::Relaxed));
        assert!(matches!(endpoints.ask(work).await, Err(Error::Reverted { .. })));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_bounded_and_given_to_the_next() {
        let endpoints = three();
        endpoints.all.iter().for_each(|e| e.is_ours.store(true, Ordering::Relaxed));
        let asked = AtomicUsize::new(0);
        let work = |_| {
            let turn = asked.fetch_add(1, Ordering::Relaxed);
            async move {
                if turn == 0 {
                    std::future::pending::<()>().await;
                }
                Ok(turn)
            }
        };
        let begun = Instant::now();
        assert_eq!(endpoints.ask(work).await.unwrap(), 1);
        assert_eq!(begun.elapsed(), Options::default().patience * REQUESTS);
        assert_eq!(endpoints.order(), [1, 2, 0]);
        assert_eq!(endpoints.served.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lie_is_told_of_only_if_nobody_says_the_truth() {
        let endpoints = three();
        endpoints.all.iter().for_each(|e| e.is_ours.store(true, Ordering::Relaxed));
        let work = |_| async { Err::<(), _>(Error::Inconsistent("nonsense")) };
        let error = endpoints.ask(work).await.unwrap_err();
        assert_eq!(error.to_string(), "the chain's RPC http://127.0.0.1:1 answered with nonsense");
        assert!(!endpoints.distrust(), "nobody is left");
    }
}
