//! One connection from its first frame to its end, whoever opened it: a bind is asked for, then driven.

use super::{
    admission::{self, Admission},
    connection::{Reader, Writer},
    driver,
    peer::Peer,
};
use crate::{gateway::Gateway, limits::REFUSAL_WRITE};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout},
};
use tracing::Instrument as _;

/// Serves a connection on which no frame was read yet; a bind must come by `deadline`. Whether one was taken.
pub async fn serve<R, W>(gateway: &Arc<Gateway>, peer: &Peer, deadline: Instant, reader: Reader<R>, writer: Writer<W>) -> bool
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = (reader, writer);
    let admission = tokio::select! {
        // In a box of its own: a bind is long, and what admission took is given back before it.
        admission = Box::pin(admission::admit(gateway, peer, deadline, &mut reader, &mut writer)) => admission,
        () = gateway.draining.cancelled() => Admission::Gone(io::ErrorKind::ConnectionAborted.into()),
    };
    let (bind, running, first) = match admission {
        Admission::Taken(taken) => *taken,
        Admission::Refused(status) => {
            tracing::info!(%status, "bind refused");
            let _ = timeout(REFUSAL_WRITE, writer.finish()).await;
            return false;
        }
        Admission::Silent => {
            tracing::info!("connection closed: no bind within session_init");
            return false;
        }
        Admission::Gone(error) => {
            tracing::debug!(%error, "connection ended before a bind");
            return false;
        }
    };
    let span = tracing::info_span!("bind", tenant = %bind.tenant.name, bind = bind.open.id);
    async {
        tracing::info!(kind = ?bind.open.kind, release = running.release.revision, "bind came");
        match driver::drive(&bind, running, first, reader.bound(), writer).await {
            driver::End::Fault(fault) => {
                metrics::counter!("edgebind_guest_faults_total", "tenant" => bind.tenant.name.clone(), "world" => "session")
                    .increment(1);
                tracing::error!(%fault, "bind ended by a fault");
            }
            end => tracing::info!(%end, "bind went"),
        }
        gateway.entrance.bind_went(gateway, peer, &bind.account);
    }
    .instrument(span)
    .await;
    true
}
