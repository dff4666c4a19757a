# Makes folders in /root/wrong, each with the key.pem and the cert.pem that a server is to present. cert.pem is the
# whole chain. Whose names are not said are mx.example.com's, signed by the CA of /root/demoCA.
set -eu
mkdir /root/wrong
cd /root/wrong
printf '[req]\ndistinguished_name = none\n[none]\n' >openssl.cnf
cp ../demoCA/cacert.pem root.pem
ln -s ../demoCA/private/cakey.pem root.key

# NAME ISSUER [OPTION...]: a key, unless there is one, and a certificate signed by ISSUER.pem with ISSUER.key, or by
# itself.
certify() {
  name=$1 issuer=$2
  shift 2
  mkdir -p "$name"
  test -f "$name/key.pem" ||
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name/key.pem"
  test "$issuer" = itself || set -- -CA "$issuer.pem" -CAkey "$issuer.key" "$@"
  openssl req -x509 -config openssl.cnf -key "$name/key.pem" -subj "/CN=mx.example.com" "$@" -out "$name/cert.pem"
}
san='-addext subjectAltName=DNS:mx.example.com'
usage='-addext extendedKeyUsage=serverAuth,clientAuth'
leaf="-addext basicConstraints=critical,CA:FALSE $san $usage"
# shellcheck disable=SC2086 # words on purpose
leaf() {
  name=$1 issuer=$2
  shift 2
  certify "$name" "$issuer" $leaf "$@"
}
authority() { # NAME ISSUER
  certify "$1" "$2" -subj "/O=Example Inc/CN=Example $1 CA" -days 365 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
  cp "$1/cert.pem" "$1.pem"
  cp "$1/key.pem" "$1.key"
}
# NAME FILE...: sends these behind the certificate.
send() {
  name=$1
  shift
  cat "$@" >>"$name/cert.pem"
}

authority intermediate root
authority public itself
authority stranger itself

leaf right root
send right root.pem
leaf of-an-intermediate intermediate
cp -r of-an-intermediate intermediate-missing
cp -r of-an-intermediate wrong-order
cp -r of-an-intermediate root-missing
send of-an-intermediate intermediate.pem root.pem
send wrong-order root.pem intermediate.pem
send root-missing intermediate.pem
leaf intermediate-to-be-fetched intermediate -addext authorityInfoAccess=caIssuers\;URI:http://example.com/ca.crt
cp -r right superfluous
send superfluous stranger.pem
cp -r right twice
send twice root.pem

leaf self-signed itself -days 90
leaf public-ca public
send public-ca public.pem
leaf another-ca stranger
send another-ca stranger.pem
san='-addext subjectAltName=DNS:www.example.com' leaf='-addext basicConstraints=critical,CA:FALSE'
# shellcheck disable=SC2086
{
certify name-mismatch root $leaf $san $usage -subj /CN=www.example.com
san='-addext subjectAltName=DNS:mx.example.com'
certify no-san root $leaf $usage
certify not-for-servers root $leaf $san -addext extendedKeyUsage=clientAuth
certify not-for-clients root $leaf $san -addext extendedKeyUsage=serverAuth
}
leaf="$leaf $san $usage"
leaf not-yet-valid root -not_before 20900101000000Z -not_after 20910101000000Z
leaf expired root -not_before 20200101000000Z -not_after 20210101000000Z
leaf expires-soon root -days 5
leaf valid-too-long root -days 1000
leaf sha-1 root -sha1
mkdir rsa-1024
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa-1024/key.pem
leaf rsa-1024 root
for name in name-mismatch no-san not-for-servers not-for-clients not-yet-valid expired expires-soon valid-too-long \
  sha-1 rsa-1024; do
  send "$name" root.pem
done

# TLSA records of the root, and of the server's own key.
hash() {
  sha256sum | cut -d ' ' -f 1
}
echo "2 1 1 $(openssl x509 -in root.pem -noout -pubkey | openssl pkey -pubin -outform DER | hash)" >root.tlsa
echo "2 0 1 $(openssl x509 -in root.pem -outform DER | hash)" >root-whole.tlsa
echo "3 1 1 $(openssl pkey -in right/key.pem -pubout -outform DER | hash)" >own.tlsa
# What the system trusts.
cat public.pem >/etc/ssl/certs/ca-certificates.crt

cd /root
mailca issue --no-input --cn mx.example.com revoked
mailca revoke --no-input revoked
chmod u+w revoked/cert.pem
cat wrong/root.pem >>revoked/cert.pem
mv revoked wrong/
