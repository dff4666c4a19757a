# Postfix for {{ host }}: {{ role_names }}.
# To be run as root: it changes main.cf and master.cf, and leaves alone what it does not name. Running it again
# does no harm, and nothing runs before all of it has been read. Before it, the certificates have to be in
# {{ certs }} (mailca install --for postfix). After it: postfix reload
{% if incoming and roles.receive %}
# To see it work:
#   openssl s_client -starttls smtp -connect {{ host }}:25 -CAfile {{ cacert }} \
#     -verify_return_error -verify_hostname {{ host }} </dev/null
{% endif %}
(
set -eu
for file in {{ needed_files }}; do
  test -r "$file" || { echo "$file is not there or cannot be read: nothing was changed" >&2; exit 1; }
done
{% if incoming %}

# The key first, then the certificates in the order in which they are sent. TLS 1.2 and 1.3: the older ones
# must not be used any more (RFC 8996), and a sender without newer goes on in plain text.
postconf -e \
  'smtpd_tls_chain_files = {{ key }}, {{ cert }}' \
  'smtpd_tls_protocols = {{ protocols }}' \
  'smtpd_tls_mandatory_protocols = {{ protocols }}' \
  'smtpd_tls_auth_only = yes' \
  'smtpd_tls_received_header = yes' \
  'smtpd_tls_loglevel = 1'
# Older names for the same files, which would only be warned about. The lines stay, as comments.
postconf -# smtpd_tls_cert_file smtpd_tls_key_file smtpd_tls_eccert_file smtpd_tls_eckey_file
# No ciphers without a certificate, beside those that are excluded already.
excluded=$(postconf -h smtpd_tls_exclude_ciphers)
case $excluded in
  *aNULL*) ;;
  *) postconf -e "smtpd_tls_exclude_ciphers = ${excluded:+$excluded, }aNULL" ;;
esac
{% endif %}
{% if roles.receive or roles.relay_by_cert %}

# TLS for whoever wants it, unless more is asked for already.
case $(postconf -h smtpd_tls_security_level) in
  '' | none) postconf -e 'smtpd_tls_security_level = may' ;;
esac
{% endif %}
{% if roles.relay_by_cert %}

# Clients whose certificate is in the map may relay. Postfix looks for its SHA-256 fingerprint there, and at
# nothing else: neither at a revocation list nor at the dates, so that one that is listed relays even when
# it is revoked or expired. A map made anew leaves these out: make one after each `mailca revoke` and every
# day (access-maps in mailca.toml has mailca do it):
#   mailca access-map --for postfix --all -o {{ map }} --build
postconf -e \
  'smtpd_tls_ask_ccert = yes' \
  'smtpd_tls_CAfile = {{ cacert }}' \
  'smtpd_tls_fingerprint_digest = sha256' \
  'relay_clientcerts = $default_database_type:{{ map }}'
test -e {{ map }} || : >{{ map }}
postmap {{ map }}
restrictions=$(postconf -h smtpd_relay_restrictions)
case $restrictions in
  *permit_tls_clientcerts*) ;;
  '') postconf -e 'smtpd_relay_restrictions = permit_tls_clientcerts,
    permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination' ;;
  *) postconf -e "smtpd_relay_restrictions = permit_tls_clientcerts, $restrictions" ;;
esac
# Where relaying is refused there too, the first refusal counts.
restrictions=$(postconf -h smtpd_recipient_restrictions)
case $restrictions in
  *permit_tls_clientcerts*) ;;
  *_unauth_destination*)
    postconf -e "smtpd_recipient_restrictions = permit_tls_clientcerts, $restrictions" ;;
esac
{% endif %}
{% if roles.submission %}

# Port 587 with STARTTLS and port 465 with TLS from the first byte, for users who log in. AUTH is offered
# under TLS only. Services that are there already keep their other settings.
chroot=$(postconf -hF smtp/inet/chroot 2>/dev/null || :)
wrapped=submissions
for name in smtps 465; do
  test -z "$(postconf -M "$name/inet" 2>/dev/null)" || wrapped=$name
