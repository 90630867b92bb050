//! File descriptors: how many the kernel lets this process have, and how many connections that allows. Looked at once, at the
//! start: a gateway that runs out of them while it serves can neither accept nor write.

use crate::limits::{CONNECTIONS_MAX, DESCRIPTORS_SPARE};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;

/// The kernel's own bound of a process's bound.
const NR_OPEN: &str = "/proc/sys/fs/nr_open";

/// Takes all descriptors that this process may have; returns how many connections may be open: as many as configured, which is
/// refused if they cannot be, else as many as there can be of the usual number.
pub fn connections(configured: Option<usize>) -> Result<usize, String> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let all = Rlimit {
            current: maximum,
            maximum,
        };
        // Some kernels have bounds of their own below this one: then what there is must do.
        let _ = setrlimit(Resource::Nofile, all);
    }
    let allowed = getrlimit(Resource::Nofile).current;
    let fitting = fit(allowed, configured, fs::read_to_string(NR_OPEN).ok().as_deref())?;
    if configured.is_none() && fitting < CONNECTIONS_MAX {
        tracing::warn!(
            descriptors = allowed,
            "file descriptors are few: {fitting} connections may be open instead of {CONNECTIONS_MAX}; raise them with \
             `ulimit -n {}` or LimitNOFILE= in the unit",
            CONNECTIONS_MAX + DESCRIPTORS_SPARE
        );
    }
    Ok(fitting)
}

/// Connections for which there are descriptors; none allowed is no bound.
fn fit(allowed: Option<u64>, configured: Option<usize>, nr_open: Option<&str>) -> Result<usize, String> {
    let allowed = allowed.map_or(usize::MAX, |allowed| usize::try_from(allowed).unwrap_or(usize::MAX));
    let room = allowed.saturating_sub(DESCRIPTORS_SPARE);
    let wanted = configured.unwrap_or(CONNECTIONS_MAX);
    if wanted <= room {
        return Ok(wanted);
    }
    if configured.is_none() && room > 0 {
        return Ok(room);
    }
    let needed = configured.unwrap_or(1) + DESCRIPTORS_SPARE;
    let nr_open = nr_open.and_then(|text| text.trim().parse().ok()).unwrap_or(usize::MAX);
    let kernel = if needed > nr_open {
        format!(", after `sysctl fs.nr_open={needed}`")
    } else {
        String::new()
    };
    let asked = match configured {
        Some(connections) => format!("limits.connections_max = {connections} takes"),
        None => "one connection takes".into(),
    };
    Err(format!(
        "{asked} {needed} file descriptors with those for everything else, and this process may have {allowed}: lower it, or raise \
         them with `ulimit -n {needed}` or LimitNOFILE={needed} in the unit{kernel}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_holds_or_is_refused_by_the_name_of_what_to_raise() {
        assert_eq!(fit(Some(20_512), Some(20_000), None), Ok(20_000));
        let refused = fit(Some(20_511), Some(20_000), Some("1048576\n")).unwrap_err();
        assert_eq!(
            refused,
            "limits.connections_max = 20000 takes 20512 file descriptors with those for everything else, and this process may \
             have 20511: lower it, or raise them with `ulimit -n 20512` or LimitNOFILE=20512 in the unit"
        );
        let refused = fit(Some(20_511), Some(20_000), Some("20000\n")).unwrap_err();
        assert!(refused.ends_with(", after `sysctl fs.nr_open=20512`"), "{refused}");
    }

    #[test]
    fn the_usual_number_gives_way_to_what_there_is() {
        assert_eq!(fit(None, None, None), Ok(CONNECTIONS_MAX));
        assert_eq!(fit(Some(1 << 20), None, None), Ok(CONNECTIONS_MAX));
        assert_eq!(fit(Some(4_096), None, None), Ok(4_096 - DESCRIPTORS_SPARE));
        let refused = fit(Some(512), None, None).unwrap_err();
        assert!(refused.starts_with("one connection takes 513 file descriptors"), "{refused}");
    }

    #[test]
    fn all_descriptors_are_taken_that_may_be_had() {
        assert!(connections(Some(1)).is_ok());
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
    }
}
