//! The CA folder and the certificate folders on disk.
//!
//! # The rules
//!
//! A file is complete or absent: it is written under a temporary name in the same folder, with its
//! final mode from the first moment, fsynced, and then given its name without replacing anything
//! ([`atomic`]). The exception is `index.txt`, which is appended to.
//!
//! # How a certificate is recorded
//!
//! [`transaction`] does this under the CA's lock, each step durable before the next:
//!
//! 1. The certificate is written to `pending/DIGEST.new` and linked to `newcerts/SERIAL.pem`. DIGEST
//!    is the SHA-256 of the request, or of the certificate that is renewed. This is the intent: whatever
//!    happens later, the certificate can be found, and its line for `index.txt` follows from it.
//! 2. The line is appended to `index.txt`.
//! 3. `pending/DIGEST.new` becomes `pending/DIGEST.pem`: recorded, but not yet delivered.
//!
//! Then, without the lock, the files of the certificate folder are written, those of a renewal all at one
//! moment ([`together`]), and last `pending/DIGEST.pem` is removed. So no certificate is seen outside
//! before the CA knows it.
//!
//! # How many are recorded together
//!
//! `issue --from` does the same for a group of some hundred persons at a time, with one wait for the whole
//! file system (syncfs) where a single certificate waits for each file ([`transaction::Group`]):
//!
//! 1. Keys, requests and passwords are written under temporary names; wait; they get their names.
//! 2. Under the lock, the intent and every certificate are written under temporary names in `pending/`; wait,
//!    so that the names of the keys are durable too. The intent becomes `pending/DIGEST.group`, which holds all
//!    certificates and whose they are; then each certificate becomes `newcerts/SERIAL.pem`.
//! 3. All lines are appended to `index.txt` with one write. The lock ends here.
//! 4. Certificates, chains and bundles are written under temporary names; wait; they get their names, the
//!    bundle last. With the next wait those are durable, and `pending/DIGEST.group` is removed.
//!
//! # What a crash leaves, and who mends it
//!
//! - Before step 1 is complete: perhaps `pending/tmp`, which the next writer removes. Nothing was
//!   issued.
//! - Between 1 and 3: `pending/DIGEST.new`. The next command that takes the lock finishes steps 1
//!   to 3 for it, which is harmless to repeat: it looks whether `index.txt` has the serial.
//! - After 3: `pending/DIGEST.pem`. The next `sign` of the same request on the same terms delivers
//!   that certificate instead of issuing another one, unless it was revoked or expired since.
//!   `renew` does the same for the certificate that was renewed, and where the new one lies in its folder
//!   already, it only does the rest.
//! - After step 2 of a group: `pending/DIGEST.group`. The next command that takes the lock finishes steps 2
//!   and 3 for it and makes a `pending/DIGEST.pem` of each of its certificates, which `sign` or the next
//!   `issue --from` delivers. Before: perhaps `pending/tmp-*`, which are removed, and persons that have a key, a
//!   request and a password and no certificate, with which the next `issue --from` goes on.
//! - In a certificate folder where the key was to change: `next-key.pem`, which the next `renew` takes up.
//! - In a certificate folder: perhaps `.NAME.mailca-tmp`, which nobody holds locked any more. The
//!   next writer of NAME removes it.
//! - A half line at the end of `index.txt`: readers pass over it. The next writer takes it off, into
//!   `index.txt.torn`, or, where it is a whole row that lacks only its newline, completes it.
//! - Beside the CA's folder: perhaps `.NAME.mailca-tmp/`, a CA that was being made or restored. The next
//!   `newca` or `restore` of that name removes it.
//! - Beside a kit: perhaps `.NAME.mailca-tmp/`, which the next `kit` of that name removes; or the kit before, under
//!   the name under which it is kept, and no new one yet ([`kit`]).
//! - Everything else, and what other hands do, is found and mended by [`doctor`]; [`mod@backup`] is what
//!   remains where the folder itself is lost.
//!
//! # How a list of revoked certificates is made
//!
//! A certificate is revoked when its row in `index.txt` says so; the file is written anew for that and
//! renamed. A list takes the next number, notes in `crlnumber` that it is used, and only then appears:
//! in `crl.pem`, and then in every place outside, each by a rename ([`crl`]). A command that was struck
//! in between leaves a number that no list has, or places with an older list; `mailca crl --if-needed`
//! sees both.
//!
//! - In the middle of a roll-over (`rekey-ca`): `private/next-cakey.pem`. The old CA works as before, or
//!   the new one already; the next `rekey-ca` goes on with that key and does what is left.
//!
//! # Other programs
//!
//! `openssl ca` knows no lock and replaces `index.txt` by renaming. After an append mailca looks
//! whether `index.txt` is still the file that it wrote to, and appends again where it is not. What
//! is left is the moment between that look and openssl's rename: a line written then is lost from
//! `index.txt`, while the certificate stays in `newcerts/`. Do not run both at the same time.

pub mod atomic;
pub mod backup;
pub mod ca;
pub mod config;
pub mod create;
pub mod crl;
pub mod doctor;
pub mod due;
pub mod folder;
pub mod import;
pub mod index;
pub mod input;
pub mod installed;
pub mod kit;
pub mod layout;
pub mod lock;
pub mod owner;
pub mod previous;
pub mod together;
pub mod transaction;
pub mod trusted;
pub mod way;
