//! JSON-RPC 2.0 by its letter, and what hostile JSON gets.

use enigma_rpc::Limits;
use serde_json::{Value, json};

use crate::fake::{Fake, Running, post, start};

const ADDRESS: &str = "0x0505050505050505050505050505050505050505";

async fn ask(running: &Running, body: &str) -> Value {
    post(running.server.address(), body).await.json()
}

async fn call(running: &Running, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    ask(running, &request.to_string()).await
}

#[tokio::test]
async fn requests_are_answered_with_their_id() {
    let running = start(Fake::default(), Limits::default()).await;
    for id in ["1", "-7", "\"seven\"", "null", "1.5"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"enigma_epoch"}}"#);
        let told = ask(&running, &body).await;
        assert_eq!(told["result"]["weight"], 30, "{told}");
        assert_eq!(told["id"], serde_json::from_str::<Value>(id).unwrap());
        assert!(told.get("error").is_none());
    }
    assert_eq!(call(&running, "enigma_network", json!([])).await["error"]["code"], -32603);
    let told = call(&running, "enigma_query", json!([ADDRESS, "0x00"])).await;
    assert_eq!((&told["error"]["code"], &told["error"]["data"]["code"]), (&json!(-32001), &json!(24)));
    assert_eq!(call(&running, "enigma_contract", json!([ADDRESS])).await["error"]["code"], -32000);
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let running = start(Fake::default(), Limits::default()).await;
    let deep = "[".repeat(200_000);
    let closed = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("[{}1]", "1,".repeat(300_000));
    let in_params =
        |value: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"enigma_epoch","params":{value}}}"#);
    let (deep_params, wide_params) = (in_params(&closed), in_params(&wide));
    let cases: [(&str, i32); 14] = [
        ("", -32700),
        ("{", -32700),
        ("\u{0}", -32700),
        ("{\"jsonrpc\":\"2.0\"} x", -32700),
        (&deep, -32700),
        ("1", -32600),
        ("[]", -32600),
        (&closed, -32600),
        (&wide, -32600),
        ("{\"id\":1,\"method\":\"enigma_epoch\"}", -32600),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"enigma_epoch\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"enigma_epoch\"}", -32600),
        (&deep_params, -32602),
        (&wide_params, -32602),
    ];
    for (body, code) in cases {
        let told = ask(&running, body).await;
        // A list of one list is a batch of one that is no request.
        let told = told.get(0).unwrap_or(&told);
        assert_eq!(told["error"]["code"], code, "{} … {told}", &body[..body.len().min(60)]);
    }
    assert_eq!(call(&running, "enigma_nothing", json!([])).await["error"]["code"], -32601);
    assert_eq!(call(&running, "enigma_subscribe", json!(["tasks"])).await["error"]["code"], -32600);
}

#[tokio::test]
async fn batches_keep_their_order_and_notifications_are_silent() {
    let running = start(Fake::default(), Limits::default()).await;
    let one = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "enigma_epoch"});
    let silent = json!({"jsonrpc": "2.0", "method": "enigma_epoch"});
    let told = ask(&running, &json!([one(json!(3)), silent, 7, one(json!("x"))]).to_string()).await;
    let ids: Vec<_> = told.as_array().unwrap().iter().map(|reply| &reply["id"]).collect();
    assert_eq!(ids, [&json!(3), &Value::Null, &json!("x")]);
    assert_eq!(told[1]["error"]["code"], -32600);

    for body in [silent.to_string(), json!([silent, silent]).to_string()] {
        let told = post(running.server.address(), &body).await;
        assert_eq!((told.status, told.body.as_str()), (204, ""));
    }
    let many = |n: usize| Value::from((0..n).map(|i| one(json!(i))).collect::<Vec<_>>()).to_string();
    assert_eq!(ask(&running, &many(20)).await.as_array().unwrap().len(), 20);
    assert_eq!(ask(&running, &many(21)).await["error"]["code"], -32600);
}

#[tokio::test]
async fn parameters_go_by_place_or_by_name() {
    let running = start(Fake::default(), Limits::default()).await;
    let group = |params| call(&running, "enigma_group", params);
    assert_eq!(group(json!([ADDRESS])).await["result"]["epoch"], 2);
    assert_eq!(group(json!([ADDRESS, null])).await["result"]["epoch"], 2);
    assert_eq!(group(json!([ADDRESS, 9])).await["result"]["epoch"], 9);
    assert_eq!(group(json!({"contract": ADDRESS, "epoch": 9})).await["result"]["epoch"], 9);
    for wrong in [
        json!([]),
        json!(["0x05"]),
        json!([7]),
        json!([ADDRESS, "nine"]),
        json!([ADDRESS, -1]),
        json!([ADDRESS, 1e30]),
        json!([ADDRESS, 9, 9]),
        json!({"epoch": 9}),
        json!("x"),
        json!([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ] {
        assert_eq!(group(wrong.clone()).await["error"]["code"], -32602, "{wrong}");
    }
    let told = |method, params| {
        let running = &running;
        async move { call(running, method, params).await["error"]["message"].to_string() }
    };
    let hash = format!("0x{}", "07".repeat(32));
    assert_eq!(told("enigma_task", json!([ADDRESS, 3])).await, "\"place 3\"");
    assert_eq!(told("enigma_task", json!({"contract": ADDRESS, "index": 3})).await, "\"place 3\"");
    assert_eq!(told("enigma_task", json!([hash])).await, "\"transaction\"");
    assert_eq!(told("enigma_task", json!({"transaction": hash})).await, "\"transaction\"");
    assert_eq!(told("enigma_tasks", json!([{"limit": 3}])).await, "\"limit Some(3)\"");
    assert_eq!(told("enigma_tasks", json!({"limit": 3})).await, "\"limit Some(3)\"");
    assert_eq!(told("enigma_tasks", json!([])).await, "\"limit None\"");
    assert!(told("enigma_tasks", json!([{"limits": 3}])).await.contains("expected"));
}
