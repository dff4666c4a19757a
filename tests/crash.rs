//! Killed, out of space, or all at once: no half file, no lost key, no serial twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "crash/at_once.rs"]
mod at_once;
#[path = "crash/bulk.rs"]
mod bulk;
#[path = "crash/ca_pl.rs"]
mod ca_pl;
#[path = "crash/full_disk.rs"]
mod full_disk;
#[path = "crash/install.rs"]
mod install;
#[path = "crash/job.rs"]
mod job;
#[path = "crash/keeping.rs"]
mod keeping;
#[path = "crash/killed.rs"]
mod killed;
#[path = "crash/kit.rs"]
mod kit;
#[path = "crash/lists.rs"]
mod lists;
#[path = "crash/locks.rs"]
mod locks;
#[path = "crash/look.rs"]
mod look;
#[path = "crash/mixed.rs"]
mod mixed;
#[path = "crash/more.rs"]
mod more;
#[path = "crash/openssl_between.rs"]
mod openssl_between;
#[path = "crash/power.rs"]
mod power;
#[path = "crash/rekey.rs"]
mod rekey;
#[path = "crash/renew.rs"]
mod renew;
#[path = "crash/strike.rs"]
mod strike;
#[path = "crash/system_calls.rs"]
mod system_calls;
#[path = "crash/table.rs"]
mod table;
#[path = "crash/trace.rs"]
mod trace;
