//! One bind over a pipe in memory, with the real session component and a ledger whose disk can be made to wait.

use super::*;
use crate::{
    audit::Audit,
    components,
    config::{Config, Surroundings},
    gateway::{Gateway, Kept},
    http::egress::{self, Egress},
    register::{Owner, Register},
    releases::{depot::Depot, restore},
    smpp::{
        admission::{self, Admission},
        peer::Peer,
    },
    start::limits,
    vault::Vault,
    work::entry::{self, Outgoing},
};
use bytes::Bytes;
use edgebind_componentize::{Guest, build, workspace_above};
use edgebind_ledger::{BoxFuture, Ledger, Memory, NewEntry, Records as _, State, system_clock};
use edgebind_runtime::{
    Engine,
    message::{Address, Body, Delivery, Incoming},
};
use edgebind_smpp::{CommandId, Header};
use std::{
    net::Ipv4Addr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf},
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};

const SECOND: Duration = Duration::from_secs(1);

/// A ledger in memory whose appends wait for a permit each.
struct Disk {
    memory: Arc<Memory>,
    permits: Semaphore,
    /// Submissions that a worker got.
    claimed: AtomicUsize,
}

impl Ledger for Disk {
    fn append(&self, batch: Vec<NewEntry>) -> BoxFuture<'_, Result<Vec<Appended>, LedgerError>> {
        Box::pin(async move {
            let permit = self.permits.acquire().await.unwrap();
            permit.forget();
            self.memory.append(batch).await
        })
    }

    fn claim<'a>(&'a self, lane: &'a str, max: usize, lease: Duration) -> BoxFuture<'a, Result<Vec<Claim>, LedgerError>> {
        Box::pin(async move {
            let claims = self.memory.claim(lane, max, lease).await?;
            if lane == SUBMIT {
                self.claimed.fetch_add(claims.len(), Ordering::SeqCst);
            }
            Ok(claims)
        })
    }

    fn claim_entry(&self, id: EntryId, lease: Duration) -> Result<Option<Claim>, LedgerError> {
        self.memory.claim_entry(id, lease)
    }

    fn release(&self, ids: &[EntryId]) {
        self.memory.release(ids);
    }

    fn settle(&self, settlements: Vec<(Claim, Settled)>) -> BoxFuture<'_, Result<(), LedgerError>> {
        self.memory.settle(settlements)
    }

    fn annotate(&self, id: EntryId, note: Bytes, aliases: Vec<Vec<u8>>) -> BoxFuture<'_, Result<bool, LedgerError>> {
        self.memory.annotate(id, note, aliases)
    }

    fn revive(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>, LedgerError>> {
        self.memory.revive(ids)
    }

    fn purge(&self, ids: Vec<EntryId>) -> BoxFuture<'_, Result<Vec<EntryId>, LedgerError>> {
        self.memory.purge(ids)
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), LedgerError>> {
        self.memory.sync()
    }
}

/// A gateway with one account, one bind of it, and the peer's end of its pipe.
struct World {
    disk: Arc<Disk>,
    peer_reads: ReadHalf<DuplexStream>,
    peer_writes: WriteHalf<DuplexStream>,
    bind: JoinHandle<End>,
    gateway: Arc<Gateway>,
    engine: Engine,
    _folder: TempDir,
}

impl World {
    /// A transceiver that is bound; `pipe` octets fit into each direction of its connection, `appends` succeed before the disk waits.
    async fn bound(pipe: usize, appends: usize) -> Self {
        Self::with(pipe, appends, false).await
    }

    /// The same, with the faulty session behaving itself in the place of the built-in one.
    async fn with(pipe: usize, appends: usize, is_faulty: bool) -> Self {
        const TOML: &str = r#"
            smpp = { plain = "127.0.0.1:0" }
            [[tenants]]
            name = "acme"
            egress_concurrency = 0
            accounts = [{ system_id = "esme", password = "secret" }]
            translator_settings = { api_base_url = "http://127.0.0.1:9" }
        "#;
        let folder = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            base: Path::new(""),
            env: &|_| None,
            file: &|path| std::fs::read_to_string(path),
            settings: &|_| Vec::new(),
        };
        let config = Config::from_toml(TOML, &surroundings).unwrap();
        let engine = Engine::new(&limits(&config.limits)).unwrap();
        let mut builtin = components::load(&engine).unwrap();
        if is_faulty {
            builtin.session = faulty(&engine);
        }
        let depot = Depot::open(folder.path(), engine.clone(), builtin, 1 << 20).unwrap();
        let tenant = restore::tenant(&depot, &config.tenants[0], 0).unwrap();
        let disk = Arc::new(Disk {
            memory: Arc::new(Memory::new(0, system_clock()).unwrap()),
            permits: Semaphore::new(appends),
            claimed: AtomicUsize::new(0),
        });
        let egress = Egress::new(egress::Limits::default()).unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        let (register, _) = Register::open(folder.path(), &vault, &config.tenants, Owner::File).unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        let kept = Kept {
            backup: Box::new(|_| Ok(())),
            vault,
            register,
            audit,
            depot: Arc::new(depot),
        };
        let gateway = Arc::new(Gateway::new(
            config,
            disk.clone(),
            disk.memory.clone(),
            egress,
            kept,
            vec![tenant],
        ));

