# TLS for Exim as Debian sets it up, in one file or split. To use it, as root:
#   mailca config exim ... | sh
#   systemctl restart exim4
#
# It may be run again, and then takes the place of what it wrote before. Where Exim refuses the result,
# everything is put back. A macro that your own files set as well is such a case: remove it there.
# Other machines reach Exim only where `dpkg-reconfigure exim4-config` lets it listen to them.
{% if crl %}
#
# Revoked clients are refused for as long as the list is fresh: Debian's Exim uses GnuTLS, which takes a
# list that is out of date without a word. (An Exim with OpenSSL then refuses everybody.) This keeps it
# fresh, and has to run every day; `mailca config timer` does it:
#   mailca crl --if-needed --publish {{ crl_file }}
{% elif roles.relay_by_cert %}
#
# Revoked certificates are taken like others: --crl changes that.
{% endif %}
set -eu
umask 022
cd /etc/exim4
if [ -e exim4.conf ]; then
  echo "error: /etc/exim4/exim4.conf takes the place of Debian's files: see mailca config exim --plain" >&2
  exit 1
fi
old=$(mktemp -d)
mkdir -p conf.d/main
for file in exim4.conf.localmacros exim4.conf.template mailca-*; do
  [ ! -f "$file" ] || cp -p "$file" "$old/"
done
cp -pR conf.d "$old/"
put_back() {
  rm -f exim4.conf.localmacros mailca-* conf.d/main/000_mailca
  cp -pR "$old/." .
  rm -rf "$old"
  echo "error: Exim was left as it was" >&2
}
trap put_back EXIT
put() { # FILE: what comes in, at once
  cat >"$1.new"
  mv "$1.new" "$1"
}
read_too() { # FILE NAME FROM TO: after the first line TO behind a line FROM, mailca-NAME where it is there
  if [ -f "$1" ] && ! grep -q "/mailca-$2\$" "$1"; then
    sed -i "/^$3\$/,/^$4\$/ s|^$4\$|&\n.include_if_exists /etc/exim4/mailca-$2|" "$1"
  fi
}

# The main section: in conf.d for the split configuration, in exim4.conf.localmacros for the other.
put conf.d/main/000_mailca <<'END'
# begin mailca
{% if server %}
MAIN_TLS_ENABLE = yes
MAIN_TLS_CERTIFICATE = {{ cert }}
MAIN_TLS_PRIVATEKEY = {{ key }}
# TLS 1.2 and 1.3: the older ones must not be used any more (RFC 8996), and a sender without newer goes on in plain text.
tls_require_ciphers = {{ priorities }}
{% endif %}
{% if roles.relay_by_cert %}
# A certificate is asked for, of this CA alone, and nobody is turned away for having none.
MAIN_TLS_VERIFY_CERTIFICATES = {{ cacert }}
MAIN_TLS_TRY_VERIFY_HOSTS = *
{% if crl %}
tls_crl = {{ crl_file }}
{% endif %}
{% endif %}
{% if roles.submission %}
daemon_smtp_ports = 25 : 465 : 587
tls_on_connect_ports = 465
# No password is asked for before TLS.
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
{% endif %}
{% if acl %}
MAIN_ACL_CHECK_RCPT = /etc/exim4/mailca-rcpt
{% endif %}
{% if roles.client %}
# Shown to servers that ask for a certificate.
REMOTE_SMTP_TLS_CERTIFICATE = {{ cert }}
REMOTE_SMTP_PRIVATEKEY = {{ key }}
REMOTE_SMTP_SMARTHOST_TLS_CERTIFICATE = {{ cert }}
REMOTE_SMTP_SMARTHOST_PRIVATEKEY = {{ key }}
{% endif %}
{% if roles.verify_peers %}
{% if peers == "*" %}
# Mail leaves for servers only whose certificate this CA signed; --peer names some in the place of all.
{% else %}
# Mail goes to these servers only if this CA signed their certificate. Who forges answers of the DNS can
# give a domain another server, which is not verified.
{% endif %}
MAILCA_VERIFY_HOSTS = {{ peers }}
REMOTE_SMTP_SMARTHOST_HOSTS_REQUIRE_TLS = MAILCA_VERIFY_HOSTS
REMOTE_SMTP_SMARTHOST_TLS_VERIFY_HOSTS = MAILCA_VERIFY_HOSTS
REMOTE_SMTP_SMARTHOST_TLS_VERIFY_CERTIFICATES = {{ cacert }}
{% endif %}
# end mailca
END
touch exim4.conf.localmacros
sed -i '/^# begin mailca$/,/^# end mailca$/d' exim4.conf.localmacros
{% if server %}
# Who has set the versions or ciphers already keeps that.
if grep -qs '^ *tls_require_ciphers' exim4.conf.template exim4.conf.localmacros \
  $(ls conf.d/main/* | grep -v /000_mailca); then
  sed -i '/^tls_require_ciphers/d' conf.d/main/000_mailca
fi
{% endif %}
cat conf.d/main/000_mailca >>exim4.conf.localmacros
{% if acl %}

# What is asked before Debian's rules for recipients.
put mailca-rcpt <<'END'
{{ rcpt }}
require acl            = acl_check_rcpt
accept
END
{% else %}
rm -f mailca-rcpt
{% endif %}
{% if roles.submission %}

# Passwords are those of /etc/exim4/passwd: see exim4_passwd(5). Who has authenticators for a server already
# keeps those alone.
if exim4 -bP authenticators | awk '/ authenticator:$/ { ours = /^mailca_/ }
  /^server_(condition|secret|socket|service|keytab|param1) = ./ && !ours { found = 1 }
  END { exit !found }'; then
  rm -f mailca-auth
else
  put mailca-auth <<'END'
{{ auth }}
END
fi
for file in exim4.conf.template conf.d/auth/00_exim4-config_header; do
  read_too $file auth 'begin authenticators' 'begin authenticators'
done
{% else %}
rm -f mailca-auth
{% endif %}
{% if roles.verify_peers %}

put mailca-sending <<'END'
hosts_require_tls = MAILCA_VERIFY_HOSTS
tls_verify_hosts = MAILCA_VERIFY_HOSTS
tls_verify_certificates = {{ cacert }}
{% if crl %}
tls_crl = {{ crl_file }}
{% endif %}
END
{% if crl %}
echo 'tls_crl = {{ crl_file }}' | put mailca-smarthost
{% else %}
rm -f mailca-smarthost
{% endif %}
for file in exim4.conf.template conf.d/transport/30_exim4-config_remote_smtp*; do
  read_too $file sending 'remote_smtp:' '  driver = smtp'
  read_too $file smarthost 'remote_smtp_smarthost:' '  driver = smtp'
done
{% else %}
rm -f mailca-sending mailca-smarthost
{% endif %}

update-exim4.conf
exim4 -bV >/dev/null
trap - EXIT
rm -rf "$old"
