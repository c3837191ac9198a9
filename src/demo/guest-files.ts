/** What runs inside the tiny guest: a Linux kernel, busybox, and these files. */

/** Modules loaded at boot, with what they depend on. */
export const guestModules = [
  'virtio_pci',
  'virtio_net',
  'virtio_blk',
  'virtio_scsi',
  'virtio_balloon',
  'virtio_console',
  'virtio-rng',
  'button',
  'evdev',
  'ata_piix',
  'ahci',
  'sr_mod',
  'isofs',
]

interface GuestFile {
  path: string
  mode: number
  text: string
}

/** Boots in a few seconds: modules, the host name from a NoCloud seed if one can be read, DHCP, a shell on the serial line. */
export const guestFiles: readonly GuestFile[] = [
  {
    path: 'init',
    mode: 0o755,
    text: `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec /bin/init
`,
  },
  {
    path: 'etc/inittab',
    mode: 0o644,
    text: `::sysinit:/etc/start
ttyS0::respawn:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/umount -a -r
`,
  },
  {
    path: 'etc/start',
    mode: 0o755,
    text: `#!/bin/sh
for module in ${guestModules.join(' ')}; do modprobe -q $module 2>/dev/null; done
ifconfig lo 127.0.0.1
hostname tiny
# acpid does not start without a place for its log and its process id.
mkdir -p /seed /var/log /var/run
for drive in /dev/sr0 /dev/sr1; do
  [ -b $drive ] && mount -t iso9660 -o ro $drive /seed 2>/dev/null && break
done
name=$(sed -n 's/.*hostname"*: *"*\\([A-Za-z0-9._-]*\\).*/\\1/p' /seed/meta-data /seed/user-data 2>/dev/null | head -n 1)
[ -n "$name" ] && hostname "$name"
# The power button: what a soft stop presses.
acpid
for nic in /sys/class/net/eth*; do
  nic=\${nic##*/}
  ifconfig $nic up
  udhcpc -q -t 10 -T 2 -n -i $nic -x hostname:$(hostname) -s /etc/dhcp >/dev/null 2>&1
done
echo "GUEST-UP $(hostname) $(cat /run/address 2>/dev/null)" >/dev/ttyS0
`,
  },
  {
    path: 'etc/dhcp',
    mode: 0o755,
    text: `#!/bin/sh
case $1 in
  bound | renew)
    ifconfig $interface $ip netmask \${subnet:-255.255.255.0}
    [ -n "$router" ] && route add default gw \${router%% *} 2>/dev/null
    echo $ip >/run/address
    ;;
esac
`,
  },
  { path: 'etc/acpi/PWRF/00000080', mode: 0o755, text: '#!/bin/sh\npoweroff\n' },
  { path: 'etc/passwd', mode: 0o644, text: 'root:x:0:0:root:/:/bin/sh\n' },
]

/** The boot loader's configuration on the image's one FAT partition. */
export const bootConfiguration = `DEFAULT tiny
PROMPT 0
TIMEOUT 0
SERIAL 0 115200
LABEL tiny
 LINUX /vmlinuz
 INITRD /initrd.gz
 APPEND console=ttyS0 quiet panic=1
`
