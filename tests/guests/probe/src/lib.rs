//! Tries what WASI lets it do, as the setting `try` says, and says in its answer what came of it. What is tried with is Rust's
//! own standard library: it is the toolchain that imports WASI.

#[cfg(feature = "session")]
mod session;
#[cfg(not(feature = "session"))]
mod translator;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn tried(settings: &[(String, String)]) -> String {
    let what = settings
        .iter()
        .rev()
        .find(|(name, _)| name == "try")
        .map_or("", |(_, value)| value.as_str());
    match what {
        "clocks" => {
            let (wall, began) = (SystemTime::now(), Instant::now());
            for number in 0..100_000 {
                std::hint::black_box(number);
            }
            let ms = wall.duration_since(UNIX_EPOCH).unwrap().as_millis();
            format!("{ms} {:?} {:?}", wall.elapsed().unwrap(), began.elapsed())
        }
        "sleep" => {
            thread::sleep(Duration::from_secs(3600));
            "awake".into()
        }
        "wait" => {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(1) {
                thread::sleep(Duration::from_secs(1));
            }
            "time went by".into()
        }
        "random" => format!("{:016x}", RandomState::new().hash_one("the same")),
        // Rust's own keys are taken once in the life of an instance.
        "fresh random" => format!("{:016x}", wasip2::random::random::get_random_u64()),
        "print" => {
            println!("out one\nout two");
            eprintln!("err one");
            print!("no end");
            io::Write::flush(&mut io::stdout()).unwrap();
            "printed".into()
        }
        "flood" => {
            for line in 0..1_000_000 {
                println!("line {line} of a million");
            }
            "flooded".into()
        }
        "stdin" => {
            let mut all = String::new();
            format!("{:?}", io::stdin().read_to_string(&mut all))
        }
        "files" => [
            fs::read_to_string("/etc/passwd").map(drop),
            fs::write("new", "octets"),
            fs::create_dir("directory"),
            fs::read_dir("/").map(drop),
            fs::remove_file("/etc/passwd"),
        ]
        .map(outcome)
        .join(", "),
        "sockets" => [
            TcpListener::bind("127.0.0.1:0").map(drop),
            TcpStream::connect("127.0.0.1:1").map(drop),
            UdpSocket::bind("127.0.0.1:0").map(drop),
            "localhost:80".to_socket_addrs().map(drop),
        ]
        .map(outcome)
        .join(", "),
        "surroundings" => {
            let (arguments, variables) = (std::env::args().count(), std::env::vars().count());
            format!("{arguments} arguments, {variables} variables")
        }
        "exit" => std::process::exit(3),
        "spin" => loop {
            std::hint::black_box(0);
        },
        _ => format!("{what:?} is nothing to try"),
    }
}

fn outcome(result: io::Result<()>) -> &'static str {
    match result {
        Ok(()) => "done",
        Err(_) => "refused",
    }
}
