//! Every command that writes, struck everywhere: by SIGKILL, by each error, and by a failure of the power.

use std::collections::BTreeSet;

use crate::strike::Case;
use crate::support::{Folder, need};
use crate::{bulk, ca_pl, install, job, keeping, kit, more, power, rekey, renew, strike};

macro_rules! table {
    ($($name:ident: $case:expr,)+) => {
        mod struck {
            $(#[test]
            fn $name() {
                crate::support::need!("gcc", "openssl", "unzip");
                super::strike::everywhere(&super::case::$name());
            })+
        }
        mod power_fails {
            $(#[test]
            fn $name() {
                crate::support::need!("gcc", "openssl", "unzip");
                super::power::fails_everywhere(&super::case::$name());
            })+
        }
        mod case {
            use super::*;
            $(pub fn $name() -> Case {
                $case
            })+
            pub fn all() -> Vec<Case> {
                vec![$($name()),+]
            }
        }
    };
}

table! {
    newca: job::JOBS[0].case(),
    newreq: job::JOBS[1].case(),
    sign: job::JOBS[2].case(),
    issue: job::JOBS[3].case(),
    issue_for_a_person: job::JOBS[4].case(),
    export_p12: job::JOBS[5].case(),
    revoke: job::JOBS[6].case(),
    crl: job::JOBS[7].case(),
    revoke_with_a_map: job::JOBS[8].case(),
    revoke_a_person: job::JOBS[9].case(),
    backup: keeping::JOBS[0].case(),
    restore: keeping::JOBS[1].case(),
    doctor: keeping::JOBS[2].case(),
    report: keeping::JOBS[3].case(),
    list_of_persons: bulk::ONE_FILE.case(),
    list_with_a_file_for_each_password: bulk::A_FILE_EACH.case(),
    list_where_somebody_has_a_certificate: bulk::HALF_THERE.case(),
    rekey_ca: rekey::case(rekey::NEW_KEY),
    rekey_ca_with_its_key: rekey::case(rekey::SAME_KEY),
    rekey_an_intermediate: rekey::intermediate(),
    renew: renew::case(0),
    renew_with_a_new_key: renew::case(1),
    renew_with_the_next_key: renew::case(2),
    renew_in_the_current_folder: renew::case(3),
    renew_and_revoke_the_old_one: renew::case(4),
    renew_what_expires: renew::case(5),
    install_over_a_foreign_pair: install::case(0),
    install_into_nothing: install::case(1),
    install_a_new_key: install::case(2),
    install_by_a_renewal: install::case(3),
    install_and_back: install::case(4),
    kit: kit::case(0),
    kit_after_a_renewal: kit::case(1),
    kit_in_a_file: kit::case(2),
    kit_in_a_file_after_a_renewal: kit::case(3),
    newca_from_an_old_one: more::JOBS[0].case(),
    newca_of_an_intermediate: more::JOBS[1].case(),
    next_key: more::JOBS[2].case(),
    export_with_a_password: more::JOBS[3].case(),
    access_map: more::JOBS[4].case(),
    quickstart: more::JOBS[5].case(),
    install_forgotten: more::JOBS[6].case(),
    doctor_without_the_certificate: more::JOBS[7].case(),
    man: more::JOBS[8].case(),
    newreq_with_force: more::forced("newreq --cn mail.example.com --force"),
    sign_with_force: more::forced("sign --force"),
    issue_with_force: more::forced("issue --cn mail.example.com --force"),
    sign_a_foreign_request: more::foreign(),
    renew_in_a_file: more::renewal_in_a_file(),
    ca_pl_newca: ca_pl::newca(),
    ca_pl_newcert: ca_pl::call(
        "CA.pl -newcert -extra-req -nodes < answers", ca_pl::with_answers, ca_pl::self_signed_is_whole),
    ca_pl_newreq: ca_pl::call(
        "CA.pl -newreq-nodes < answers", ca_pl::with_answers, ca_pl::request_is_whole),
    ca_pl_sign: ca_pl::call(
        "CA.pl -sign < yes", ca_pl::with_request, ca_pl::certificate_is_whole),
    ca_pl_pkcs12: ca_pl::call(
        "CA.pl -pkcs12 < password", ca_pl::with_password, ca_pl::bundle_opens),
    ca_pl_revoke: ca_pl::call(
        "CA.pl -revoke newcert.pem", ca_pl::with_certificate, ca_pl::revocation_is_whole),
    ca_pl_crl: ca_pl::call("CA.pl -crl", ca_pl::with_certificate, ca_pl::list_is_whole),
}

/// The commands that change nothing, and what they are tried with.
const READING: [&str; 14] = [
    "show a/cert.pem",
    "verify a/cert.pem",
    "list",
    "status",
    "report",
    "tlsa a.example.com a",
    "check --explain tls-1-0",
    "config timer",
    "config postfix --host a.example.com",
    "help",
    "completions bash",
    // These write with an option only.
    "doctor",
    "access-map --all",
    "export-p12 --help",
];

#[test]
fn who_only_reads_changes_no_file() {
    need!("gcc");
    if !strike::possible() {
        return;
    }
    let stage = strike::Stage::of(|| {
        let folder = job::with_hosts();
        folder.mailca("crl").success();
        folder
    });
    for line in READING {
        let (calls, outcome) = strike::calls_of(stage.reset(), line);
        assert!(matches!(outcome.status, Some(0 | 3)), "{outcome}");
        assert!(calls.iter().all(strike::Call::is_exit), "{line} writes: {calls:?}");
    }
}

#[test]
fn no_command_is_forgotten() {
    let help = Folder::empty().mailca("--help").success().text();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands: BTreeSet<_> =
        commands.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    let all = case::all();
    let mut known: BTreeSet<_> =
        all.iter().filter_map(|case| case.line.split(' ').next()).collect();
    known.extend(READING.iter().filter_map(|line| line.split(' ').next()));
    let forgotten: Vec<_> = commands.iter().filter(|name| !known.contains(*name)).collect();
    assert!(forgotten.is_empty(), "neither in the table nor known to write nothing: {forgotten:?}");
}
