//! Solidity values and errors to and from text.

use alloy_primitives::{U256, hex};
use anyhow::{Context, Result, bail};
use enigma_chain::dyn_abi::{DynSolType, DynSolValue, EventExt, FunctionExt, JsonAbiExt, Specifier};
use enigma_chain::json_abi::{Event, Function, JsonAbi, Param};
use enigma_protocol::output::PrivateLog;
use serde_json::{Value, json};

/// A method from text such as `f(uint256)(bool)`.
pub fn method(text: &str) -> Result<Function> {
    Function::parse(text).map_err(|_| {
        anyhow::anyhow!("`{text}` is no method; expected something like \"transfer(address,uint256)(bool)\"")
    })
}

/// Calldata of a method with arguments in text.
pub fn encode_call(method: &Function, args: &[String]) -> Result<Vec<u8>> {
    Ok(method.abi_encode_input(&values(&method.inputs, args)?)?)
}

/// Constructor arguments in text, encoded.
pub fn encode_constructor(abi: &JsonAbi, args: &[String]) -> Result<Vec<u8>> {
    let Some(constructor) = &abi.constructor else {
        if args.is_empty() {
            return Ok(Vec::new());
        }
        bail!("the constructor takes no arguments, {} were given", args.len());
    };
    let values = values(&constructor.inputs, args).context("the constructor's --args")?;
    Ok(constructor.abi_encode_input_raw(&values)?)
}

fn values(params: &[Param], args: &[String]) -> Result<Vec<DynSolValue>> {
    if params.len() != args.len() {
        let types: Vec<_> = params.iter().map(|p| p.selector_type().into_owned()).collect();
        bail!("expected {} arguments ({}), {} were given", params.len(), types.join(", "), args.len());
    }
    let value = |(place, (param, arg)): (usize, (&Param, &String))| {
        let kind: DynSolType = param.resolve()?;
        // The argument itself stays out of the message: it may be a secret.
        kind.coerce_str(arg).map_err(|_| anyhow::anyhow!("argument {} is no {kind}", place + 1))
    };
    params.iter().zip(args).enumerate().map(value).collect()
}

/// The values that a method returned.
pub fn decode_output(method: &Function, data: &[u8]) -> Result<Vec<DynSolValue>> {
    method.abi_decode_output(data).with_context(|| {
        format!(
            "the contract returned {} bytes that do not fit `{}`",
            data.len(),
            method.signature_with_outputs()
        )
    })
}

/// A value as a person reads it.
pub fn show(value: &DynSolValue) -> String {
    match value {
        DynSolValue::String(text) => text.clone(),
        other => nested(other),
    }
}

fn nested(value: &DynSolValue) -> String {
    let list = |items: &[DynSolValue]| items.iter().map(nested).collect::<Vec<_>>().join(", ");
    match value {
        DynSolValue::Bool(b) => b.to_string(),
        DynSolValue::Int(i, _) => i.to_string(),
        DynSolValue::Uint(u, _) => u.to_string(),
        DynSolValue::FixedBytes(word, size) => hex::encode_prefixed(&word[..*size]),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Function(f) => hex::encode_prefixed(f.as_slice()),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => format!("{text:?}"),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => format!("[{}]", list(items)),
        DynSolValue::Tuple(items) => format!("({})", list(items)),
    }
}

/// Why a contract reverted: its reason, its custom error, a panic, or the bytes.
pub fn revert_reason(abi: Option<&JsonAbi>, data: &[u8]) -> String {
    let outside = alloy_primitives::keccak256("OutsideCall(address)");
    if data.len() == 36 && data[..4] == outside[..4] {
        let target = alloy_primitives::Address::from_slice(&data[16..]);
        return format!(
            "OutsideCall({target}): nothing outside answers from inside; what is to be done there is ordered, by \
             Ethereum.call (docs/writing-contracts.md)"
        );
    }
    if let Some(abi) = abi {
        for error in abi.errors() {
            if data.len() >= 4
                && error.selector()[..] == data[..4]
                && let Ok(decoded) = error.abi_decode_input(&data[4..])
            {
                let args: Vec<_> = decoded.iter().map(nested).collect();
                return format!("{}({})", error.name, args.join(", "));
            }
        }
    }
    enigma_chain::contract_error_name(data)
}

/// What may be behind a revert without data of a call of `method` that brought `value`, by the contract's ABI.
pub fn silence(abi: &JsonAbi, method: &Function, value: U256) -> Option<String> {
    use enigma_chain::json_abi::StateMutability::Payable;
    if abi.fallback.is_some() {
        return None;
    }
    let signature = method.signature();
    let Some(known) = abi.functions().find(|known| known.selector() == method.selector()) else {
        let names: Vec<String> = abi.functions().map(Function::signature).collect();
        return Some(format!("the contract has no method {signature}; it has {}", names.join(", ")));
    };
    (known.state_mutability != Payable && !value.is_zero())
        .then(|| format!("{signature} is not payable: it takes no --value"))
}

