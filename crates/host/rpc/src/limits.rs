//! How much one address may ask: a bucket of requests that fills steadily.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::{Deserialize, Serialize};

/// Addresses remembered; one that is forgotten starts with a full bucket.
const ADDRESSES: usize = 65_536;

/// Limits of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Largest request, bytes.
    pub body: usize,
    /// Requests a second for each address, on average; every request of a batch counts.
    pub rate: u32,
    /// Requests that an address may make at once.
    pub burst: u32,
    /// Queries under way at once.
    pub queries: usize,
    /// WebSocket connections.
    pub sockets: usize,
    /// Subscriptions of one WebSocket.
    pub subscriptions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 1 << 20, rate: 64, burst: 256, queries: 16, sockets: 256, subscriptions: 16 }
    }
}

struct Bucket {
    requests: f64,
    at: Instant,
}

/// The buckets of all addresses.
pub(crate) struct Buckets {
    rate: f64,
    burst: f64,
    of: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Buckets {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { rate: limits.rate.into(), burst: limits.burst.into(), of: Mutex::default() }
    }

    /// Takes one request out of an address's bucket, if there is one.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |bucket: &Bucket| self.filled(bucket, now) >= self.burst;
        if of.len() >= ADDRESSES {
            of.retain(|_, bucket| !full(bucket));
        }
        if of.len() >= ADDRESSES {
            of.clear();
        }
        let bucket = of.entry(owner(address)).or_insert(Bucket { requests: self.burst, at: now });
        let requests = self.filled(bucket, now);
        let admitted = requests >= 1.0;
        *bucket = Bucket { requests: if admitted { requests - 1.0 } else { requests }, at: now };
        admitted
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.requests + passed * self.rate).min(self.burst)
    }
}

/// Whom an address counts for: with IPv6 a customer has at least 64 bits of them.
pub(crate) fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn buckets() -> Buckets {
        Buckets::new(&Limits { rate: 2, burst: 3, ..Limits::default() })
    }

    #[test]
    fn a_burst_is_followed_by_the_average() {
        let (buckets, now) = (buckets(), Instant::now());
        let one: IpAddr = [192, 0, 2, 1].into();
        let at = |seconds: f64| now + Duration::from_secs_f64(seconds);
        let taken = [0.0, 0.0, 0.0, 0.0, 0.4, 0.5, 0.6].map(|s| buckets.take(one, at(s)));
        assert_eq!(taken, [true, true, true, false, false, true, false]);
        assert!(buckets.take([192, 0, 2, 2].into(), now), "another address has a bucket of its own");
        let later = [99.0; 4].map(|s| buckets.take(one, at(s)));
        assert_eq!(later, [true, true, true, false], "no more than the burst is saved up");
    }

    #[test]
    fn one_customer_of_ipv6_is_one_address() {
        let (buckets, now) = (buckets(), Instant::now());
        let neighbours = (1..=4).map(|i| Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, i).into());
        assert_eq!(neighbours.filter(|a| buckets.take(*a, now)).count(), 3);
        assert_eq!(owner("::ffff:192.0.2.1".parse().unwrap()), IpAddr::from([192, 0, 2, 1]));
    }

    #[test]
    fn memory_is_bounded() {
        let (buckets, now) = (buckets(), Instant::now());
        for i in 0..ADDRESSES as u32 + 10 {
            buckets.take(i.to_be_bytes().into(), now);
        }
        assert!(buckets.of.lock().unwrap().len() <= ADDRESSES);
    }
}
