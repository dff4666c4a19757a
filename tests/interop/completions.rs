//! The scripts of `completions`, in the shells themselves: what a key press makes of a line.

use std::path::Path;

use crate::support::{Folder, MAILCA, Pty, need};

/// The words of a line once everything that is possible was put into it.
type Complete = fn(&Folder, &str) -> Vec<String>;

const SHELLS: [(&str, Complete); 3] = [("bash", in_bash), ("zsh", in_zsh), ("fish", in_fish)];

/// With folders of several names, a CA of its own in `other/`, and a file whose name has a space.
fn folder() -> Folder {
    let folder = Folder::with_user();
    folder.mailca("newca --ca-dir other").success();
    folder.mailca("issue --cn mx.example.com mx.example.com").success();
    folder.mailca("newreq --user ann --email ann@example.com ann@home").success();
    folder.mkdir("no-certificates");
    folder.write("old backup.tar", "");
    folder
}

/// The directory of the program under test, before all others.
fn path() -> String {
    let bin = Path::new(MAILCA).parent().unwrap().display();
    format!("{bin}:{}", std::env::var("PATH").unwrap())
}

/// Types a line in a shell at a terminal, where `keys` puts all that is possible into it, and has a function
/// of the program's name say what it was called with.
fn typed(
    folder: &Folder,
    shell: &str,
    options: &str,
    set_up: &str,
    line: &str,
    keys: &str,
) -> Vec<String> {
    let program = crate::support::peer(shell).unwrap();
    let mut terminal = Pty::start(&program, folder.root(), options);
    terminal.answer(&format!("export PATH='{}'", path()));
    terminal.answer("mailca() { printf '{%s}' \"$@\"; echo E''ND; }");
    terminal.answer(&format!("{set_up}; echo REA''DY"));
    terminal.expect("READY").send(line).send(keys).answer("");
    terminal.expect("END").answer("exit");
    let (screen, _) = terminal.finish();
    let said = screen.split("END").find(|part| part.contains('{') && part.ends_with('}'));
    let said = said.unwrap_or_else(|| panic!("{screen}"));
    // The last line: what was typed is on the screen too.
    let words = said.rsplit(['\n', '\r']).next().unwrap();
    let words = &words[words.find('{').unwrap()..];
    words.split_inclusive('}').map(|word| word.trim_matches(['{', '}']).to_owned()).collect()
}

fn in_bash(folder: &Folder, line: &str) -> Vec<String> {
    let set_up = "bind 'set enable-bracketed-paste off'; source <(command mailca completions bash)";
    typed(folder, "bash", "--norc --noprofile -i", set_up, line, "\x1b*")
}

fn in_zsh(folder: &Folder, line: &str) -> Vec<String> {
    let set_up = "autoload -Uz compinit; compinit -u -D; source <(command mailca completions zsh); \
         zle -C all menu-complete _generic; bindkey '^X^A' all; \
         zstyle ':completion:all::::' completer _all_matches _complete; \
         zstyle ':completion:all:*' insert true";
    typed(folder, "zsh", "-f -i", set_up, line, "\x18\x01")
}

fn in_fish(folder: &Folder, line: &str) -> Vec<String> {
    let script = format!("command mailca completions fish | source; complete -C '{line}'");
    let program = crate::support::peer("fish").unwrap();
    let run = crate::support::Run::new(&program, folder.root(), "--no-config -c");
    let text = run.arg(&script).env("PATH", &path()).success().text();
    let before = line.split(' ').skip(1).map(String::from);
    let before = before.take(line.split(' ').count().saturating_sub(2));
    let words = text.lines().map(|line| line.split('\t').next().unwrap().to_owned());
    before.chain(words).collect()
}

