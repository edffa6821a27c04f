//! Values with a checksum. The database checks its pages when it is opened; a bit that flips later is found here.

use alloy_primitives::Keccak256;

use crate::values::{Address, Delta, Hash, Manifest};

const CHECKSUM: usize = 16;

/// The row of a named value.
pub(crate) fn meta(name: &str, value: &[u8]) -> Vec<u8> {
    checked(&[b"meta", name.as_bytes()], &[value])
}

pub(crate) fn read_meta<'a>(name: &str, row: &'a [u8]) -> Option<&'a [u8]> {
    value(&[b"meta", name.as_bytes()], row)
}

/// The row of a delta.
pub(crate) fn delta(contract: &Address, index: u64, delta: &Delta) -> Vec<u8> {
    checked(&[b"delta", contract, &index.to_be_bytes()], &[&delta.input_hash, &delta.sealed])
}

pub(crate) fn read_delta(contract: &Address, index: u64, row: &[u8]) -> Option<Delta> {
    Delta::from_bytes(value(&[b"delta", contract, &index.to_be_bytes()], row)?)
}

/// The row of a snapshot that is here: its place in the order of its contract's, and its manifest.
pub(crate) fn snapshot(contract: &Address, hash: &Hash, number: u64, manifest: &Manifest) -> Vec<u8> {
    checked(&[b"snapshot", contract, hash], &[&number.to_be_bytes(), &manifest.to_bytes()])
}

pub(crate) fn read_snapshot(contract: &Address, hash: &Hash, row: &[u8]) -> Option<(u64, Manifest)> {
    let (number, manifest) = value(&[b"snapshot", contract, hash], row)?.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), Manifest::from_bytes(manifest)?))
}

/// The row of a snapshot that is being fetched.
pub(crate) fn partial(contract: &Address, hash: &Hash, manifest: &Manifest) -> Vec<u8> {
    checked(&[b"partial", contract, hash], &[&manifest.to_bytes()])
}

pub(crate) fn read_partial(contract: &Address, hash: &Hash, row: &[u8]) -> Option<Manifest> {
    Manifest::from_bytes(value(&[b"partial", contract, hash], row)?)
}

/// `value` as it is stored under `key`, which are the table's name and the parts of the key: a value that turns up
/// under another key is damaged, too.
fn checked(key: &[&[u8]], value: &[&[u8]]) -> Vec<u8> {
    let mut row = checksum(key, value).to_vec();
    value.iter().for_each(|part| row.extend_from_slice(part));
    row
}

/// The value in a row; `None` if it is not what was stored under `key`.
fn value<'a>(key: &[&[u8]], row: &'a [u8]) -> Option<&'a [u8]> {
    let (sum, value) = row.split_first_chunk::<CHECKSUM>()?;
    (*sum == checksum(key, &[value])).then_some(value)
}

fn checksum(key: &[&[u8]], value: &[&[u8]]) -> [u8; CHECKSUM] {
    let mut hasher = Keccak256::new();
    for part in key {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    value.iter().for_each(|part| hasher.update(part));
    let hash = hasher.finalize();
    std::array::from_fn(|i| hash[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_under_its_own_key_and_with_every_bit_as_it_was() {
        let key: [&[u8]; 2] = [b"table", b"key"];
        let row = checked(&key, &[b"val", b"ue"]);
        assert_eq!(value(&key, &row), Some(&b"value"[..]));
        assert_eq!(value(&[b"table", b"kez"], &row), None);
        assert_eq!(value(&[b"tablek", b"ey"], &row), None);
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(value(&key, &flipped), None, "bit {bit}");
        }
        assert_eq!(value(&key, &row[..15]), None);
    }
}
