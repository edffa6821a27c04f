//! Random calls to Rich: every function, with arguments that often hit and sometimes miss.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, I256, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

sol! {
    struct Packed {
        uint64 a;
        uint32 b;
        uint16 c;
        bool d;
        uint8 stage;
        bytes4 tag;
    }
    function addMoney(string name, uint128 amount);
    function arith(uint8 op, uint256 a, uint256 b, uint256 c);
    function caught(uint8 kind, uint256 x, string why);
    function clearPoint(bytes32 key);
    function copy(uint256 size, bytes1 fill);
    function create(uint256 number);
    function create2(uint256 number, uint256 salt);
    function createRaw(bytes code);
    function decode(bytes data);
    function deep(uint256 n);
    function describe(uint256 x);
    function emitAll(uint256 a, address who, string name);
    function ephemeral(uint256 salt);
    function fail(uint8 kind, uint256 x, string why);
    function getPoint(bytes32 key);
    function gift();
    function grandchild(uint256 index, uint256 number);
    function guarded(uint256 depth);
    function halfway(uint256 x);
    function hashes(bytes data, uint8 v, bytes32 r, bytes32 s);
    function inspect(uint256 index);
    function pokeChild(uint256 index, uint256 by);
    function precompile(uint16 n, bytes data);
    function pullFromChild(uint256 index, uint256 amount);
    function push(uint256 value);
    function removeAt(uint256 index);
    function roundTrip(uint256 a, string b, int16[] c);
    function setNested(address who, uint256 key, uint256 value);
    function setPacked(Packed value);
    function setPoint(bytes32 key, int128 x, int128 y, string label);
    function setText(string value, bytes more);
    function signed(uint8 op, int256 a, int256 b);
    function sortAll();
    function spin(uint256 x);
    function surround(uint256 back);
    function tryCreate(uint256 number);
    function useHelper(uint8 kind, uint256 x);
    function writeAndFail(uint256 x);
}

/// One call.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) data: Bytes,
    /// Wei.
    pub(crate) value: u64,
    pub(crate) gas: u64,
}

/// Something to do with Rich, which lives at `root`.
pub(crate) fn random(rng: &mut StdRng, root: Address) -> Call {
    let (name, data, payable) = pick(rng, root);
    let value =
        if rng.random_ratio(if payable { 12 } else { 1 }, 24) { rng.random_range(0..5_000) } else { 0 };
    // The chain takes nothing below the intrinsic cost and the floor of EIP-7623.
    let least = 21_000 + 40 * data.len() as u64;
    let gas = match rng.random_range(0..12) {
        0 => least + rng.random_range(0..60_000),
        _ if name == "spin" => 400_000,
        _ => 3_000_000,
    };
    Call { name, data: data.into(), value, gas }
}

fn name_of<C: SolCall>(call: C, payable: bool) -> (&'static str, Vec<u8>, bool) {
    (C::SIGNATURE.split('(').next().unwrap_or_default(), call.abi_encode(), payable)
}