/// An ABI of one event, from text such as `Transfer(address indexed,address indexed,uint256)`.
pub fn event(text: &str) -> Result<JsonAbi> {
    let event = Event::parse(text).map_err(|_| {
        anyhow::anyhow!(
            "`{text}` is no event; expected something like \"Transfer(address indexed from,address indexed to,uint256 value)\""
        )
    })?;
    let mut abi = JsonAbi::new();
    abi.events.insert(event.name.clone(), vec![event]);
    Ok(abi)
}

/// A log's event and its arguments, each with its name (maybe empty), if the ABI knows it.
pub fn decode_log<'a>(
    abi: Option<&'a JsonAbi>,
    log: &PrivateLog,
) -> Option<(&'a str, Vec<(&'a str, DynSolValue)>)> {
    abi?.events().find_map(|event| {
        let named = event.anonymous || log.topics.first() == Some(&event.selector());
        let indexed = event.inputs.iter().filter(|p| p.indexed).count() + usize::from(!event.anonymous);
        if !named || indexed != log.topics.len() {
            return None;
        }
        let decoded = event.decode_log_parts(log.topics.iter().copied(), &log.data).ok()?;
        let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
        let value = |input: &'a enigma_chain::json_abi::EventParam| {
            let value = if input.indexed { indexed.next() } else { body.next() };
            value.map(|value| (input.name.as_str(), value))
        };
        Some((event.name.as_str(), event.inputs.iter().map(value).collect::<Option<_>>()?))
    })
}

/// A log as a person reads it: by its event, or by its bytes.
pub fn show_log(abi: Option<&JsonAbi>, log: &PrivateLog) -> String {
    let Some((name, values)) = decode_log(abi, log) else {
        let topics: Vec<String> = log.topics.iter().map(ToString::to_string).collect();
        return format!("topics [{}] data {}", topics.join(", "), hex::encode_prefixed(&log.data));
    };
    let argument = |(name, value): &(&str, DynSolValue)| match *name {
        "" => nested(value),
        name => format!("{name}: {}", nested(value)),
    };
    format!("{name}({})", values.iter().map(argument).collect::<Vec<_>>().join(", "))
}

/// A log for programs.
pub fn log_json(abi: Option<&JsonAbi>, log: &PrivateLog) -> Value {
    let mut out = json!({
        "address": log.address,
        "topics": log.topics,
        "data": hex::encode_prefixed(&log.data),
    });
    if let Some((name, values)) = decode_log(abi, log) {
        out["event"] = name.into();
        out["args"] =
            values.iter().map(|(name, value)| json!({ "name": name, "value": show(value) })).collect();
    }
    out
}

/// Ether in decimal, as wei.
pub fn ether(text: &str) -> Result<U256> {
    decimal(text, 18)
        .with_context(|| format!("`{text}` is no amount of ether; expected something like 0.5"))?
        .parse()
        .with_context(|| format!("`{text}` is too much ether"))
}

/// A price in gwei, such as `1.5`, as wei.
pub fn gwei(text: &str) -> Result<u128> {
    decimal(text, 9)
        .with_context(|| format!("`{text}` is no price in gwei; expected something like 1.5"))?
        .parse()
        .with_context(|| format!("`{text}` is too high a price"))
}

/// Wei for a unit of gas as gwei.
pub fn show_gwei(wei: u128) -> String {
    show_decimal(U256::from(wei), 9)
}

/// The digits of a decimal number in units of which `places` decimals are one.
fn decimal(text: &str, places: usize) -> Option<String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let is_number =
        part.len() <= places && digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty());
    is_number.then(|| format!("{whole}{part:0<places$}"))
}

/// Wei as ether, without needless zeros.
pub fn show_ether(wei: U256) -> String {
    show_decimal(wei, 18)
}

