//! A TCP proxy that writes every byte that passes to files: what whoever runs an RPC endpoint sees.

pub mod holding;

use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// A proxy before one port of this machine; two files a connection, `N.sent` by the client and `N.received`.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    folder: PathBuf,
    ending: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a port of the system's choice and passes everything on to `to`.
    ///
    /// # Panics
    /// The folder cannot be made, or no port is free.
    pub fn start(to: u16, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for records");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let ending = Arc::new(AtomicBool::new(false));
        let (end, files) = (ending.clone(), folder.to_owned());
        let listening = std::thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                // A connection that fails is closed; whoever opened it sees that.
                if let Ok(client) = client {
                    let _ = relay(client, to, &files.join(number.to_string()));
                }
            }
        });
        Self { port, folder: folder.to_owned(), ending, listening: Some(listening) }
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where the records are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn relay(client: TcpStream, to: u16, record: &Path) -> std::io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let sent = File::create(record.with_extension("sent"))?;
    let received = File::create(record.with_extension("received"))?;
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || copy(from_client, server, sent));
    std::thread::spawn(move || copy(from_server, client, received));
    Ok(())
}

/// Written before it is passed on: what anybody has seen is on record.
fn copy(mut from: TcpStream, mut to: TcpStream, mut record: File) {
    let mut buffer = [0; 1 << 14];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if record.write_all(&buffer[..read]).and_then(|()| to.write_all(&buffer[..read])).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_pass_and_are_recorded() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(server.local_addr().unwrap().port(), folder.path());
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        let (mut peer, _) = server.accept().unwrap();
        client.write_all(b"question").unwrap();
        let mut question = [0; 8];
        peer.read_exact(&mut question).unwrap();
        peer.write_all(b"answer").unwrap();
        drop(peer);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!((&question[..], &answer[..]), (&b"question"[..], &b"answer"[..]));
        let recorded = |kind: &str| std::fs::read(folder.path().join("0").with_extension(kind)).unwrap();
        assert_eq!((recorded("sent"), recorded("received")), (b"question".to_vec(), b"answer".to_vec()));
    }
}