fn pick(rng: &mut StdRng, root: Address) -> (&'static str, Vec<u8>, bool) {
    match rng.random_range(0..42u8) {
        0 => name_of(addMoneyCall { name: short(rng), amount: rng.random::<u128>() >> 20 }, false),
        1..=3 => name_of(arithCall { op: rng.random(), a: num(rng), b: num(rng), c: num(rng) }, false),
        4 => name_of(caughtCall { kind: rng.random(), x: num(rng), why: text(rng) }, false),
        5 => name_of(clearPointCall { key: key(rng) }, false),
        6 => name_of(copyCall { size: num(rng), fill: rng.random::<[u8; 1]>().into() }, false),
        7 => name_of(createCall { number: num(rng) }, true),
        8 => name_of(create2Call { number: U256::from(rng.random_range(0..4)), salt: num(rng) }, true),
        9 => name_of(createRawCall { code: creation_code(rng) }, true),
        10 => {
            let good = (num(rng), text(rng), vec![1i16, -2, 3]).abi_encode_params();
            let data = if rng.random() { good } else { blob(rng, 200) };
            name_of(decodeCall { data: data.into() }, false)
        }
        11 => name_of(deepCall { n: U256::from(rng.random_range(0..40)) }, false),
        12 => name_of(describeCall { x: num(rng) }, false),
        13 => name_of(emitAllCall { a: num(rng), who: who(rng, root), name: text(rng) }, true),
        14 => name_of(ephemeralCall { salt: U256::from(rng.random_range(0..3)) }, true),
        15..=17 => name_of(failCall { kind: rng.random(), x: num(rng), why: text(rng) }, false),
        18 => name_of(getPointCall { key: key(rng) }, false),
        19 => name_of(giftCall {}, true),
        20 => name_of(grandchildCall { index: num(rng), number: num(rng) }, false),
        21 => name_of(guardedCall { depth: U256::from(rng.random_range(0..200)) }, false),
        22 => name_of(halfwayCall { x: num(rng) }, false),
        23 => {
            let (v, r, s) = (rng.random(), rng.random::<[u8; 32]>().into(), rng.random::<[u8; 32]>().into());
            name_of(hashesCall { data: blob(rng, 300).into(), v, r, s }, false)
        }
        24 => name_of(inspectCall { index: num(rng) }, false),
        25 => name_of(pokeChildCall { index: num(rng), by: num(rng) }, false),
        26 | 27 => {
            let (n, data) = precompile_input(rng);
            name_of(precompileCall { n, data }, false)
        }
        28 => name_of(pullFromChildCall { index: num(rng), amount: num(rng) }, false),
        29 => name_of(pushCall { value: num(rng) }, false),
        30 => name_of(removeAtCall { index: num(rng) }, false),
        31 => {
            name_of(roundTripCall { a: num(rng), b: text(rng), c: vec![rng.random(), rng.random()] }, false)
        }
        32 => name_of(setNestedCall { who: who(rng, root), key: num(rng), value: num(rng) }, false),
        33 => name_of(setPackedCall { value: packed(rng) }, false),
        34 => {
            let (x, y) = (rng.random::<i128>(), rng.random::<i128>() >> rng.random_range(0..100));
            name_of(setPointCall { key: key(rng), x, y, label: text(rng) }, false)
        }
        35 => name_of(setTextCall { value: text(rng), more: blob(rng, 70).into() }, false),
        36 => {
            let (a, b) = (I256::from_raw(num(rng)), I256::from_raw(num(rng)));
            name_of(signedCall { op: rng.random(), a, b }, false)
        }
        37 => name_of(sortAllCall {}, false),
        38 => name_of(spinCall { x: num(rng) }, false),
        39 => name_of(surroundCall { back: num(rng) }, true),
        40 => match rng.random_range(0..3) {
            0 => name_of(tryCreateCall { number: num(rng) }, false),
            1 => name_of(writeAndFailCall { x: num(rng) }, false),
            _ => ("fallback", blob(rng, 60), true),
        },
        _ => name_of(useHelperCall { kind: rng.random(), x: num(rng) }, true),
    }
}

/// A number of any size: small ones, huge ones, negative ones.
fn num(rng: &mut StdRng) -> U256 {
    let any = U256::from_be_bytes(rng.random::<[u8; 32]>());
    match rng.random_range(0..10) {
        0..=3 => U256::from(rng.random_range(0..20)),
        4 => U256::from(rng.random::<u64>()),
        5 => U256::MAX - U256::from(rng.random_range(0..3)),
        6 => U256::ZERO,
        7 => U256::from(1) << rng.random_range(0..256usize),
        _ => any >> rng.random_range(0..256usize),
    }
}

fn blob(rng: &mut StdRng, max: usize) -> Vec<u8> {
    let len = rng.random_range(0..=max);
    (0..len).map(|_| rng.random()).collect()
}

