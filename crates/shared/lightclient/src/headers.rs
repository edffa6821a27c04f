//! The `dev` verifier: headers linked by parent hash from a checkpoint; every header is final.

use std::collections::VecDeque;

use alloy_consensus::Header;
use alloy_primitives::B256;
use alloy_rlp::Decodable;

/// Block hashes that a chain remembers: what contexts of pending inputs and `BLOCKHASH` need.
pub const REMEMBERED: usize = 16_384;

/// A header does not follow from what is known. Carries its place among the headers offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("header {0} of the message does not extend the known chain")]
pub struct BrokenChain(pub u64);

/// What is kept of the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Root of all accounts after it.
    pub state_root: B256,
    /// Unix seconds.
    pub timestamp: u64,
    /// Wei per gas.
    pub base_fee: u64,
}

/// A chain of headers and its tip.
#[derive(Clone, Debug)]
pub struct HeaderChain {
    /// Hash of block `first + i` at place i.
    hashes: VecDeque<B256>,
    first: u64,
    /// `None` until a header beyond the checkpoint came: of the checkpoint only the hash is known.
    tip: Option<Block>,
}

impl HeaderChain {
    /// A chain that starts at a checkpoint.
    pub fn new(number: u64, hash: B256) -> Self {
        Self { hashes: VecDeque::from([hash]), first: number, tip: None }
    }

    /// Number of the newest block, the checkpoint's at first.
    pub fn height(&self) -> u64 {
        self.first.saturating_add(self.hashes.len().saturating_sub(1) as u64)
    }

    /// The newest block beyond the checkpoint.
    pub const fn tip(&self) -> Option<&Block> {
        self.tip.as_ref()
    }

    /// Hash of block `number`, if remembered.
    pub fn hash(&self, number: u64) -> Option<B256> {
        let place = number.checked_sub(self.first)?;
        self.hashes.get(usize::try_from(place).ok()?).copied()
    }

    /// Extends the chain by consecutive headers (RLP). They may branch off at a remembered block: then they replace
    /// what followed it, if they lead higher.
    ///
    /// # Errors
    /// [`BrokenChain`]; nothing has changed then.
    pub fn extend<'a>(&mut self, headers: impl IntoIterator<Item = &'a [u8]>) -> Result<(), BrokenChain> {
        let mut added: Vec<Block> = Vec::new();
        for (place, rlp) in headers.into_iter().enumerate() {
            let block = self.follow(added.last(), rlp).ok_or(BrokenChain(place as u64))?;
            added.push(block);
        }
        let (Some(from), Some(last)) = (added.first().copied(), added.last().copied()) else { return Ok(()) };
        if last.number <= self.height() {
            return Err(BrokenChain(added.len().saturating_sub(1) as u64));
        }
        let keep = usize::try_from(from.number.saturating_sub(self.first)).map_err(|_| BrokenChain(0))?;
        self.hashes.truncate(keep);
        self.hashes.extend(added.iter().map(|b| b.hash));
        while self.hashes.len() > REMEMBERED {
            self.hashes.pop_front();
            self.first = self.first.saturating_add(1);
        }
        self.tip = Some(last);
        Ok(())
    }

    /// The block of `rlp` if its parent is `previous`, or else a remembered block.
    fn follow(&self, previous: Option<&Block>, mut rlp: &[u8]) -> Option<Block> {
        let whole = rlp;
        let header = Header::decode(&mut rlp).ok()?;
        if !rlp.is_empty() {
            return None;
        }
        let parent_number = header.number.checked_sub(1)?;
        let parent_hash = match previous {
            Some(block) if block.number == parent_number => block.hash,
            Some(_) => return None,
            None => self.hash(parent_number)?,
        };
        (header.parent_hash == parent_hash).then(|| Block {
            number: header.number,
            // Hash of the bytes that came: a decoder that forgives cannot make two headers of one hash.
            hash: alloy_primitives::keccak256(whole),
            state_root: header.state_root,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(number: u64, parent: B256, salt: u64) -> (Vec<u8>, B256) {
        let header = Header { number, parent_hash: parent, timestamp: salt, ..Header::default() };
        (alloy_rlp::encode(&header), header.hash_slow())
    }

    fn run(from: B256, first: u64, count: u64, salt: u64) -> Vec<(Vec<u8>, B256)> {
        let mut parent = from;
        (first..first + count)
            .map(|n| {
                let h = header(n, parent, salt);
                parent = h.1;
                h
            })
            .collect()
    }

    fn extend(chain: &mut HeaderChain, headers: &[(Vec<u8>, B256)]) -> Result<(), BrokenChain> {
        chain.extend(headers.iter().map(|h| h.0.as_slice()))
    }

    #[test]
    fn follows_linked_headers_from_the_checkpoint() {
        let start = B256::repeat_byte(7);
        let mut chain = HeaderChain::new(5, start);
        let headers = run(start, 6, 10, 0);
        extend(&mut chain, &headers).unwrap();
        assert_eq!(chain.height(), 15);
        assert_eq!(chain.hash(5), Some(start));
        assert_eq!(chain.hash(15), Some(headers[9].1));
        assert_eq!(chain.hash(16), None);
        assert_eq!(chain.hash(4), None);
        assert_eq!(chain.tip().map(|t| t.hash), Some(headers[9].1));
    }

    #[test]
    fn unlinked_headers_change_nothing() {
        let start = B256::repeat_byte(7);
        let mut chain = HeaderChain::new(5, start);
        extend(&mut chain, &run(start, 6, 3, 0)).unwrap();
        let before = chain.tip().copied();
        assert!(extend(&mut chain, &run(B256::ZERO, 9, 3, 0)).is_err());
        let tip = chain.hash(8).unwrap();
        assert_eq!(extend(&mut chain, &run(tip, 10, 1, 0)), Err(BrokenChain(0)));
        let mut gap = run(tip, 9, 4, 0);
        gap.remove(1);
        assert_eq!(extend(&mut chain, &gap), Err(BrokenChain(1)));
        assert_eq!(chain.tip().copied(), before);
    }

    #[test]
    fn a_longer_fork_replaces_and_a_shorter_one_is_refused() {
        let start = B256::repeat_byte(7);
        let mut chain = HeaderChain::new(5, start);
        let old = run(start, 6, 5, 0);
        extend(&mut chain, &old).unwrap();
        let fork_point = chain.hash(7).unwrap();
        assert!(extend(&mut chain, &run(fork_point, 8, 3, 1)).is_err(), "as high as the tip is not higher");
        let fork = run(fork_point, 8, 4, 1);
        extend(&mut chain, &fork).unwrap();
        assert_eq!(chain.height(), 11);
        assert_eq!(chain.hash(8), Some(fork[0].1));
        assert_eq!(chain.hash(7), Some(fork_point));
    }

    #[test]
    fn memory_is_bounded() {
        let start = B256::repeat_byte(7);
        let mut chain = HeaderChain::new(1, start);
        let count = REMEMBERED as u64 + 50;
        extend(&mut chain, &run(start, 2, count, 0)).unwrap();
        assert_eq!(chain.hashes.len(), REMEMBERED);
        assert_eq!(chain.height(), 1 + count);
        assert_eq!(chain.hash(1), None);
        assert!(chain.hash(1 + count).is_some());
    }
}
