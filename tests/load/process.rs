//! What a process of this machine has used so far, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// Processor time of all its threads, in user and kernel. The kernel counts in hundredths of a second (USER_HZ, fixed for
/// programs at 100).
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process to measure runs on this machine");
    // The second field is the program's name in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("stat names the program in parentheses");
    let mut fields = fields
        .split(' ')
        .skip(11)
        .map(|ticks| ticks.parse::<u64>().expect("utime and stime are numbers"));
    let ticks = fields.next().unwrap_or_default() + fields.next().unwrap_or_default();
    Duration::from_millis(ticks * 10)
}

/// Processes of these process groups.
pub(crate) fn of_groups(groups: &[u32]) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("the kernel lists processes");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let group = |pid: &u32| {
        // It may have ended meanwhile.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(2)?.parse::<u32>().ok()
    };
    pids.filter(|pid| group(pid).is_some_and(|group| groups.contains(&group)))
        .collect()
}

/// Octets of memory that it takes now: its own, and of what many map at once each page once. (What is resident counts such a page for
/// every instance that maps it.)
pub(crate) fn proportional_octets(pid: u32) -> u64 {
    octets(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

/// Octets of memory that it holds now.
pub(crate) fn resident_octets(pid: u32) -> u64 {
    octets(&format!("/proc/{pid}/status"), "VmRSS:")
}

/// File descriptors that it has open.
pub(crate) fn descriptors(pid: u32) -> usize {
    let open = fs::read_dir(format!("/proc/{pid}/fd"));
    open.expect("the process to measure runs on this machine").count()
}

fn octets(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).expect("the process to measure runs on this machine");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.expect("the kernel names a number of kB") * 1024
}