fn text(rng: &mut StdRng) -> String {
    // Around 31 bytes storage changes its form.
    let len = *[0, 1, 30, 31, 32, 33, 64, 100].choose(rng).unwrap_or(&5);
    (0..len).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect()
}

fn short(rng: &mut StdRng) -> String {
    char::from(rng.random_range(b'a'..=b'c')).to_string()
}

fn key(rng: &mut StdRng) -> B256 {
    B256::with_last_byte(1) | B256::from(U256::from(rng.random_range(0..3u8)) << 248usize)
}

fn who(rng: &mut StdRng, root: Address) -> Address {
    if rng.random() { root } else { Address::with_last_byte(rng.random_range(0..3)) }
}

fn packed(rng: &mut StdRng) -> Packed {
    Packed {
        a: rng.random(),
        b: rng.random(),
        c: rng.random(),
        d: rng.random(),
        // Four is no stage: the call reverts while decoding.
        stage: rng.random_range(0..4),
        tag: FixedBytes::from(rng.random::<[u8; 4]>()),
    }
}

/// Creation code by hand: what ends well, badly, and at the limits.
fn creation_code(rng: &mut StdRng) -> Bytes {
    let hex = match rng.random_range(0..12) {
        // No code at all, and an account without code.
        0 => "",
        1 => "00",
        // return(0, 24576) and one byte too many.
        2 => "6160005ff3",
        3 => "6160015ff3",
        // Code that starts with 0xEF.
        4 => "60ef5f5360015ff3",
        // sstore(0, callvalue), sstore(1, selfbalance), then nothing.
        5 => "345f5547600155",
        // revert(0, 32) with a word in memory.
        6 => "60aa5f5260205ffd",
        7 => "fe",
        // A jump to nowhere, a stack that is empty, an endless loop.
        8 => "602056",
        9 => "50",
        10 => "5b5f56",
        // log1 from a constructor, then the code CALLDATASIZE PUSH0 MSTORE ...
        _ => "60015f5f a1 69365f5260205ff3000000 5f52 600a6016f3",
    };
    hex::decode(hex.replace(' ', "")).unwrap_or_default().into()
}

/// A precompile (0 is 0x100) and data that it may like.
fn precompile_input(rng: &mut StdRng) -> (u16, Bytes) {
    let n = rng.random_range(0..18u16);
    let data = match n {
        // modexp: lengths, then the numbers.
        5 => {
            let lens = [rng.random_range(0..40usize), rng.random_range(0..10), rng.random_range(0..40)];
            let mut data = lens.map(U256::from).map(|l| l.to_be_bytes::<32>()).concat();
            data.extend(blob(rng, 90));
            data
        }
        // bn254: the generator, twice; the pairing of nothing.
        6 => [1u64, 2, 1, 2].map(|x| U256::from(x).to_be_bytes::<32>()).concat(),
        7 => [U256::from(1), U256::from(2), num(rng)].map(|x| x.to_be_bytes::<32>()).concat(),
        8 => Vec::new(),
        // blake2f wants 213 bytes, the last one a flag.
        9 => {
            let mut data: Vec<u8> = (0..213).map(|_| rng.random()).collect();
            data[..3].fill(0);
            data[212] = rng.random_range(0..3);
            data
        }
        // BLS12-381: points at infinity are zeros, field elements are padded to 64 bytes.
        0x0b => vec![0; 256],
        0x0c => [vec![0; 128], U256::from(rng.random::<u64>()).to_be_bytes::<32>().to_vec()].concat(),
        0x0d => vec![0; 512],
        0x0f => vec![0; 384],
        0x10 => [vec![0; 32], rng.random::<[u8; 32]>().to_vec()].concat(),
        _ => blob(rng, 200),
    };
    (n, if rng.random_ratio(1, 8) { blob(rng, 300).into() } else { data.into() })
}
