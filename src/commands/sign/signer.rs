//! Deciding on one request and carrying it out; `sign` and `issue` share it.

use time::OffsetDateTime;

use super::{Destination, namesake};
use crate::cli::{self, CaPassphrase, Global};
use crate::commands::recorder::Recorder;
use crate::commands::{self, say_kept};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::pki::certificate::Certificate;
use crate::pki::general_name::GeneralName;
use crate::pki::policy::{self, Approved, Asked, Terms};
use crate::pki::profile::Profile;
use crate::pki::request::Request;
use crate::store::ca::CaFolder;
use crate::store::config::Settings;
use crate::store::folder::Existing;
use crate::store::layout;
use crate::store::transaction::{self, Occasion};

/// Validity of an intermediate CA in days, where nobody says otherwise; it ends with the CA above it.
pub(in crate::commands) const CA_DAYS: u32 = 3650;

/// What the administrator wants of every certificate of this run.
pub struct Wishes {
    /// The profile, where it was given.
    pub profile: Option<Profile>,
    /// Validity in days.
    pub days: u32,
    /// Validity in days of an intermediate CA.
    pub ca_days: u32,
    /// The path length of an intermediate CA.
    pub path_length: Option<u8>,
    /// The CRL distribution point.
    pub crl_url: Option<String>,
    /// Names in addition to those of the request.
    pub more_names: Vec<GeneralName>,
    /// Do not ask.
    pub yes: bool,
    /// The mode of the files.
    pub mode: u32,
    /// What becomes of files that are there.
    pub existing: Existing,
}

impl Wishes {
    /// What the options say, and the defaults of the CA where they say nothing.
    pub fn new(
        terms: &cli::Terms,
        cert_mode: Option<&str>,
        force: bool,
        settings: &Settings,
        env: &Env,
    ) -> Result<Self> {
        Ok(Self {
            profile: terms.profile.as_deref().map(str::parse).transpose()?,
            days: terms.days.unwrap_or_else(|| settings.leaf_days()),
            ca_days: terms.days.unwrap_or(CA_DAYS),
            path_length: terms.path_len,
            crl_url: commands::crl_url(terms.crl_url.as_ref(), settings)?,
            more_names: Vec::new(),
            yes: terms.yes,
            mode: commands::cert_mode(cert_mode, settings)?,
            existing: commands::existing(force, env)?,
        })
    }
}

/// What is to be done with a request.
pub enum Decision {
    /// It was signed before and the certificate never arrived.
    Deliver,
    /// It is to be signed.
    Issue(Box<Approved>),
}

/// Decides on requests for a CA, and has them recorded.
pub struct Signer<'a> {
    ca: &'a CaFolder,
    global: &'a Global,
    recorder: Recorder<'a>,
}

impl<'a> Signer<'a> {
    /// A signer for this CA.
    pub fn new(ca: &'a CaFolder, global: &'a Global, passphrase: &'a CaPassphrase) -> Self {
        Self { ca, global, recorder: Recorder::new(ca, passphrase) }
    }

