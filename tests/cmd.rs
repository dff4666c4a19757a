//! Every command, option and refusal, through the program itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot prepare its files has to fail"
)]

mod support;

#[path = "cmd/access_map.rs"]
mod access_map;
#[path = "cmd/advice.rs"]
mod advice;
#[path = "cmd/authority.rs"]
mod authority;
#[path = "cmd/backup.rs"]
mod backup;
#[path = "cmd/check.rs"]
mod check;
#[path = "cmd/common.rs"]
mod common;
#[path = "cmd/completions.rs"]
mod completions;
#[path = "cmd/config.rs"]
mod config;
#[path = "cmd/config_exim.rs"]
mod config_exim;
#[path = "cmd/config_postfix.rs"]
mod config_postfix;
#[path = "cmd/config_sendmail.rs"]
mod config_sendmail;
#[path = "cmd/crl.rs"]
mod crl;
#[path = "cmd/doctor.rs"]
mod doctor;
#[path = "cmd/export_p12.rs"]
mod export_p12;
#[path = "cmd/files.rs"]
mod files;
#[path = "cmd/foreign_names.rs"]
mod foreign_names;
#[path = "cmd/guard.rs"]
mod guard;
#[path = "cmd/help.rs"]
mod help;
#[path = "cmd/index.rs"]
mod index;
#[path = "cmd/install.rs"]
mod install;
#[path = "cmd/issue_from.rs"]
mod issue_from;
#[path = "cmd/kit.rs"]
mod kit;
#[path = "cmd/layers.rs"]
mod layers;
#[path = "cmd/links.rs"]
mod links;
#[path = "cmd/list.rs"]
mod list;
#[path = "cmd/main_job.rs"]
mod main_job;
#[path = "cmd/man.rs"]
mod man;
#[path = "cmd/net.rs"]
mod net;
#[path = "cmd/newca.rs"]
mod newca;
#[path = "cmd/newreq.rs"]
mod newreq;
#[path = "cmd/odd.rs"]
mod odd;
#[path = "cmd/other_user.rs"]
mod other_user;
#[path = "cmd/outputs.rs"]
mod outputs;
#[path = "cmd/passwords.rs"]
mod passwords;
#[path = "cmd/persons.rs"]
mod persons;
#[path = "cmd/private_keys.rs"]
mod private_keys;
#[path = "cmd/profile.rs"]
mod profile;
#[path = "cmd/quickstart.rs"]
mod quickstart;
#[path = "cmd/redelivery.rs"]
mod redelivery;
#[path = "cmd/refusals.rs"]
mod refusals;
#[path = "cmd/rekey_ca.rs"]
mod rekey_ca;
#[path = "cmd/renew.rs"]
mod renew;
#[path = "cmd/report.rs"]
mod report;
#[path = "cmd/restore.rs"]
mod restore;
#[path = "cmd/resume.rs"]
mod resume;
#[path = "cmd/revoke.rs"]
mod revoke;
#[path = "cmd/secrets.rs"]
mod secrets;
#[path = "cmd/settings.rs"]
mod settings;
#[path = "cmd/show.rs"]
mod show;
#[path = "cmd/sign.rs"]
mod sign;
#[path = "cmd/status.rs"]
mod status;
#[path = "cmd/survey.rs"]
mod survey;
#[path = "cmd/survey_hostile.rs"]
mod survey_hostile;
#[path = "cmd/survey_old.rs"]
mod survey_old;
#[path = "cmd/templates.rs"]
mod templates;
#[path = "cmd/tlsa.rs"]
mod tlsa;
#[path = "cmd/verify.rs"]
mod verify;
#[path = "cmd/version.rs"]
mod version;
#[path = "cmd/words.rs"]
mod words;
