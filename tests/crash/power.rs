//! The power fails: what was not fsynced may be gone.
//!
//! A run is stopped before each system call that changes a file, and the whole folder is noted. From that follows what
//! is durable at each moment: the content of a file as it was at the last fsync of that file, and the names in a
//! folder as they were at the last fsync of that folder; syncfs makes everything durable. Everything else may have
//! reached the disk or not. Of all that may be found afterwards these are looked at, at every moment:
//!
//! - nothing arrived that was not waited for;
//! - all names arrived, and no content that was not waited for (what ext4 without `auto_da_alloc` or XFS leaves);
//! - the names in one folder arrived, those in the others did not;
//! - all content arrived, and no names that were not waited for; the same with half of what was appended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::fs::PermissionsExt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::strike::{Call, Case, Stage, Struck, possible, steps, tell};
use crate::support::{Folder, Outcome};

/// A file, a folder or a link, told apart from one that has got its inode's number later.
type Id = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    File,
    Folder,
    Link,
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    mode: u32,
    time: Duration,
    content: Rc<[u8]>,
}

/// The names in each folder.
type Names = HashMap<Id, BTreeMap<String, Id>>;

/// The folder before one call.
struct Moment {
    call: Call,
    root: Id,
    nodes: HashMap<Id, Node>,
    names: Names,
    by_inode: HashMap<u64, Id>,
}

/// What one may find on the disk: paths, and what is there; files with one number are one file.
type Found = BTreeMap<String, (Id, Kind, u32, Duration, Rc<[u8]>)>;

/// What is on the disk for certain.
#[derive(Default)]
struct Durable {
    content: HashMap<Id, Rc<[u8]>>,
    names: Names,
    /// All that there ever was.
    nodes: HashMap<Id, Node>,
}

impl Durable {
    fn all_of(&mut self, moment: &Moment) {
        let content = moment.nodes.iter().map(|(id, node)| (*id, node.content.clone()));
        self.content.extend(content);
        self.names.extend(moment.names.iter().map(|(id, names)| (*id, names.clone())));
    }

    /// What the call of that moment makes durable.
    fn after(&mut self, moment: &Moment) {
        match moment.call.name.as_str() {
            "syncfs" => self.all_of(moment),
            "fsync" | "fdatasync" => {
                let Some(id) = moment.by_inode.get(&moment.call.inode) else { return };
                self.content.insert(*id, moment.nodes[id].content.clone());
                if let Some(names) = moment.names.get(id) {
                    self.names.insert(*id, names.clone());
                }
            }
            _ => {}
        }
    }

    /// Everything that is looked at, where the power fails at that moment.
    fn possible(&self, moment: &Moment) -> Vec<(&'static str, Found)> {
        let names = |id: Id| self.names.get(&id).cloned().unwrap_or_default();
        let durable = |id: Id| self.content.get(&id).cloned().unwrap_or_default();
        let current = |id: Id| self.nodes[&id].content.clone();
        let torn = |id: Id| {
            let (old, new) = (durable(id), current(id));
            if new.len() > old.len() && new.starts_with(&old) {
                new[..usize::midpoint(old.len(), new.len())].into()
            } else {
                old
            }
        };
        let mut all = vec![
            ("nothing arrived that was not waited for", self.walk(moment, &names, &durable)),
            ("names arrived before what is in them", {
                self.walk(
                    moment,
                    &|id| moment.names.get(&id).cloned().unwrap_or_default(),
                    &durable,
                )
            }),
            ("content arrived before its names", self.walk(moment, &names, &current)),
            ("half of it arrived", self.walk(moment, &names, &torn)),
        ];
        for (folder, now) in &moment.names {
            if names(*folder) != *now {
                let one = |id: Id| if id == *folder { now.clone() } else { names(id) };
                all.push(("the names in one folder arrived", self.walk(moment, &one, &durable)));
            }
        }
        all
    }

    fn walk(
        &self,
        moment: &Moment,
        names: &dyn Fn(Id) -> BTreeMap<String, Id>,
        content: &dyn Fn(Id) -> Rc<[u8]>,
    ) -> Found {
        let mut found = Found::new();
        let mut folders = vec![(String::new(), moment.root)];
        while let Some((path, folder)) = folders.pop() {
            for (name, id) in names(folder) {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                let node = &self.nodes[&id];
                match node.kind {
                    Kind::Folder => folders.push((path.clone(), id)),
                    Kind::File | Kind::Link => {}
                }
                // The target of a link is in its inode, as the kind of a file is.
                let bytes =
                    if node.kind == Kind::File { content(id) } else { node.content.clone() };
                found.insert(path, (id, node.kind, node.mode, node.time, bytes));
            }
        }
        found
    }
}

/// Fails the power at each moment of the command.
pub fn fails_everywhere(case: &Case) {
    if !possible() {
        return;
    }
    let stage = Stage::of(case.before);
    let (moments, outcome) = moments(stage.reset(), case.line);
    let mut durable = Durable::default();
    durable.all_of(&moments[0]);
    let mut seen = HashSet::new();
    let mut points = 0;
    for moment in &moments {
        durable.nodes.extend(moment.nodes.iter().map(|(id, node)| (*id, node.clone())));
        let context = format!("{}: the power fails at {}", case.line, moment.call);
        names_come_last(&durable, moment, &context);
        for (how, found) in durable.possible(moment) {
            // The times of files decide on nothing but what `backup` compares.
            let mut timeless = found.clone();
            for (_, _, _, time, _) in timeless.values_mut() {
                *time = Duration::ZERO;
            }
            if !seen.insert(timeless) {
                continue;
            }
            points += 1;
            let context = format!("{context}: {how}");
            let folder = stage.emptied();
            put(&found, folder);
            let outcome = Outcome::of_power_failure(case.line);
            let before = stage.before();
            case.looks(&Struck { before, folder, outcome: &outcome, context: &context });
        }
        durable.after(moment);
    }
    let last = moments.last().unwrap();
    assert!(last.call.is_exit());
    if outcome.status == Some(0) {
        what_is_said_to_be_done_is_durable(&durable, last, case.line);
    }
    tell(case.line, points, &format!("power failures around {} calls", moments.len()));
}