    /// Decides on a request: profile, names and dates are settled, the destination is free, and the
    /// administrator agrees. Nothing is written, and no lock is held.
    pub fn decide(
        &mut self,
        request: &Request,
        destination: &Destination,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Decision> {
        let pending = match wishes.existing {
            Existing::Refuse => transaction::pending(self.ca, &Occasion::of_request(request))?,
            Existing::KeepAside(_) => None,
        };
        if pending.is_none() {
            destination.check_free(self.ca, &wishes.existing, self.global)?;
        }
        let own = destination.has_own_key(request)?;
        let approved = self.approve(request, own, wishes, env)?;
        if let Some(certificate) = pending {
            if self.recorder.is_still_meant(&certificate, &approved)? {
                destination.check_guarded(self.global)?;
                return Ok(Decision::Deliver);
            }
            env.warn(&format!(
                "another certificate was issued for this request on {} and did not arrive: \
                 `mailca show {} --pem` prints it",
                certificate.not_before.date(),
                certificate.serial
            ));
            destination.check_free(self.ca, &wishes.existing, self.global)?;
        }
        self.agree(approved, wishes, env)
    }

    /// The same for a request that was made in this run, whose key is not on disk yet.
    pub fn decide_own(
        &mut self,
        request: &Request,
        destination: &Destination,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Decision> {
        destination.check_free(self.ca, &wishes.existing, self.global)?;
        let approved = self.approve(request, true, wishes, env)?;
        self.agree(approved, wishes, env)
    }

    fn approve(
        &self,
        request: &Request,
        own: bool,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Approved> {
        let profile = profile(request, own, wishes, env)?;
        if wishes.path_length.is_some() && profile != Profile::Ca {
            return Err(Error::usage("--path-len goes with --profile ca only"));
        }
        let terms = Terms {
            profile,
            days: if profile == Profile::Ca { wishes.ca_days } else { wishes.days },
            more_names: wishes.more_names.clone(),
            path_length: wishes.path_length.unwrap_or(0),
            crl_url: wishes.crl_url.clone(),
        };
        policy::check_key(&request.into(), self.ca.bundle().all())?;
        policy::approve(request, &terms, self.ca.chain(), env.now()?)
    }

    /// Shows what will be signed, and asks where somebody is there to be asked.
    fn agree(&self, approved: Approved, wishes: &Wishes, env: &mut Env) -> Result<Decision> {
        for remark in approved.remarks() {
            env.warn(remark);
        }
        for remark in namesake::warnings(self.ca, &approved, env.now()?)? {
            env.warn(&remark);
        }
        let asking = !wishes.yes && env.prompter.is_interactive();
        if asking || !env.quiet {
            let now = env.now()?;
            show(&approved, now, env);
        }
        if asking && !env.prompter.confirm("Sign it?")? {
            return Err(Error::refused("not signed; nothing was written"));
        }
        Ok(Decision::Issue(Box::new(approved)))
    }

    /// Records and delivers. The lock is held for the recording only.
    pub fn carry_out(
        &mut self,
        request: &Request,
        decision: Decision,
        destination: &Destination,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Certificate> {
        let certificate = match decision {
            Decision::Deliver => self.undelivered(request, env)?,
            Decision::Issue(approved) => {
                self.issue(request, &approved, destination, wishes, env)?
            }
        };
        let kept = destination
            .deliver(&certificate, self.ca, wishes.mode, &wishes.existing)
            .map_err(|error| {
                error.hint(format!(
                    "the certificate was issued; when this is mended, the same command delivers it, \
                     and `mailca show {} --pem` prints it",
                    certificate.serial
                ))
            })?;
        say_kept(&kept, env);
        if let Some(path) = destination.path() {
            env.say(&format!(
                "{} is the certificate of {}, valid until {}, serial {}",
                path.display(),
                certificate.title(),
                certificate.not_after.date(),
                certificate.serial
            ));
            if let Destination::Folder(folder) = destination {
                env.say(&format!(
                    "{} is the CA's, for those who check it",
                    folder.path_of(layout::CHAIN).display()
                ));
            }
            self.delivered(request)?;
        }
        Ok(certificate)
    }

    /// Opens the CA's key, which may ask for its passphrase.
    pub fn open_key(&mut self, env: &mut Env) -> Result<()> {
        self.recorder.open_key(env)
    }

    /// Notes that a certificate has arrived.
    pub fn delivered(&self, request: &Request) -> Result<()> {
        self.recorder.delivered(&Occasion::of_request(request))
    }

    fn undelivered(&self, request: &Request, env: &mut Env) -> Result<Certificate> {
        let certificate = self.recorder.undelivered(&Occasion::of_request(request), env)?;
        env.say(&format!(
            "delivering the certificate that was issued for this request on {} and did not arrive",
            certificate.not_before.date()
        ));
        Ok(certificate)
    }

    fn issue(
        &mut self,
        request: &Request,
        approved: &Approved,
        destination: &Destination,
        wishes: &Wishes,
        env: &mut Env,
    ) -> Result<Certificate> {
        let (ca, global) = (self.ca, self.global);
        self.recorder.record(
            &Occasion::of_request(request),
            approved,
            matches!(wishes.existing, Existing::Refuse),
            || destination.check_free(ca, &wishes.existing, global),
            env,
        )
    }
}

/// The profile that was given; else, for a request that was made here, the one that its names say;
/// else the one that the administrator agrees to.
fn profile(request: &Request, own: bool, wishes: &Wishes, env: &mut Env) -> Result<Profile> {
    if let Some(profile) = wishes.profile {
        if !own && !wishes.yes && !env.prompter.is_interactive() {
            return Err(Error::usage(format!(
                "the request of {} was not made here, and nobody is there to be asked",
                request.title()
            ))
            .hint("look at it with `mailca show`, then add --yes"));
        }
        return Ok(profile);
    }
    if request.asks_for_ca {
        return Err(Error::refused("the request asks for a CA certificate")
            .hint("sign it with --profile ca where that is meant")
            .hint("with --profile server, user or client it becomes that and no CA"));
    }
    let suggested = Asked::from(request).suggested_profile();
    match suggested {
        Some(profile) if own => Ok(profile),
        _ if env.prompter.is_interactive() && !wishes.yes => {
            let default = suggested.map_or("", Profile::name);
            let answer = env.prompter.text(
                &format!("What is {}? server, user, client or ca", request.title()),
                default,
                &|answer| answer.trim().parse::<Profile>().map(|_| ()),
            )?;
            answer.parse()
        }
        _ => Err(Error::usage(format!(
            "nobody said what the certificate of {} is for",
            request.title()
        ))
        .hint("add --profile server for a mail host, or --profile user for a person, and --yes")),
    }
}

fn show(approved: &Approved, now: OffsetDateTime, env: &mut Env) {
    let names: Vec<_> = approved.alternative_names().iter().map(ToString::to_string).collect();
    let days = (approved.not_after() - now).whole_days() + 1;
    let lines = [
        ("Subject", approved.subject().to_string()),
        ("Names", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        ("Key", approved.key_algorithm().to_string()),
        ("Profile", approved.profile().description().to_owned()),
        (
            "Valid",
            format!(
                "{} to {}, {days} days",
                approved.not_before().date(),
                approved.not_after().date()
            ),
        ),
    ];
    for (label, value) in lines {
        env.ask_about(&format!("  {label:<8} {value}"));
    }
}
