//! Puts the macros of a snippet into a file.

use std::collections::BTreeMap;

use super::HEADING;
use super::call::{self, Call};
use super::daemon::Options;

/// After these it is too late for features, and they have what is defined before.
const LATE: [&str; 7] = [
    "MAILER",
    "MAILER_DEFINITIONS",
    "LOCAL_CONFIG",
    "LOCAL_NET_CONFIG",
    "LOCAL_RULE_0",
    "LOCAL_RULE_3",
    "LOCAL_RULESETS",
];

/// The file with all that the snippet says.
pub(super) fn merged(text: &str, snippet: &str) -> Result<String, String> {
    let lines = call::lines(snippet);
    let calls: Vec<_> = call::all(snippet).into_iter().filter(Call::is_active).collect();
    let mut merge = Merge::new(text);
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let call = calls.iter().find(|call| call.first == number);
        number = match call {
            Some(call) if call.is("LOCAL_CONFIG", "") => {
                let is_end = |call: &&Call| call.first > number && call.is("divert", "0");
                let end = calls.iter().find(is_end).ok_or("LOCAL_CONFIG without divert(0)dnl")?;
                merge.block(&lines[number..=end.last]);
                end.last
            }
            Some(call) if !call.arguments.is_empty() => {
                merge.put(call)?;
                call.last
            }
            _ if is_blank(line) => number,
            _ => return Err(format!("--merge does not understand this line: {}", line.trim())),
        } + 1;
    }
    Ok(merge.finish())
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line.starts_with("dnl")
}

struct Merge<'t> {
    lines: Vec<&'t str>,
    calls: Vec<Call>,
    /// The line before which new ones go.
    place: usize,
    /// The line after the last file that is included before `place`, whose definitions go before ours.
    floor: usize,
    /// New text for lines, by their numbers.
    changed: BTreeMap<usize, String>,
    /// New lines, by the number of the line before which they go.
    added: BTreeMap<usize, Vec<String>>,
}

impl<'t> Merge<'t> {
    fn new(text: &'t str) -> Self {
        let lines = call::lines(text);
        let calls = call::all(text);
        let is_late = |call: &&Call| {
            call.is_active() && (LATE.contains(&call.name.as_str()) || call.is_feature("msp"))
        };
        let mut place = calls.iter().find(is_late).map_or(lines.len(), |call| call.first);
        let is_ours = |call: &&Call| {
            call.is_active()
                && call.first < place
                && matches!(call.name.as_str(), "include" | "sinclude")
                && !call.argument(0).ends_with("cf.m4")
        };
        let floor = calls.iter().filter(is_ours).map(|call| call.last + 1).max().unwrap_or(0);
        // The comment above such a line belongs to it, but not what is only commented out.
        let is_prose = |number: usize| {
            lines[number].starts_with("dnl") && !calls.iter().any(|call| call.first == number)
        };
        if place < lines.len() {
            while place > floor && is_prose(place - 1) {
                place -= 1;
            }
        }
        Self { lines, calls, place, floor, changed: BTreeMap::new(), added: BTreeMap::new() }
    }

    fn put(&mut self, wanted: &Call) -> Result<(), String> {
        match wanted.name.as_str() {
            "define" => self.define(wanted),
            "FEATURE" => self.feature(wanted)?,
            "DAEMON_OPTIONS" => self.daemon(wanted),
            "TRUST_AUTH_MECH" => self.trust(wanted),
            _ => {
                let is_same = |call: &&Call| {
                    (&call.name, &call.arguments) == (&wanted.name, &wanted.arguments)
                };
                self.take_in_or_add(wanted, |call| is_same(&call));
            }
        }
        Ok(())
    }

    /// Lines for the end of the configuration, which are needed by the map of the feature that follows.
    fn block(&mut self, block: &[&str]) {
        let is_there = |line: &&str| self.lines.iter().any(|own| own.trim() == line.trim());
        if block[1..block.len() - 1].iter().filter(|line| !is_blank(line)).all(is_there) {
            return;
        }
        let is_it = |call: &&Call| call.is_active() && call.is_feature("access_db");
        let before = self.calls.iter().find(is_it).cloned();
        let before = before.or_else(|| self.commented(|c| c.is_feature("access_db"), |_| true));
        let before =
            before.map(|call| call.first).or_else(|| self.greet_pause()).unwrap_or(self.place);
        let block = block.iter().map(|line| (*line).to_owned());
        self.added.entry(before).or_default().extend(block);
    }

    /// Its pauses are looked up in the map only where the map is there before it.
    fn greet_pause(&self) -> Option<usize> {
        let is_it = |call: &&Call| call.is_active() && call.is_feature("greet_pause");
        self.calls.iter().find(is_it).map(|call| call.first)
    }

    /// The last definition counts, so that one is changed; but not where a file that is included later
    /// may say something else.
    fn define(&mut self, wanted: &Call) {
        let name = wanted.argument(0);
        let undefined = self.calls.iter().filter(|c| c.is_active() && c.is("undefine", name));
        let floor = undefined.map(|call| call.last + 1).max().unwrap_or(0).max(self.floor);
        let is_it = |call: &&Call| call.is("define", name) && call.first >= floor;
        let found = self.calls.iter().filter(is_it).rfind(|call| call.is_active()).cloned();
        let Some(found) = found else {
            let is_it = |call: &Call| call.is("define", name) && call.first >= floor;
            return self.take_in_or_add(wanted, is_it);
        };
        if found.argument(1) != wanted.argument(1) {
            self.replace(&found, &wanted.text());
        }
    }