done
for name in submission $wrapped; do
  test -n "$(postconf -M "$name/inet" 2>/dev/null)" || {
    postconf -M "$name/inet=$name inet n - ${chroot:--} - - smtpd"
    # The rules for strangers are not meant for users.
    postconf -P "$name/inet/syslog_name=postfix/$name" \
      "$name/inet/smtpd_client_restrictions=" \
      "$name/inet/smtpd_helo_restrictions=" \
      "$name/inet/smtpd_sender_restrictions=" \
      "$name/inet/smtpd_recipient_restrictions="
  }
  postconf -P "$name/inet/smtpd_tls_security_level=encrypt" \
    "$name/inet/smtpd_tls_auth_only=yes" \
    "$name/inet/smtpd_sasl_auth_enable=yes" \
    "$name/inet/smtpd_relay_restrictions={{ submission_restrictions }}"
done
postconf -P submission/inet/smtpd_tls_wrappermode=no "$wrapped/inet/smtpd_tls_wrappermode=yes"
# Who checks passwords: Dovecot, unless something is set up already. It has to listen at
# /var/spool/postfix/private/auth.
if test -z "$(postconf -n smtpd_sasl_type)" &&
  test ! -e /etc/postfix/sasl/smtpd.conf && test ! -e /etc/sasl2/smtpd.conf; then
  postconf -e 'smtpd_sasl_type = dovecot' 'smtpd_sasl_path = private/auth'
fi
{% endif %}
{% if outgoing %}

postconf -e \
  'smtp_tls_protocols = {{ protocols }}' \
  'smtp_tls_mandatory_protocols = {{ protocols }}' \
  'smtp_tls_loglevel = 1'
{% endif %}
{% if roles.client %}

# Our certificate, for servers that ask for one.
postconf -e 'smtp_tls_chain_files = {{ key }}, {{ cert }}'
postconf -# smtp_tls_cert_file smtp_tls_key_file smtp_tls_eccert_file smtp_tls_eckey_file
{% endif %}
{% if outgoing and (peers or not roles.verify_peers) %}
case $(postconf -h smtp_tls_security_level) in
  '' | none) postconf -e 'smtp_tls_security_level = may' ;;
  secure | verify | fingerprint)
    echo "smtp_tls_security_level stays as it is: all mail needs a server whose certificate verifies." >&2
    echo "If that is not meant any more: postconf -e 'smtp_tls_security_level = may'" >&2
    ;;
esac
{% endif %}
{% if roles.verify_peers %}

# A server's certificate counts when the CA of {{ cacert }}
# signed it, no other CA, and when it is for the domain that the mail is for, or for a host in it.
postconf -e \
  'smtp_tls_CAfile = {{ cacert }}' \
  'smtp_tls_CApath ='
{% if peers %}
# Mail for these goes over such a connection or stays in the queue. `[HOST]` is a relayhost in brackets.
cat >{{ peers_map }} <<'END'
{% for peer in peers %}
{{ peer }} secure
{% endfor %}
END
postmap {{ peers_map }}
policies=$(postconf -h smtp_tls_policy_maps)
case $policies in
  *{{ peers_map }}*) ;;
  '') postconf -e 'smtp_tls_policy_maps = $default_database_type:{{ peers_map }}' ;;
  *) postconf -e "smtp_tls_policy_maps = \$default_database_type:{{ peers_map }}, $policies" ;;
esac
{% else %}
# All mail goes over such a connection or stays in the queue, that for the rest of the world too: for some
# domains only, see `mailca config postfix --peer DOMAIN`. For servers that publish TLSA records (mailca
# tlsa), and with a resolver that validates DNSSEC, there is
#   postconf -e 'smtp_dns_support_level = dnssec' 'smtp_tls_security_level = dane'
postconf -e 'smtp_tls_security_level = secure'
{% endif %}
{% endif %}

postfix check
)
