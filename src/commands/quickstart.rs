//! `mailca quickstart`: the whole job for one host and one user, in a new folder.

use std::path::Path;

use clap::Parser;
use serde_json::json;

use crate::cli::{Cli, Global, Quickstart};
use crate::commands::{dispatch, host_name};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::mail::server::Server;
use crate::pki::general_name::GeneralName;
use crate::store::folder::FolderName;

/// Runs the commands that an administrator would, and says them.
pub fn run(args: &Quickstart, global: &Global, env: &mut Env) -> Result<()> {
    let host = args.host.clone().unwrap_or_else(host_name);
    let domain = host.split_once('.').map_or("localdomain", |(_, domain)| domain);
    let email = args.email.clone().unwrap_or_else(|| format!("{}@{domain}", args.user));
    GeneralName::dns(&host).map_err(|error| error.hint("name the mail host with --host"))?;
    GeneralName::email(&email)?;
    for name in [&args.user, &host] {
        if FolderName::parse(name)?.as_str() != name {
            return Err(Error::usage(format!("{name} is not a name but a folder"))
                .hint("leave the slash at its end out"));
        }
    }
    if global.ca_dir != Path::new("demoCA") {
        return Err(Error::usage("quickstart makes its CA in a folder of its own")
            .hint("leave --ca-dir and MAILCA_DIR out; --dir names the folder"));
    }
    if !host.contains('.') {
        env.warn(&format!(
            "{host} is not a full host name; clients connect to one like mail.example.com: --host"
        ));
    }
    let config = global.config.as_ref();
    let config = config.map(std::path::absolute).transpose()?;
    let global = &Global { config, ..global.clone() };
    enter(args)?;
    env.say(&format!("in {}:", args.dir.display()));
    let password = format!("{}.password", args.user);
    let steps: [&[&str]; 4] = [
        &["newca"],
        &["issue", "--cn", &host, "--yes", &host],
        &["issue", "--user", &args.user, "--email", &email, "--yes", &args.user],
        &["export-p12", &args.user, "--generate-password", "--password-out", &password],
    ];
    let products = [
        "demoCA/cacert.pem".to_owned(),
        format!("{host}/cert.pem"),
        format!("{}/cert.pem", args.user),
        format!("{}.p12", args.user),
    ];
    for (step, product) in steps.into_iter().zip(products) {
        if Path::new(&product).exists() {
            continue;
        }
        env.say(&format!("$ mailca {}", step.join(" ")));
        if let Err(error) = run_step(step, global, env) {
            // Refused before anything was made: the folder, which is empty then, is not left behind.
            let _ = fs_err::canonicalize(".").and_then(fs_err::remove_dir);
            return Err(error);
        }
    }
    if global.json {
        return env.print_json(&json!({
            "dir": args.dir,
            "ca_dir": args.dir.join("demoCA"),
            "host": { "name": host, "folder": args.dir.join(&host) },
            "user": {
                "name": args.user,
                "email": email,
                "folder": args.dir.join(&args.user),
                "p12": args.dir.join(format!("{}.p12", args.user)),
                "password_file": args.dir.join(&password),
            },
            "mail_servers": installed_servers().map(Server::name).collect::<Vec<_>>(),
        }));
    }
    if env.quiet {
        return Ok(());
    }
    next(args, &host, &password, env)?;
    installed_servers().try_for_each(|server| configure(server, &host, global, env))
}

/// The mail servers of this machine, by the files that their packages bring.
fn installed_servers() -> impl Iterator<Item = Server> {
    Server::ALL.into_iter().filter(|server| Path::new(server.layout().configuration).exists())
}

