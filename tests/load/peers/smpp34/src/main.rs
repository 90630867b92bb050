//! `smpp34-server PORT`: takes every bind, answers every submit_sm, and says how many those were for each line that it reads.

use std::io::stdin;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use smpp34::{
    SmppConnectionInformation, SmppServer, SmppServerListener, bind_transceiver, bind_transceiver_resp, bind_transmitter,
    bind_transmitter_resp, submit_sm, submit_sm_resp,
};

struct Counter(AtomicU64);

#[async_trait]
impl SmppServerListener for Counter {
    async fn on_bind_transmitter(&self, bind: bind_transmitter, _: &SmppConnectionInformation, _: &String) -> bind_transmitter_resp {
        bind.accept("smpp34".to_owned(), Some(0x34))
    }

    async fn on_bind_transceiver(&self, bind: bind_transceiver, _: &SmppConnectionInformation, _: &String) -> bind_transceiver_resp {
        bind.accept("smpp34".to_owned(), Some(0x34))
    }

    async fn on_submit_sm(&self, submit: submit_sm, _: &SmppConnectionInformation, _: &String) -> submit_sm_resp {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        submit.accept(number.to_string())
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("the first argument is a port");
    let counter = Arc::new(Counter(AtomicU64::new(0)));
    let mut server = SmppServer::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port, counter.clone());
    server.start().await;
    let asked = tokio::task::spawn_blocking(move || {
        for _ in stdin().lines() {
            println!("{}", counter.0.load(Ordering::Relaxed));
        }
    });
    // It ends with whoever asks.
    asked.await.expect("reading lines does not panic");
}