    /// One that is there keeps the arguments that somebody chose, but for the map that is wanted.
    fn feature(&mut self, wanted: &Call) -> Result<(), String> {
        let name = wanted.argument(0);
        let active = self.calls.iter().find(|call| call.is_active() && call.is_feature(name));
        let found = active.cloned().or_else(|| self.commented(|c| c.is_feature(name), |_| true));
        let Some(mut call) = found else {
            let before = self.greet_pause().filter(|_| name == "access_db");
            self.add(wanted, before);
            return Ok(());
        };
        let mut is_new = call.is_comment;
        let map = call.argument(1);
        if !wanted.argument(1).is_empty() && map != wanted.argument(1) {
            let is_usual =
                map.is_empty() || map.ends_with("/access") || map.ends_with("/access.db");
            if !is_usual {
                return Err(format!("FEATURE(`{name}') has a map of its own: {map}"));
            }
            call.arguments.resize(call.arguments.len().max(2), String::new());
            call.arguments[1].clone_from(&wanted.arguments[1]);
            is_new = true;
        }
        if is_new {
            let text = call.text();
            self.replace(&call, &text);
        }
        Ok(())
    }

    fn daemon(&mut self, wanted: &Call) {
        let options = Options::new(wanted.argument(0));
        let is_it = |call: &Call| {
            call.name == "DAEMON_OPTIONS" && Options::new(call.argument(0)).port() == options.port()
        };
        let active: Vec<_> =
            self.calls.iter().filter(|call| call.is_active() && is_it(call)).cloned().collect();
        for call in &active {
            if let Some(new) = Options::new(call.argument(0)).adjusted(&options) {
                self.replace(call, &format!("DAEMON_OPTIONS(`{new}')"));
            }
        }
        if !active.is_empty() {
            return;
        }
        let is_inet = |call: &Call| !Options::new(call.argument(0)).is_inet6();
        match self.commented(|call| is_it(call) && is_inet(call), |_| true) {
            Some(call) => {
                let own = Options::new(call.argument(0));
                let text = own.adjusted(&options).unwrap_or_else(|| call.argument(0).to_owned());
                self.replace(&call, &format!("DAEMON_OPTIONS(`{text}')"));
            }
            None => self.add(wanted, None),
        }
    }

    /// They add up, so that those which name a mechanism too many have to go.
    fn trust(&mut self, wanted: &Call) {
        let mechanisms: Vec<_> = wanted.argument(0).split_whitespace().collect();
        let has_all = |call: &Call| {
            let own: Vec<_> = call.argument(0).split_whitespace().collect();
            mechanisms.iter().all(|name| own.contains(name))
        };
        let has_more = |call: &Call| {
            call.argument(0).split_whitespace().any(|name| !mechanisms.contains(&name))
        };
        let is_it = |call: &&Call| call.is_active() && call.name == wanted.name;
        let active: Vec<_> = self.calls.iter().filter(is_it).cloned().collect();
        let mut is_said = active.iter().any(|call| has_all(call) && !has_more(call));
        for call in active.iter().rev().filter(|call| has_more(call)) {
            if is_said {
                self.comment_out(call);
            } else {
                self.replace(call, &wanted.text());
                is_said = true;
            }
        }
        if !is_said {
            self.take_in_or_add(wanted, |call| call.name == wanted.name);
        }
    }

    /// A call that is there, or commented out, or is added.
    fn take_in_or_add(&mut self, wanted: &Call, is_it: impl Fn(&Call) -> bool) {
        let is_equal = |call: &Call| call.arguments == wanted.arguments;
        if self.calls.iter().any(|call| call.is_active() && is_it(call) && is_equal(call)) {
            return;
        }
        match self.commented(is_it, is_equal) {
            Some(call) => self.replace(&call, &wanted.text()),
            None => self.add(wanted, None),
        }
    }

    /// A call that is commented out and not too late: the preferred one, else the last.
    fn commented(
        &self,
        is_it: impl Fn(&Call) -> bool,
        is_preferred: impl Fn(&Call) -> bool,
    ) -> Option<Call> {
        let candidates: Vec<_> = self
            .calls
            .iter()
            .filter(|call| call.is_comment && call.first < self.place && is_it(call))
            .filter(|call| !self.changed.contains_key(&call.first))
            .collect();
        let preferred = candidates.iter().rev().find(|call| is_preferred(call));
        preferred.or(candidates.last()).map(|call| (*call).clone())
    }

    fn replace(&mut self, call: &Call, text: &str) {
        // `dnl` eats the line end, which would become an empty line.
        let rest = match call.rest.trim_start() {
            "" => format!("dnl{}", call.rest),
            _ => call.rest.clone(),
        };
        self.changed.insert(call.first, format!("{text}{rest}"));
        for number in call.first + 1..=call.last {
            self.changed.insert(number, String::new());
        }
    }

    fn comment_out(&mut self, call: &Call) {
        for number in call.first..=call.last {
            self.changed.insert(number, format!("dnl {}", self.lines[number]));
        }
    }

    fn add(&mut self, wanted: &Call, before: Option<usize>) {
        let text = format!("{}dnl\n", wanted.text());
        self.added.entry(before.unwrap_or(self.place)).or_default().push(text);
    }

    fn finish(mut self) -> String {
        let is_headed = self.lines.iter().any(|line| line.trim_end() == HEADING);
        if let Some(added) = self.added.get_mut(&self.place).filter(|_| !is_headed) {
            added.insert(0, format!("{HEADING}\n"));
        }
        let mut text = String::new();
        for number in 0..=self.lines.len() {
            if let Some(added) = self.added.get(&number) {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text.extend(added.iter().map(String::as_str));
            }
            let Some(line) = self.lines.get(number) else { break };
            text.push_str(self.changed.get(&number).map_or(line, String::as_str));
        }
        text
    }
}