/// A number of units of which `places` decimals are one.
fn show_decimal(units: U256, places: usize) -> String {
    let unit = U256::from(10).pow(U256::from(places));
    let part = format!("{:0>places$}", (units % unit).to_string());
    let part = part.trim_end_matches('0');
    if part.is_empty() { (units / unit).to_string() } else { format!("{}.{part}", units / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ether_is_exact_both_ways() {
        for (text, wei) in
            [("0", 0u128), ("1", 10u128.pow(18)), ("0.5", 5 * 10u128.pow(17)), ("0.000000000000000001", 1)]
        {
            assert_eq!(ether(text).unwrap(), U256::from(wei));
            assert_eq!(show_ether(U256::from(wei)), text);
        }
        for bad in ["", ".", "1e3", "-1", "0.0000000000000000001", "1.2.3"] {
            assert!(ether(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_price_in_gwei_is_exact() {
        for (text, wei) in [("0", 0), ("2", 2_000_000_000), ("0.5", 500_000_000), (".000000001", 1)] {
            assert_eq!(gwei(text).unwrap(), wei);
        }
        for bad in ["", ".", "1e3", "-1", "0.0000000001", "1 gwei", "999999999999999999999999999999999999"] {
            assert!(gwei(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_method_in_short_form_encodes_and_decodes() {
        let f = method("add(uint256,int8[])(bool,string)").unwrap();
        assert_eq!(f.inputs.len(), 2);
        assert_eq!(f.outputs.len(), 2);
        let data = encode_call(&f, &["7".into(), "[-1,2]".into()]).unwrap();
        assert_eq!(data[..4], f.selector()[..]);
        assert!(encode_call(&f, &["7".into()]).is_err());
    }

    #[test]
    fn a_wrong_argument_is_not_repeated_in_the_error() {
        let f = method("f(uint256)").unwrap();
        let error = encode_call(&f, &["my-secret".into()]).unwrap_err().to_string();
        assert!(!error.contains("my-secret"), "{error}");
    }

    #[test]
    fn reverts_are_named() {
        let reason = [&hex!("08c379a0")[..], &DynSolValue::String("no".into()).abi_encode()].concat();
        assert_eq!(revert_reason(None, &reason), "no");
        assert_eq!(revert_reason(None, &[]), "without a reason");
        let abi = JsonAbi::parse(["error TooPoor(uint256 missing)"]).unwrap();
        let data =
            [&alloy_primitives::keccak256("TooPoor(uint256)")[..4], &U256::from(5).to_be_bytes::<32>()]
                .concat();
        assert_eq!(revert_reason(Some(&abi), &data), "TooPoor(5)");
    }

    #[test]
    fn what_may_be_behind_silence_is_told() {
        let abi = JsonAbi::parse(["function pay() payable", "function put(uint256 x)"]).unwrap();
        let told = |text, value| silence(&abi, &method(text).unwrap(), U256::from(value));
        assert_eq!((told("pay()", 1), told("put(uint256)", 0)), (None, None));
        assert_eq!(told("put(uint256)", 1).unwrap(), "put(uint256) is not payable: it takes no --value");
        let told = told("puts(uint256)", 0).unwrap();
        assert_eq!(told, "the contract has no method puts(uint256); it has pay(), put(uint256)");
        let proxy: JsonAbi =
            serde_json::from_value(json!([{ "type": "fallback", "stateMutability": "payable" }])).unwrap();
        assert_eq!(silence(&proxy, &method("any()").unwrap(), U256::from(1)), None);
    }

    #[test]
    fn logs_are_told_by_their_event_or_by_their_bytes() {
        let abi = event("Transfer(address indexed from,address indexed,uint256 value)").unwrap();
        let (from, to) = (B256::with_last_byte(1), B256::with_last_byte(2));
        let log = PrivateLog {
            address: alloy_primitives::Address::ZERO,
            topics: vec![alloy_primitives::keccak256("Transfer(address,address,uint256)"), from, to],
            data: U256::from(5).to_be_bytes::<32>().to_vec(),
        };
        let one = "0x0000000000000000000000000000000000000001";
        let two = "0x0000000000000000000000000000000000000002";
        assert_eq!(show_log(Some(&abi), &log), format!("Transfer(from: {one}, {two}, value: 5)"));
        let told = log_json(Some(&abi), &log);
        assert_eq!((&told["event"], &told["args"][2]["value"]), (&json!("Transfer"), &json!("5")));

        // The same name and types, but nothing indexed: other topics, so another event.
        let other = event("Transfer(address,address,uint256)").unwrap();
        let short = PrivateLog { data: vec![1, 2, 3], ..log.clone() };
        for (abi, log) in [(None, &log), (Some(&other), &log), (Some(&abi), &short)] {
            assert!(show_log(abi, log).starts_with("topics [0xddf252ad"), "{}", show_log(abi, log));
            assert!(log_json(abi, log).get("event").is_none());
        }
        let bare = PrivateLog { topics: Vec::new(), ..log };
        assert!(show_log(Some(&abi), &bare).starts_with("topics [] data 0x"));
        assert!(event("Transfer(address indexed").is_err());
    }

    use alloy_primitives::{B256, hex};
}