/// What lines are added to. Half a line at the end of one is none.
const APPENDED: [&str; 2] = ["/index.txt", "/reasons.txt"];

/// The rule that all of this rests on: what has its final name is durable.
fn names_come_last(durable: &Durable, moment: &Moment, context: &str) {
    let names = |id: Id| moment.names.get(&id).cloned().unwrap_or_default();
    let found = durable.walk(moment, &names, &|id| durable.nodes[&id].content.clone());
    for (path, (id, kind, _, _, bytes)) in found {
        if kind == Kind::File
            && is_final(&path)
            && !APPENDED.iter().any(|name| path.ends_with(name))
        {
            let sure = durable.content.get(&id).cloned().unwrap_or_default();
            assert!(sure == bytes, "{context}: {path} has its name and may be empty");
        }
    }
}

/// Whether this is no name for the time being.
fn is_final(path: &str) -> bool {
    !path.split('/').any(|part| part.starts_with('.')) && !path.contains("/pending/tmp")
}

/// Nobody tidies up durably, but everything else has to be on the disk at the end.
fn what_is_said_to_be_done_is_durable(durable: &Durable, last: &Moment, line: &str) {
    let names = |id: Id| durable.names.get(&id).cloned().unwrap_or_default();
    let sure =
        durable.walk(last, &names, &|id| durable.content.get(&id).cloned().unwrap_or_default());
    let now = |id: Id| last.names.get(&id).cloned().unwrap_or_default();
    let said = durable.walk(last, &now, &|id| durable.nodes[&id].content.clone());
    for (path, (_, kind, _, _, bytes)) in &said {
        let is_only_for_now = path.ends_with("lock") || path.contains("/pending/");
        if *kind == Kind::Folder || !is_final(path) || is_only_for_now {
            continue;
        }
        let found = sure.get(path).map(|(.., bytes)| bytes);
        assert!(found == Some(bytes), "{line} has ended, and {path} may be lost");
    }
}

fn put(found: &Found, folder: &Folder) {
    let mut first: HashMap<Id, &str> = HashMap::new();
    for (path, (id, kind, mode, time, bytes)) in found {
        let place = folder.path(path);
        match kind {
            Kind::Folder => std::fs::create_dir(&place).unwrap(),
            Kind::Link => {
                let target = std::str::from_utf8(bytes).unwrap();
                std::os::unix::fs::symlink(target, &place).unwrap();
                continue;
            }
            Kind::File => {
                if let Some(other) = first.get(id) {
                    std::fs::hard_link(folder.path(other), &place).unwrap();
                    continue;
                }
                first.insert(*id, path);
                std::fs::write(&place, bytes).unwrap();
                let file = std::fs::File::options().write(true).open(&place).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + *time).unwrap();
            }
        }
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(*mode)).unwrap();
    }
}

/// The folder at each call of a run.
fn moments(folder: &Folder, line: &str) -> (Vec<Moment>, Outcome) {
    let (bytes, outcome) = steps(folder, line);
    let mut rest = &bytes[..];
    let mut moments: Vec<Moment> = Vec::new();
    let mut ids = 0;
    while let Some(header) = take_line(&mut rest) {
        let call = Call::parse(header.strip_prefix("= ").unwrap());
        let known = moments.last().map(|moment| &moment.by_inode);
        let moment = moment(call, &mut rest, known, &mut ids);
        moments.push(moment);
    }
    (moments, outcome)
}

fn moment(
    call: Call,
    rest: &mut &[u8],
    known: Option<&HashMap<u64, Id>>,
    ids: &mut usize,
) -> Moment {
    let mut moment = Moment {
        call,
        root: 0,
        nodes: HashMap::new(),
        names: HashMap::new(),
        by_inode: HashMap::new(),
    };
    let mut paths: HashMap<String, Id> = HashMap::new();
    while let Some(header) = take_line(rest) {
        if header == "." {
            break;
        }
        let mut words = header.splitn(6, ' ');
        let kind = match words.next().unwrap() {
            "d" => Kind::Folder,
            "l" => Kind::Link,
            _ => Kind::File,
        };
        let mode = u32::from_str_radix(words.next().unwrap(), 8).unwrap();
        let inode: u64 = words.next().unwrap().parse().unwrap();
        let (seconds, nanoseconds) = words.next().unwrap().split_once('.').unwrap();
        let time = Duration::new(seconds.parse().unwrap(), nanoseconds.parse().unwrap());
        let size: usize = words.next().unwrap().parse().unwrap();
        let path = words.next().unwrap().to_string();
        let content = rest[..size].into();
        *rest = &rest[size + 1..];
        let id = *moment.by_inode.entry(inode).or_insert_with(|| {
            known.and_then(|known| known.get(&inode).copied()).unwrap_or_else(|| {
                *ids += 1;
                *ids
            })
        });
        moment.nodes.insert(id, Node { kind, mode, time, content });
        if kind == Kind::Folder {
            moment.names.insert(id, BTreeMap::new());
        }
        if path == "." {
            moment.root = id;
        } else {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let above = if above.is_empty() { moment.root } else { paths[above] };
            moment.names.get_mut(&above).unwrap().insert(name.to_string(), id);
        }
        paths.insert(path, id);
    }
    moment
}

fn take_line(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end + 1..];
    Some(line)
}