/// Says how the mail server that is here gets the certificate, and prints what its configuration needs.
fn configure(server: Server, host: &str, global: &Global, env: &mut Env) -> Result<()> {
    let layout = server.layout();
    env.print(&format!(
        "{} is installed here. First it gets the files:\n  \
           mailca install {host} --for {server}\n\
         Then this configuration, of `mailca config {server}`, which has more to offer (--role):\n",
        server.title(),
    ))?;
    let quiet = std::mem::replace(&mut env.quiet, true);
    let outcome = command(&["config", server.name(), "--host", host], global)
        .and_then(|cli| dispatch(&cli, env));
    env.quiet = quiet;
    // The job is done; this is to help with the next one.
    if let Err(error) = outcome {
        env.warn(&format!("no configuration for {}: {error}", server.title()));
        return Ok(());
    }
    env.print(&format!(
        "\nAt last {} is reloaded, has to present the certificate, and this is remembered:\n  \
           mailca install {host} --for {server} --reload '{}' --check {host}:{}",
        server.title(),
        layout.reload,
        layout.port
    ))
}

/// Makes the folder and enters it. One in which a run was interrupted is gone on with: it has a CA,
/// or the beginning of one, and not yet a bundle, which comes last; or nothing at all.
fn enter(args: &Quickstart) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let dir = args.dir.as_path();
    let failed = |error| {
        Error::refused(format!("failed to create the folder {}", dir.display())).caused_by(error)
    };
    let is_empty = fs_err::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    let begun =
        is_empty || ["demoCA", ".demoCA.mailca-tmp"].iter().any(|name| dir.join(name).is_dir());
    let finished = fs_err::read_dir(dir).is_ok_and(|entries| {
        let mut paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        paths.any(|path| path.extension().is_some_and(|extension| extension == "p12"))
    });
    if dir.symlink_metadata().is_err() {
        std::fs::DirBuilder::new().mode(0o700).create(dir).map_err(failed)?;
        // Durable before anything is in it that must not be lost.
        crate::store::atomic::sync_folder(crate::store::atomic::folder_of(dir))?;
    } else if !begun || finished {
        return Err(Error::refused(format!("{} is there already", dir.display())).hint(
            if finished {
                "go on in it with `mailca issue`, or name a new folder with --dir"
            } else {
                "name a new folder with --dir"
            },
        ));
    }
    std::env::set_current_dir(dir).map_err(failed)
}

/// The steps ask nothing: what they need was given.
fn run_step(step: &[&str], global: &Global, env: &mut Env) -> Result<()> {
    let cli = command(step, global)?;
    let quiet = std::mem::replace(&mut env.quiet, true);
    let prompter =
        std::mem::replace(&mut env.prompter, Box::new(crate::prompt::Terminal::new(false)));
    let outcome = dispatch(&cli, env);
    env.quiet = quiet;
    env.prompter = prompter;
    outcome
}

fn command(words: &[&str], global: &Global) -> Result<Cli> {
    let mut line = vec!["mailca", "--no-input", "--ca-dir", "demoCA", "--quiet"];
    line.extend(words);
    let mut cli = Cli::try_parse_from(line)
        .map_err(|error| Error::bug("a step of quickstart is not a command").caused_by(error))?;
    cli.global.color = global.color;
    cli.global.config.clone_from(&global.config);
    Ok(cli)
}

fn next(args: &Quickstart, host: &str, password: &str, env: &mut Env) -> Result<()> {
    let dir = args.dir.display();
    let user = &args.user;
    env.print(&format!(
        "The mail host {host}:\n  \
           {dir}/{host}/cert.pem, key.pem, cacert.pem   for its mail server\n\
         The user {user}:\n  \
           {dir}/{user}.p12         for the mail client\n  \
           {dir}/{password}    its password: hand it over on another way\n\
         The CA:\n  \
           {dir}/demoCA             keep a copy where nobody else can read it\n\
         Next, in {dir}:\n  \
           mailca verify {host}/cert.pem --host {host}\n  \
           mailca issue --user LOGIN --email ADDRESS LOGIN\n  \
           mailca export-p12 LOGIN"
    ))
}