        let (ours, theirs) = tokio::io::duplex(pipe);
        let (peer_reads, mut peer_writes) = tokio::io::split(theirs);
        let (reads, writes) = tokio::io::split(ours);
        let (mut reader, mut writer) = (Reader::unbound(reads).bound(), Writer::new(writes));
        peer_writes.write_all(&bind_transceiver()).await.unwrap();
        let deadline = Instant::now() + 10 * SECOND;
        let admitted = admission::admit(
            &gateway,
            &Peer::at(Ipv4Addr::LOCALHOST.into()),
            deadline,
            &mut reader,
            &mut writer,
        )
        .await;
        let Admission::Taken(taken) = admitted else {
            panic!("the bind was not admitted")
        };
        let (bind, running, first) = *taken;
        let bind = tokio::spawn(async move { drive(&bind, running, first, reader, writer).await });
        Self {
            disk,
            peer_reads,
            peer_writes,
            bind,
            gateway,
            engine,
            _folder: folder,
        }
    }

    /// Puts a component to use as the next session release, with these settings over none.
    fn deploys(&self, component: SessionComponent, settings: &[(&str, &str)]) {
        let tenant = self.gateway.directory.tenant("acme").unwrap();
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let release = Release::new(component, settings, tenant.session.current().revision + 1);
        tenant.session.deploy(release).unwrap();
        tenant.tell();
    }

    /// The bind as others see it, once it runs this revision or says why it does not.
    async fn has_followed_to(&self, revision: u64) -> Option<String> {
        let open = self.gateway.binds.all().pop().unwrap();
        let stays = || open.stays.lock().unwrap().clone();
        let followed = async {
            while open.revision.load(Ordering::Relaxed) != revision && stays().is_none() {
                sleep(SECOND / 100).await;
            }
        };
        timeout(10 * SECOND, followed).await.expect("the bind follows the release");
        stays()
    }

    /// The header of the next PDU that reaches the peer.
    async fn next(&mut self) -> Header {
        let mut octets = [0; 16];
        timeout(10 * SECOND, self.peer_reads.read_exact(&mut octets))
            .await
            .expect("a PDU comes")
            .unwrap();
        let header = Header::read(&octets).unwrap();
        let mut body = vec![0; header.command_length as usize - octets.len()];
        self.peer_reads.read_exact(&mut body).await.unwrap();
        header
    }

    /// Entries of this lane that a worker gets within a moment.
    async fn claimable(&self, lane: &str) -> usize {
        let claimed = timeout(SECOND / 5, self.disk.memory.claim(lane, 10_000, SECOND)).await;
        claimed.map_or(0, |claims| claims.unwrap().len())
    }
}

const SUBMIT: &str = "submit/acme/esme";
const DELIVER: &str = "deliver/acme/esme";

fn frame(id: CommandId, sequence_number: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    let header = [length, id.0, 0, sequence_number].map(u32::to_be_bytes).concat();
    [&header, body].concat()
}

fn bind_transceiver() -> Vec<u8> {
    frame(CommandId::BIND_TRANSCEIVER, 1, b"esme\0secret\0\0\x34\0\0\0")
}

fn submit_sm(sequence_number: u32) -> Vec<u8> {
    let body = b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0\0\0\0\0\0\0\x02Hi";
    frame(CommandId::SUBMIT_SM, sequence_number, body)
}

fn incoming() -> NewEntry {
    let address = |digits: &str| Address {
        ton: 1,
        npi: 1,
        digits: digits.into(),
    };
    let incoming = Incoming {
        source: address("447700900123"),
        destination: address("447700900999"),
        body: Body::Text("Hi".into()),
        port: None,
        part: None,
        udh: Vec::new(),
        received: 0,
        tlvs: Vec::new(),
        metadata: Vec::new(),
    };
    NewEntry::new(
        DELIVER,
        entry::encode(&Outgoing {
            delivery: Delivery::Incoming(incoming),
        }),
    )
}