#[test]
fn every_shell_completes_commands_options_values_folders_and_serials() {
    need!("bash", "zsh", "fish");
    let folder = folder();
    let serial = folder.index().iter().find(|row| row[5].contains("joeuser")).unwrap()[3].clone();
    let by_serial = format!("show {}", &serial[..6]);
    let shown = format!("show {serial}");
    let others = String::from_utf8(folder.read("other/index.txt")).unwrap();
    let others = others.split('\t').nth(3).unwrap();
    let in_other = format!("--ca-dir other show {}", &others[..3]);
    let shown_in_other = format!("--ca-dir other show {others}");
    for (line, expected) in [
        ("rek", "rekey-ca"),
        ("--no-i", "--no-input"),
        ("revoke --rea", "--reason"),
        ("revoke --reason ce", "revoke --reason certificateHold cessationOfOperation"),
        ("revoke --reason=keyC", "revoke --reason=keyCompromise"),
        ("config postf", "config postfix"),
        ("config postfix --role receive,subm", "config postfix --role receive,submission"),
        ("check mx.example.com:25 --cli", "check mx.example.com:25 --client"),
        ("check mx.example.com:25 --client m", "check mx.example.com:25 --client mx.example.com"),
        ("export-p12 ", "export-p12 ann@home joeuser mx.example.com"),
        ("export-p12 ann@h", "export-p12 ann@home"),
        ("revoke j", "revoke joeuser"),
        ("restore old", "restore old+backup.tar"),
        ("newca --ca-passphrase-file=old", "newca --ca-passphrase-file=old+backup.tar"),
        ("list --ca-dir no-c", "list --ca-dir no-certificates/"),
        (by_serial.as_str(), shown.as_str()),
        (in_other.as_str(), shown_in_other.as_str()),
    ] {
        // What was typed first is a word of its own in none of them.
        let typed: Vec<_> = line.split(' ').collect();
        let before = &typed[..typed.len() - 1];
        let mut expected: Vec<_> = expected.split(' ').map(|word| word.replace('+', " ")).collect();
        if !expected.starts_with(&before.iter().map(ToString::to_string).collect::<Vec<_>>()) {
            expected = before.iter().map(ToString::to_string).chain(expected).collect();
        }
        expected[before.len()..].sort();
        for (shell, complete) in SHELLS {
            let mut found = complete(&folder, &format!("mailca {line}"));
            let shown: Vec<_> = found.iter().map(|word| word.replace('\\', "")).collect();
            found = shown;
            found[before.len()..].sort();
            // A folder may have its slash or not yet.
            let plain = |words: &[String]| -> Vec<String> {
                words.iter().map(|word| word.trim_end_matches('/').to_owned()).collect()
            };
            assert_eq!(plain(&found), plain(&expected), "{shell}: mailca {line}");
        }
    }
}

/// Where packages put the scripts, the shells find them by themselves.
#[test]
fn every_shell_finds_the_script_where_it_looks() {
    need!("bash", "zsh", "fish");
    let folder = folder();
    folder.mkdir("bash/completions");
    folder.mkdir("fish/completions");
    folder.mkdir("zsh");
    for (shell, file) in [
        ("bash", "bash/completions/mailca"),
        ("zsh", "zsh/_mailca"),
        ("fish", "fish/completions/mailca.fish"),
    ] {
        let script = folder.mailca("completions").arg(shell).success().stdout;
        folder.write(file, script);
    }
    let root = folder.root().display().to_string();
    let set_up = format!(
        "bind 'set enable-bracketed-paste off'; BASH_COMPLETION_USER_DIR={root}/bash; \
         source /usr/share/bash-completion/bash_completion"
    );
    let found = typed(&folder, "bash", "--norc --noprofile -i", &set_up, "mailca revoke jo", "\t");
    assert_eq!(found, ["revoke", "joeuser"]);
    let set_up = format!("fpath=({root}/zsh $fpath); autoload -Uz compinit; compinit -u -D");
    let found = typed(&folder, "zsh", "-f -i", &set_up, "mailca revoke jo", "\t");
    assert_eq!(found, ["revoke", "joeuser"]);
    let program = crate::support::peer("fish").unwrap();
    let run = crate::support::Run::new(&program, folder.root(), "-c")
        .arg("complete -C 'mailca revoke jo'");
    let run = run.env("PATH", &path()).env("XDG_CONFIG_HOME", &root).env("HOME", &root);
    assert_eq!(run.success().text(), "joeuser\n");
}

/// The words are handed over, and nothing in them is run.
#[test]
fn nothing_that_is_typed_is_run_by_completing_it() {
    need!("bash", "zsh", "fish");
    let folder = folder();
    for line in ["sign $(touch ran) j", "sign `touch ran` j", "sign \"$(touch ran)\" j"] {
        for (shell, options) in [("bash", "--norc --noprofile -i"), ("zsh", "-f -i")] {
            let set_up = match shell {
                "bash" => "source <(command mailca completions bash)",
                _ => {
                    "autoload -Uz compinit; compinit -u -D; source <(command mailca completions zsh)"
                }
            };
            let program = crate::support::peer(shell).unwrap();
            let mut terminal = Pty::start(&program, folder.root(), options);
            terminal.answer(&format!("export PATH='{}'; {set_up}; echo REA''DY", path()));
            terminal.expect("READY").send(&format!("mailca {line}")).send("\t");
            // The line is taken back, and not run.
            terminal.expect("oeuser").send("\x15").answer("exit");
            terminal.finish();
            assert!(!folder.exists("ran"), "{shell}: {line}");
        }
        in_fish(&folder, &format!("mailca {line}"));
        assert!(!folder.exists("ran"), "fish: {line}");
    }
}
