# Runs first in a machine's namespaces: puts its root together and hands over to init.py.
# $1 an empty folder, $2 the server's folder or `base` for a machine without a server, $3 the mailca under
# test, $4 and $5 programs for the inside. The working folder is the release's, with `base` in it.
set -eu
# The /proc of the outside is still there, and says by which number the outside knows this process.
read -r pid _ </proc/self/stat
echo "$pid"

mount -t tmpfs -o mode=755 machine "$1"
mkdir "$1/changes" "$1/work" "$1/root"
# With relative names nothing in a path can be taken for an option.
layers=base
[ "$2" = base ] || layers=$2:base
mount -t overlay -o "lowerdir=$layers,upperdir=$1/changes,workdir=$1/work" machine "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 machine dev
mkdir -p dev/pts dev/shm run/lock
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
chmod 1777 dev/shm run/lock
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for device in null zero full random urandom tty; do
  : >dev/$device
  mount --bind /dev/$device dev/$device
done
: >usr/local/bin/mailca
mount --bind "$3" usr/local/bin/mailca
if ! chroot . mailca --version >/dev/null 2>&1; then
  # It was built with a newer C library than this release's: that goes with it.
  umount usr/local/bin/mailca
  mkdir usr/local/lib/outside
  ldd "$3" | grep -o '/[^ ]*' | xargs cp -L -t usr/local/lib/outside "$3"
  cat >usr/local/bin/mailca <<'END'
#!/bin/sh
exec /usr/local/lib/outside/ld-linux* --argv0 mailca --library-path /usr/local/lib/outside \
  /usr/local/lib/outside/mailca "$@"
END
  chmod 755 usr/local/bin/mailca
fi
printf %s "$4" >usr/local/lib/init.py
printf %s "$5" >usr/local/lib/smtp.py

mkdir outside
pivot_root . outside
# Not as a here-document: stdin is the test's, and process 1 ends with it.
exec chroot . /bin/sh -euc '
umount -l /outside
rmdir /outside
hostname mx.example.com
ip link set lo up
# The client has a network of its own: a server takes every address of its own machine for a friend.
ip netns add client
ip link add eth0 type veth peer name eth0 netns client
# An IPv6 address made of the hardware address could not be bound to for its first second.
ip link set eth0 addrgenmode none
ip -n client link set eth0 addrgenmode none
ip address add 10.77.0.1/24 dev eth0
ip link set eth0 up
ip -n client link set lo up
ip -n client address add 10.77.0.2/24 dev eth0
ip -n client link set eth0 up
exec python3 /usr/local/lib/init.py
' 2>&1
