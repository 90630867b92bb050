//! Kannel's bearerbox and smsbox as one ESME: configured in a folder of their own, on free ports of the loopback.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::Url;

use crate::catcher::{Catcher, url_with};
use crate::edgebind::last_lines;
use crate::wait::{self, PATIENCE};
use crate::{port, provision};

/// Both boxes, bound to a gateway. Killed when dropped; their logs are shown when a test fails.
pub struct Kannel {
    folder: TempDir,
    admin_port: u16,
    sendsms_port: u16,
    bearerbox: Child,
    _smsbox: Child,
}

/// One message for smsbox's sendsms.
pub struct Sms<'a> {
    /// Comes back with every report.
    pub tag: &'a str,
    /// The source address.
    pub from: &'a str,
    /// The destination address.
    pub to: &'a str,
    /// The text.
    pub text: &'a str,
    /// Kannel's own numbering: 0 for the GSM alphabet, 2 for UCS-2.
    pub coding: u8,
}

impl Kannel {
    /// Starts bearerbox and smsbox and waits until bearerbox says that it is bound.
    pub async fn bind(smpp: SocketAddr, system_id: &str, password: &str, catcher: &Catcher) -> Self {
        Self::bind_with("", smpp, system_id, password, catcher).await
    }

    /// The same with more lines about the gateway in its configuration.
    pub async fn bind_with(lines: &str, smpp: SocketAddr, system_id: &str, password: &str, catcher: &Catcher) -> Self {
        let folder = tempfile::Builder::new().prefix("kannel-").tempdir().unwrap();
        let [admin_port, smsbox_port, sendsms_port] = [(); 3].map(|()| port::free());
        let config = fs::read_to_string(provision::sources("kannel.conf")).unwrap();
        let config = [
            ("{admin_port}", admin_port.to_string()),
            ("{smsbox_port}", smsbox_port.to_string()),
            ("{sendsms_port}", sendsms_port.to_string()),
            ("{smpp_port}", smpp.port().to_string()),
            ("{system_id}", system_id.to_owned()),
            ("{password}", password.to_owned()),
            ("{lines}", lines.to_owned()),
            ("{catcher}", catcher.url()),
            ("{folder}", folder.path().display().to_string()),
        ]
        .iter()
        .fold(config, |config, (name, value)| config.replace(name, value));
        fs::write(folder.path().join("kannel.conf"), config).unwrap();

        let kannel = provision::kannel();
        let start = |program| {
            Command::from(kannel.program(program))
                .arg(folder.path().join("kannel.conf"))
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("a provisioned box can be started")
        };
        let bearerbox = start("usr/sbin/bearerbox");
        reachable("bearerbox's admin port", admin_port).await;
        let smsbox = start("usr/sbin/smsbox");
        reachable("smsbox's sendsms port", sendsms_port).await;
        let boxes = Self {
            folder,
            admin_port,
            sendsms_port,
            bearerbox,
            _smsbox: smsbox,
        };
        wait::until("bearerbox to be bound and smsbox to be known", PATIENCE, async || {
            let text = reqwest::get(boxes.admin("status.txt")).await.ok()?.text().await.ok()?;
            (text.contains("(online") && text.contains("smsbox:")).then_some(())
        })
        .await;
        boxes
    }

    /// Asks smsbox to send, with every kind of report to `catcher`'s `/report`.
    pub async fn send(&self, sms: &Sms<'_>, catcher: &Catcher) {
        let report = format!("{}/report?tag={}&type=%d&id=%F", catcher.url(), sms.tag);
        let url = url_with(
            &format!("http://127.0.0.1:{}/cgi-bin/sendsms", self.sendsms_port),
            &[
                ("username", "tester"),
                ("password", "tester"),
                ("from", sms.from),
                ("to", sms.to),
                ("text", sms.text),
                ("charset", "UTF-8"),
                ("coding", &sms.coding.to_string()),
                ("dlr-mask", "31"),
                ("dlr-url", &report),
            ],
        );
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(
            answer.status(),
            202,
            "sendsms of {}: {}",
            sms.tag,
            answer.text().await.unwrap()
        );
    }
}

impl Kannel {
    /// Ends bearerbox as an operator would: it unbinds first.
    pub async fn unbind(mut self) {
        let told = reqwest::get(self.admin("shutdown")).await.unwrap();
        assert!(told.status().is_success(), "{}", told.text().await.unwrap());
        timeout(PATIENCE, self.bearerbox.wait())
            .await
            .expect("bearerbox ends when it is told to")
            .unwrap();
    }

    fn admin(&self, page: &str) -> Url {
        url_with(
            &format!("http://127.0.0.1:{}/{page}", self.admin_port),
            &[("password", "admin")],
        )
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in ["bearerbox.log", "smsbox.log"] {
                eprintln!("--- end of {log}\n{}---", last_lines(&self.folder.path().join(log)));
            }
        }
    }
}

async fn reachable(what: &str, port: u16) {
    wait::until(what, PATIENCE, async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
}
