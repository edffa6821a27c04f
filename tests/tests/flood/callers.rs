//! HTTP that is too large, too deep, too many at once, too slow, or nonsense, from another address than the honest ones.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::Counts;

/// Where callers call from.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
/// Callers of each kind, and connections on which nothing comes.
const OF_A_KIND: usize = 2;
const SLOW: usize = 300;
const PACE: Duration = Duration::from_millis(50);
const MOMENT: Duration = Duration::from_secs(2);

/// Floods the API at `port` until it is over.
pub fn start(port: u16, counts: &Arc<Counts>) {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"enigma_contracts","params":[]}"#;
    let query = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"enigma_query","params":["0x{}","0x{}"]}}"#,
        "07".repeat(20),
        "07".repeat(277)
    );
    let kinds = [
        vec![b'x'; 8 << 20],
        vec![b'['; 900 << 10],
        format!("[{}]", vec![call; 4_000].join(",")).into_bytes(),
        (0..64 << 10).map(|_| rand::random()).collect(),
        query.into_bytes(),
    ];
    for body in kinds {
        let body = Arc::new(body);
        for _ in 0..OF_A_KIND {
            tokio::spawn(caller(port, body.clone(), counts.clone()));
        }
    }
    for _ in 0..SLOW {
        tokio::spawn(slow(port, counts.clone()));
    }
}

async fn connect(port: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((STRANGER, 0)))?;
    socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

fn head(length: usize) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

async fn caller(port: u16, body: Arc<Vec<u8>>, counts: Arc<Counts>) {
    while !counts.is_over() {
        if let Ok(mut stream) = connect(port).await {
            counts.calls.fetch_add(1, Ordering::Relaxed);
            let told = async {
                stream.write_all(head(body.len()).as_bytes()).await?;
                stream.write_all(&body).await?;
                stream.read_to_end(&mut Vec::new()).await
            };
            // It may be thrown out before it has said all.
            let _ = timeout(MOMENT, told).await;
        }
        sleep(PACE).await;
    }
}

/// Announces a body that never comes.
async fn slow(port: u16, counts: Arc<Counts>) {
    while !counts.is_over() {
        if let Ok(mut stream) = connect(port).await {
            counts.calls.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(head(1_000_000).as_bytes()).await;
            while !counts.is_over() {
                if timeout(MOMENT, stream.read_to_end(&mut Vec::new())).await.is_ok() {
                    break;
                }
            }
        }
        sleep(PACE).await;
    }
}
