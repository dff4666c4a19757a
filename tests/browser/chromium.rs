//! Chromium without a window, told what to do over a pipe by its own protocol: no port, and nothing between it and the
//! test. It ends with the value that stands for it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One browser at a time: each takes all cores there are.
static ONE: Mutex<()> = Mutex::new(());

/// What the shell does: the protocol is spoken on the descriptors 3 and 4.
const START: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// A browser that shows one page.
pub struct Chromium {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    /// What it told without being asked.
    pub events: Vec<Value>,
    profile: TempDir,
    _one: MutexGuard<'static, ()>,
}

impl Chromium {
    /// Starts it; whatever it would fetch goes to a port on which nobody listens.
    pub fn start() -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", START, "sh", "chromium", "--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .args(["--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Self {
            child,
            input,
            output,
            session: None,
            sent: 0,
            events: Vec::new(),
            profile,
            _one: one,
        };
        let target = browser.say("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.say("Target.attachToTarget", &target);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Log", "Runtime"] {
            browser.say(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Shows a page, and waits until all of it is there.
    pub fn show(&mut self, html: &str) {
        let path = self.profile.path().join("page.html");
        fs::write(&path, html).unwrap();
        self.events.clear();
        self.say("Page.navigate", &json!({"url": format!("file://{}", path.display())}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.listen();
            self.events.push(event);
        }
    }

    /// As wide as that, in that scheme of colours.
    pub fn look(&mut self, width: u32, scheme: &str) {
        let mobile = width < 600;
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": mobile});
        self.say("Emulation.setDeviceMetricsOverride", &size);
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.say("Emulation.setEmulatedMedia", &json!({"features": [feature]}));
    }

    /// The value of an expression of `JavaScript`, awaited.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.say(
            "Runtime.evaluate",
            &json!({"expression": expression, "awaitPromise": true, "returnByValue": true}),
        );
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// Opens every part that is folded in.
    pub fn unfold(&mut self) {
        self.value("document.querySelectorAll('details').forEach(part => part.open = true)");
    }

    /// A picture of the whole page, for a person to look at.
    pub fn photograph(&mut self, path: &Path) {
        let shot = json!({"format": "png", "captureBeyondViewport": true});
        let shot = self.say("Page.captureScreenshot", &shot);
        let png = BASE64.decode(shot["data"].as_str().unwrap().as_bytes()).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, png).unwrap();
    }

    /// The page as a printer would get it.
    pub fn print(&mut self) -> Vec<u8> {
        let options = json!({"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true});
        let printed = self.say("Page.printToPDF", &options);
        BASE64.decode(printed["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    /// What a screen reader is told, each with its role and its name.
    pub fn told(&mut self) -> Vec<(String, String)> {
        self.say("Accessibility.enable", &json!({}));
        let tree = self.say("Accessibility.getFullAXTree", &json!({}));
        let text = |node: &Value, key: &str| node[key]["value"].as_str().map(str::to_owned);
        let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
        nodes.filter_map(|node| Some((text(node, "role")?, text(node, "name")?))).collect()
    }

    /// What it complained about, and what it asked for besides the page.
    pub fn complaints(&self) -> Vec<&Value> {
        let page = format!("file://{}/page.html", self.profile.path().display());
        let is_one = |event: &&Value| match event["method"].as_str() {
            Some(
                "Log.entryAdded"
                | "Page.javascriptDialogOpening"
                | "Runtime.consoleAPICalled"
                | "Runtime.exceptionThrown",
            ) => true,
            Some("Network.requestWillBeSent") => event["params"]["request"]["url"] != page.as_str(),
            _ => false,
        };
        self.events.iter().filter(is_one).collect()
    }

    fn say(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.listen();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn listen(&mut self) -> Value {
        let mut message = Vec::new();
        self.output.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser ended");
        serde_json::from_slice(&message).unwrap()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // All of its processes, so that none writes into the folder that is removed next.
        if let Some(group) = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or_default()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
