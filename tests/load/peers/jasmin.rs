//! Jasmin, with the Redis and the RabbitMQ that it needs, one user, and a connector to an SMSC.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use edgebind_tests::config::{PASSWORD, SYSTEM_ID};
use edgebind_tests::{port, provision};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::{Library, Server, listening};

/// How long its console may take for an answer.
const CONSOLE: Duration = Duration::from_secs(30);

/// What Jasmin's console says when it wants the next line: of a form, and of none.
const PROMPTS: [&[u8]; 2] = [b"> ", b"jcli : "];

/// Killed when dropped, and everything that it has started.
pub(crate) struct Jasmin {
    pub(crate) address: SocketAddr,
    /// Where it forwards to.
    pub(crate) smsc: Server,
    // In the order in which they end.
    processes: Vec<Group>,
    _folder: TempDir,
}

/// A process and all that it has started.
struct Group(Child);

impl Group {
    fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::create(log).expect("the folder is writable");
        let errors = file.try_clone().expect("a file can be open twice");
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .process_group(0)
            .spawn();
        Self(child.unwrap_or_else(|why| panic!("{command:?} cannot be started: {why}")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

impl Jasmin {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("jasmin-")
            .tempdir()
            .expect("there is room for its files");
        let smsc = Library::Smpp34Crate.start();
        let mut processes = Vec::new();
        let log = |name: &str| folder.path().join(format!("{name}.out"));

        let redis_port = port::free();
        let mut redis = provision::redis().program("usr/bin/redis-server");
        redis.args(["--bind", "127.0.0.1", "--save", "", "--port", &redis_port.to_string()]);
        processes.push(Group::start(redis.current_dir(folder.path()), &log("redis")));

        let (epmd_port, rabbitmq_port) = (port::free(), port::free());
        let mut epmd = provision::rabbitmq().program("usr/lib/erlang/bin/epmd");
        epmd.args(["-address", "127.0.0.1", "-port", &epmd_port.to_string()]);
        processes.push(Group::start(&mut epmd, &log("epmd")));
        listening(epmd_port, Some(&log("epmd")));
        processes.push(Group::start(
            &mut rabbitmq(folder.path(), epmd_port, rabbitmq_port),
            &log("rabbitmq"),
        ));
        listening(rabbitmq_port, Some(&log("rabbitmq")));

        let [smpp_port, console_port] = [(); 2].map(|()| port::free());
        let mut jasmin = Command::new(provision::jasmin().join("python"));
        jasmin.arg(daemon(folder.path()));
        jasmin.arg("--disable-http-api");
        for (name, value) in [
            ("CONFIG_PATH", "jasmin"),
            ("STORE_PATH", "jasmin/store"),
            ("LOG_PATH", "jasmin/log"),
        ] {
            let path = folder.path().join(value);
            fs::create_dir_all(&path).expect("the folder is writable");
            jasmin.env(name, path);
        }
        jasmin.env("RESOURCE_PATH", provision::jasmin_resources());
        for name in ["SMPP_SERVER", "SMPP_SERVER_PB", "CLIENT_MANAGEMENT", "ROUTER", "JCLI"] {
            let port = match name {
                "SMPP_SERVER" => smpp_port,
                "JCLI" => console_port,
                _ => port::free(),
            };
            jasmin
                .env(format!("{name}_BIND"), "127.0.0.1")
                .env(format!("{name}_PORT"), port.to_string());
        }
        jasmin.env("JCLI_AUTHENTICATION", "no");
        jasmin.env("AMQP_BROKER_PORT", rabbitmq_port.to_string());
        jasmin.env("REDIS_CLIENT_PORT", redis_port.to_string());
        processes.push(Group::start(&mut jasmin, &log("jasmin")));
        configure(listening(console_port, Some(&log("jasmin"))), smsc.address.port());
        processes.reverse();
        Self {
            address: listening(smpp_port, Some(&log("jasmin"))),
            smsc,
            processes,
            _folder: folder,
        }
    }

    /// Jasmin, RabbitMQ and Redis; what Jasmin forwards to is not counted.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let groups: Vec<u32> = self.processes.iter().map(|group| group.0.id()).collect();
        crate::process::of_groups(&groups)
    }
}

/// Jasmin's program with a lock of its own: the one that it has is the machine's, and stays when it is killed.
fn daemon(folder: &Path) -> PathBuf {
    let program = fs::read_to_string(provision::jasmin().join("jasmind.py")).expect("Jasmin is provisioned");
    let lock = folder.join("lock");
    let (own, path) = (
        program.replace("/tmp/jasmind", &lock.display().to_string()),
        folder.join("jasmind.py"),
    );
    fs::write(&path, own).expect("the folder is writable");
    path
}

fn rabbitmq(folder: &Path, epmd_port: u16, port: u16) -> Command {
    let rabbitmq = provision::rabbitmq();
    let erlang = rabbitmq.file("usr/lib/erlang");
    let version = |start: &str, folder: &Path| {
        let entries = fs::read_dir(folder)
            .expect("the package has this folder")
            .map(|entry| entry.expect("it can be read").path());
        let is_it = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
        entries.into_iter().find(is_it).expect("the package has one version of it")
    };
    // Debian's own knows only where Debian would have installed it.
    let erl = format!(
        "#!/bin/sh\nexport ROOTDIR='{}' BINDIR='{}' EMU=beam PROGNAME=erl\nexec \"$BINDIR/erlexec\" \"$@\"\n",
        erlang.display(),
        version("erts-", &erlang).join("bin").display(),
    );
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).expect("the folder is writable");
    fs::write(programs.join("erl"), erl).expect("the folder is writable");
    fs::set_permissions(programs.join("erl"), fs::Permissions::from_mode(0o755)).expect("it was just written");
    fs::write(folder.join("plugins"), "[].\n").expect("the folder is writable");

