//! A question to three verifiers, and the answers that are expected.

use mailca::pki::identity::Identity;
use mailca::pki::verify::{Options, Purpose, verify};
use time::OffsetDateTime;
use time::macros::datetime;

use super::make::{Made, ca};

/// The moment that is asked for, unless told otherwise.
pub const NOW: OffsetDateTime = datetime!(2030-01-01 12:00:00 UTC);

/// More than any sentence for a person should have.
const LONGEST: usize = 2000;

#[derive(Clone)]
pub struct Case {
    /// `kind::what`, after the manner of the ids of x509-limbo.
    pub id: String,
    pub leaf: Vec<u8>,
    pub roots: Vec<Vec<u8>>,
    pub untrusted: Vec<Vec<u8>>,
    pub lists: Vec<Vec<u8>>,
    pub at: OffsetDateTime,
    pub purpose: Option<Purpose>,
    pub host: Option<String>,
    pub email: Option<String>,
    /// Whether openssl is to ask for a list for every certificate.
    pub all_lists: bool,
    /// Empty where we accept, else a part of our sentence.
    pub refused: String,
}

/// A leaf directly under the only root.
pub fn case(id: &str, leaf: &Made, root: &Made) -> Case {
    Case {
        id: id.into(),
        leaf: leaf.der.clone(),
        roots: vec![root.der.clone()],
        untrusted: Vec::new(),
        lists: Vec::new(),
        at: NOW,
        purpose: None,
        host: None,
        email: None,
        all_lists: false,
        refused: String::new(),
    }
}

/// A leaf under a CA under a root that has nothing special.
pub fn chain(id: &str, leaf: &super::make::Draft, sub: &super::make::Draft) -> Case {
    let root = ca("Root").self_signed();
    let sub = sub.by(&root);
    case(id, &leaf.by(&sub), &root).untrusted(&[&sub])
}

impl Case {
    pub fn untrusted(mut self, others: &[&Made]) -> Self {
        self.untrusted.extend(others.iter().map(|other| other.der.clone()));
        self
    }

    pub fn trusted(mut self, roots: &[&Made]) -> Self {
        self.roots = roots.iter().map(|root| root.der.clone()).collect();
        self
    }

    pub fn lists(mut self, lists: &[Vec<u8>]) -> Self {
        self.lists = lists.to_vec();
        self
    }

    pub fn all_lists(mut self) -> Self {
        self.all_lists = true;
        self
    }

    pub fn at(mut self, at: OffsetDateTime) -> Self {
        self.at = at;
        self
    }

    pub fn server(self) -> Self {
        self.purpose(Purpose::Server)
    }

    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.into());
        self
    }

    pub fn email(mut self, email: &str) -> Self {
        self.email = Some(email.into());
        self
    }

    /// We refuse with these words; empty, we accept.
    pub fn refused(mut self, words: &str) -> Self {
        self.refused = words.into();
        self
    }

    /// Our own verdict: the sentence, empty for yes.
    pub fn ours(&self) -> String {
        let identity = match (&self.host, &self.email) {
            (Some(host), _) => Some(Identity::host(host).unwrap()),
            (_, Some(email)) => Some(Identity::email(email).unwrap()),
            _ => None,
        };
        let options = Options {
            roots: &self.roots,
            intermediates: &self.untrusted,
            crls: &self.lists,
            at: self.at,
            purpose: self.purpose,
            identity,
        };
        verify(&self.leaf, &options).err().map(|error| error.to_string()).unwrap_or_default()
    }

    /// What is wrong with our answer, where something is.
    pub fn fault(&self) -> Option<String> {
        let sentence = self.ours();
        if sentence.is_empty() != self.refused.is_empty() || !sentence.contains(&self.refused) {
            return Some(format!("{}: expected {:?}, got {sentence:?}", self.id, self.refused));
        }
        if sentence.chars().any(char::is_control) {
            return Some(format!("{}: control characters in {sentence:?}", self.id));
        }
        let length = sentence.chars().count();
        (length > LONGEST).then(|| format!("{}: {length} characters in one sentence", self.id))
    }
}