#[tokio::test]
async fn no_receipt_can_overtake_its_answer() {
    // The bind's answer fills the pipe but for a few octets: the submit_sm_resp is under way and not written.
    let mut world = World::bound(40, 1).await;
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    sleep(SECOND / 5).await;
    assert_eq!(world.disk.permits.available_permits(), 0, "the entry is durable");
    assert_eq!(
        world.disk.claimed.load(Ordering::SeqCst),
        0,
        "and held while its answer waits"
    );
    assert_eq!(world.next().await.command_id, CommandId::BIND_TRANSCEIVER_RESP);
    assert_eq!(world.next().await.command_id, CommandId::SUBMIT_SM_RESP);
    let claimed = async {
        while world.disk.claimed.load(Ordering::SeqCst) == 0 {
            sleep(SECOND / 100).await;
        }
    };
    timeout(10 * SECOND, claimed).await.expect("a worker gets the entry");
}

#[tokio::test]
async fn no_answer_comes_before_the_disk() {
    let mut world = World::bound(10_000, 0).await;
    world.next().await;
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    let early = timeout(SECOND / 5, world.next()).await;
    assert!(early.is_err(), "answered {early:?} while the disk waits");
    world.disk.permits.add_permits(1);
    let answer = world.next().await;
    assert_eq!(
        (answer.command_id, answer.command_status.0, answer.sequence_number),
        (CommandId::SUBMIT_SM_RESP, 0, 2)
    );
}

#[tokio::test]
async fn a_slow_disk_stops_the_reading_and_not_the_enquire_links_before_it() {
    let mut world = World::bound(1_000, 0).await;
    world.next().await;
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    world
        .peer_writes
        .write_all(&frame(CommandId::ENQUIRE_LINK, 3, b""))
        .await
        .unwrap();
    assert_eq!(world.next().await.command_id, CommandId::ENQUIRE_LINK_RESP);
    let frames = APPENDS_IN_FLIGHT_MAX * 4;
    let flood: Vec<u8> = (0..frames).flat_map(|number| submit_sm(number as u32 + 10)).collect();
    let flooded = timeout(SECOND, world.peer_writes.write_all(&flood)).await;
    assert!(flooded.is_err(), "all {frames} submit_sm were read although none was durable");
    world.disk.permits.add_permits(frames);
    assert_eq!(world.next().await.command_id, CommandId::SUBMIT_SM_RESP);
}

#[tokio::test]
async fn a_bind_that_breaks_off_hands_everything_back() {
    let mut world = World::bound(10_000, 10).await;
    world.next().await;
    let appended = world.disk.memory.append(vec![incoming()]).await.unwrap();
    assert_eq!(world.next().await.command_id, CommandId::DELIVER_SM);
    assert_eq!(world.claimable(DELIVER).await, 0, "the delivery is with the bind");
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    let state = |world: &World| world.disk.memory.get(appended[0].id).unwrap().unwrap().state;
    assert_eq!(state(&world), State::Claimed);
    world.peer_writes.shutdown().await.unwrap();
    assert_eq!(
        world.next().await.command_id,
        CommandId::SUBMIT_SM_RESP,
        "what was sent before the end is answered"
    );
    let end = timeout(10 * SECOND, &mut world.bind).await.unwrap().unwrap();
    assert!(matches!(end, End::Closed(CloseReason::Ended)), "{end}");
    world.gateway.tasks.close();
    world.gateway.draining.cancel();
    timeout(10 * SECOND, world.gateway.tasks.wait()).await.unwrap();
    assert_eq!(state(&world), State::Waiting);
    assert_eq!(world.claimable(SUBMIT).await, 1);
}