    let server = version("rabbitmq_server-", &rabbitmq.file("usr/lib/rabbitmq/lib")).join("sbin/rabbitmq-server");
    let mut command = Command::new(server);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs, erlang.join("bin")].into_iter().chain(std::env::split_paths(&path)));
    command
        .env("PATH", path.expect("no folder has a colon in its name"))
        .env("LD_LIBRARY_PATH", &rabbitmq.libraries)
        .env("HOME", folder)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", epmd_port.to_string())
        .env("RABBITMQ_NODENAME", "bench@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_DIST_PORT", port::free().to_string())
        .env("RABBITMQ_SERVER_START_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
        .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", folder.join("log"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"));
    command
}

/// One user without limits, one connector, and everything goes there.
fn configure(console: SocketAddr, smsc: u16) {
    let mut console = TcpStream::connect(console).expect("the console listens");
    console.set_read_timeout(Some(CONSOLE)).expect("a timeout can be set");
    let port = format!("port {smsc}");
    let user = format!("username {SYSTEM_ID}");
    let password = format!("password {PASSWORD}");
    let lines = [
        "",
        "group -a",
        "gid load",
        "ok",
        "user -a",
        &user,
        &password,
        "gid load",
        "uid load",
        "ok",
        "smppccm -a",
        "cid smsc",
        "host 127.0.0.1",
        &port,
        "username load",
        "password load",
        "submit_throughput 0",
        "ok",
        "mtrouter -a",
        "type DefaultRoute",
        "connector smppc(smsc)",
        "rate 0.0",
        "ok",
        "smppccm -1 smsc",
    ];
    for line in lines {
        console
            .write_all(format!("{line}\r\n").as_bytes())
            .expect("the console reads");
        let (mut said, mut octet) = (Vec::new(), [0]);
        while !PROMPTS.iter().any(|prompt| said.ends_with(prompt)) {
            let read = console.read(&mut octet).expect("the console answers");
            assert_eq!(
                read,
                1,
                "the console has closed after `{line}`: {}",
                String::from_utf8_lossy(&said)
            );
            said.push(octet[0]);
        }
    }
}
