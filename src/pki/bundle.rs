//! The CA certificates that stand together in a cacert.pem: the chain of a CA, and while its key is
//! rolled over, the cross certificates and roots that bridge from the old key to the new one.
//!
//! The order matters to OpenSSL before all. It takes the first certificate with the issuer's name and
//! key identifier, and does not come back to try the next one. So in a chain that is presented, a cross
//! certificate must come before the root of the same key; and in a file of trusted certificates, no two
//! cross certificates may lead to each other before a root is met.

use crate::error::Result;
use crate::pki::certificate::Certificate;

/// The certificates of one CA.
#[derive(Clone, Debug)]
pub struct Bundle {
    chain: Vec<Certificate>,
    others: Vec<Certificate>,
}

impl Bundle {
    /// Sorts what is in a file whose first certificate is the CA's own. `None` where there is none.
    /// Certificates of no CA in the chain are left out.
    pub fn new(mut certificates: Vec<Certificate>) -> Option<Self> {
        if certificates.is_empty() {
            return None;
        }
        let mut chain = vec![certificates.remove(0)];
        while let Some(last) = chain.last().filter(|last| !last.is_self_signed()) {
            let issuers: Vec<_> =
                (0..certificates.len()).filter(|at| is_issuer(&certificates[*at], last)).collect();
            // The root of a key is nearer to the end than a cross certificate for it.
            let root = issuers.iter().find(|at| certificates[**at].is_self_signed());
            match root.or(issuers.first()) {
                Some(at) => chain.push(certificates.remove(*at)),
                None => break,
            }
        }
        certificates.retain(|other| {
            other.is_ca
                && chain.iter().any(|link| link.subject.same_as(&other.subject))
                && chain.iter().all(|link| link.as_der() != other.as_der())
        });
        Some(Self { chain, others: certificates })
    }

    /// The CA's certificate and those above it, issuer first, root last.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The CA's own certificate.
    pub fn own(&self) -> &Certificate {
        &self.chain[0]
    }

    /// All of them, the CA's own first.
    pub fn all(&self) -> impl Iterator<Item = &Certificate> {
        self.chain.iter().chain(&self.others)
    }

    /// What stands beside a certificate that this CA signed: the chain, before its root the cross
    /// certificates for clients that have an older root only, and those roots; the newest root last.
    pub fn beside_certificates(&self) -> Vec<&Certificate> {
        let Some((root, below)) = self.chain.split_last() else { return Vec::new() };
        let (crosses, mut roots) = self.walk(root, |from, to| to > from);
        roots.reverse();
        below.iter().chain(crosses).chain(roots).collect()
    }

    /// What stands beside a certificate that an older key of this CA signed: the cross certificates
    /// that lead from that key to the newest one, and all roots, newest first. `None` where none do.
    pub fn beside_older(&self, key: &[u8]) -> Option<Vec<&Certificate>> {
        let root = self.roots().find(|root| root.public_key == key)?;
        let (crosses, way) = self.walk(root, |from, to| to < from);
        let arrived = same(way.last()?, self.chain.last()?);
        arrived.then(|| crosses.into_iter().chain(self.roots()).collect())
    }

    /// The public keys that have the CA's own name, the newest first.
    pub fn keys(&self) -> Vec<&[u8]> {
        let mut keys: Vec<&[u8]> = Vec::new();
        for certificate in self.all().filter(|one| one.subject.same_as(&self.own().subject)) {
            if !keys.contains(&certificate.public_key.as_slice()) {
                keys.push(&certificate.public_key);
            }
        }
        keys
    }

    /// From a root over cross certificates to the roots of other keys, each further in one direction,
    /// which compares their places: the newest root stands first.
    fn walk<'b>(
        &'b self,
        from: &'b Certificate,
        onward: impl Fn(usize, usize) -> bool,
    ) -> (Vec<&'b Certificate>, Vec<&'b Certificate>) {
        let (mut crosses, mut roots) = (Vec::new(), vec![from]);
        let place = |wanted: &Certificate| self.roots().position(|root| same(root, wanted));
        let mut at = from;
        while let Some((cross, root)) = self
            .others
            .iter()
            .filter(|cross| !cross.is_self_signed() && cross.public_key == at.public_key)
            .find_map(|cross| {
                let root = self.roots().find(|root| {
                    is_issuer(root, cross)
                        && root.public_key != at.public_key
                        && place(root).zip(place(at)).is_some_and(|(to, from)| onward(from, to))
                })?;
                Some((cross, root))
            })
        {
            crosses.push(cross);
            roots.push(root);
            at = root;
        }
        (crosses, roots)
    }

    fn roots(&self) -> impl Iterator<Item = &Certificate> {
        self.all().filter(|one| one.is_self_signed())
    }
}

/// Certificates in PEM, one after the other.
pub fn to_pem<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> Result<String> {
    certificates.into_iter().map(Certificate::to_pem).collect()
}

fn same(one: &Certificate, other: &Certificate) -> bool {
    one.as_der() == other.as_der()
}

fn is_issuer(candidate: &Certificate, of: &Certificate) -> bool {
    candidate.is_ca && candidate.subject.same_as(&of.issuer) && of.names_as_issuer(candidate)
}