#[tokio::test]
async fn a_drain_unbinds() {
    let mut world = World::bound(10_000, 10).await;
    world.next().await;
    world.gateway.draining.cancel();
    let unbind = world.next().await;
    assert_eq!(unbind.command_id, CommandId::UNBIND);
    let answer = frame(CommandId::UNBIND_RESP, unbind.sequence_number, b"");
    world.peer_writes.write_all(&answer).await.unwrap();
    let end = timeout(10 * SECOND, world.bind).await.unwrap().unwrap();
    assert!(matches!(end, End::Closed(CloseReason::Drained)), "{end}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_loses_its_bind() {
    let mut world = World::bound(40, 1).await;
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    let before = Instant::now();
    let end = (&mut world.bind).await.unwrap();
    assert!(matches!(end, End::Stalled), "{end}");
    assert!(before.elapsed() >= WRITE_STALL, "not before its time");
}

/// The faulty session.
fn faulty(engine: &Engine) -> SessionComponent {
    let workspace = workspace_above(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let target_dir = Path::new(env!("EDGEBIND_SESSION")).ancestors().nth(2).unwrap();
    let guest = Guest {
        package: "edgebind-faulty",
        features: &[],
        env: &[],
    };
    let bytes = std::fs::read(build(&workspace, target_dir, &guest).unwrap()).unwrap();
    SessionComponent::load(engine, &bytes).unwrap()
}

#[tokio::test]
async fn a_live_bind_moves_with_what_is_under_way() {
    let mut world = World::bound(10_000, 0).await;
    world.next().await;
    world.disk.memory.append(vec![incoming()]).await.unwrap();
    let delivery = world.next().await;
    assert_eq!(delivery.command_id, CommandId::DELIVER_SM);
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    let component = world
        .gateway
        .directory
        .tenant("acme")
        .unwrap()
        .session
        .current()
        .component
        .clone();
    world.deploys(component, &[("window_out", "3")]);
    assert_eq!(world.has_followed_to(2).await, None);
    world.disk.permits.add_permits(1);
    let answer = world.next().await;
    assert_eq!((answer.command_id, answer.sequence_number), (CommandId::SUBMIT_SM_RESP, 2));
    let taken = frame(CommandId::DELIVER_SM_RESP, delivery.sequence_number, b"\0");
    world.peer_writes.write_all(&taken).await.unwrap();
    let settled = async {
        while world.disk.memory.pending(DELIVER) > 0 {
            sleep(SECOND / 100).await;
        }
    };
    timeout(10 * SECOND, settled)
        .await
        .expect("the delivery is settled after the move");
}

#[tokio::test]
async fn a_bind_whose_session_is_not_taken_over_stays_and_says_why() {
    let mut world = World::bound(10_000, 10).await;
    world.next().await;
    world.deploys(faulty(&world.engine), &[]);
    let why = world.has_followed_to(2).await;
    assert_eq!(why.as_deref(), Some("revision 2: restore refused: not eight octets"));
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    assert_eq!(world.next().await.command_id, CommandId::SUBMIT_SM_RESP);
    let component = world
        .gateway
        .directory
        .tenant("acme")
        .unwrap()
        .session
        .previous()
        .unwrap()
        .component
        .clone();
    world.deploys(component, &[]);
    let open = world.gateway.binds.all().pop().unwrap();
    let moved = async {
        while open.revision.load(Ordering::Relaxed) != 3 {
            sleep(SECOND / 100).await;
        }
    };
    timeout(10 * SECOND, moved).await.expect("the next release takes it over");
    assert_eq!(*open.stays.lock().unwrap(), None);
}

#[tokio::test]
async fn what_breaks_right_after_the_move_is_done_by_the_release_before() {
    let mut world = World::with(10_000, 10, true).await;
    world.next().await;
    world.deploys(faulty(&world.engine), &[("misdeed", "trap")]);
    assert_eq!(world.has_followed_to(2).await, None);
    world.peer_writes.write_all(&submit_sm(2)).await.unwrap();
    let claimed = async {
        while world.disk.claimed.load(Ordering::SeqCst) == 0 {
            sleep(SECOND / 100).await;
        }
    };
    timeout(10 * SECOND, claimed)
        .await
        .expect("the message is appended by the session that went back");
    let open = world.gateway.binds.all().pop().unwrap();
    assert_eq!(open.revision.load(Ordering::Relaxed), 1);
    let why = open.stays.lock().unwrap().clone().unwrap();
    assert!(why.starts_with("revision 2 trapped"), "{why}");
    assert!(!world.bind.is_finished());
}

#[tokio::test]
async fn a_bind_that_is_ended_unbinds() {
    let mut world = World::bound(10_000, 10).await;
    world.next().await;
    world.gateway.binds.all().pop().unwrap().end.cancel();
    assert_eq!(world.next().await.command_id, CommandId::UNBIND);
}

#[tokio::test]
async fn ten_thousand_swaps_leave_what_is_in_use_and_nothing_else() {
    let mut world = World::bound(10_000, 0).await;
    world.next().await;
    let tenant = world.gateway.directory.tenant("acme").unwrap();
    let component = tenant.session.current().component.clone();
    let first = Arc::downgrade(&tenant.session.current());
    for revision in 2..=10_001 {
        let release = Release::new(component.clone(), Vec::new(), revision);
        tenant.session.switch(release).unwrap();
        tenant.tell();
        // The bind has its turn, and moves.
        tokio::task::yield_now().await;
        assert!(tenant.session.all().len() <= 4, "releases that nobody is at are still there");
    }
    assert_eq!(world.has_followed_to(10_001).await, None);
    assert!(first.upgrade().is_none());
    assert_eq!(tenant.session.all().len(), 2);
    assert_eq!(
        Arc::strong_count(&tenant.session.current()),
        3,
        "the slot's, this one's and the bind's"
    );
}
