import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * System calls that no program of a sandbox needs, by name: those of `isolation/seccomp.ts`, and those that make or enter
 * namespaces and mounts, which in bubblewrap its inner layer refuses. It takes the place of the engine's own filter, which
 * differs between engines and lets some of these through.
 */
const denied = [
  ...['add_key', 'request_key', 'keyctl'],
  ...['bpf', 'perf_event_open', 'userfaultfd', 'kcmp'],
  ...[
    'kexec_load',
    'kexec_file_load',
    'init_module',
    'finit_module',
    'delete_module',
    'create_module',
    'acct',
    'swapon',
  ],
  ...[
    'swapoff',
    'reboot',
    'quotactl',
    'quotactl_fd',
    'settimeofday',
    'clock_settime',
    'clock_adjtime',
    'adjtimex',
    'syslog',
  ],
  ...['vhangup', 'sethostname', 'setdomainname', 'nfsservctl', 'query_module', 'get_kernel_syms'],
  ...['open_by_handle_at', 'name_to_handle_at', 'fanotify_init'],
  ...['uselib', 'ustat', 'sysfs', '_sysctl', 'lookup_dcookie', 'iopl', 'ioperm', 'modify_ldt', 'vm86', 'vm86old'],
  ...[
    'unshare',
    'setns',
    'mount',
    'umount',
    'umount2',
    'pivot_root',
    'chroot',
    'move_mount',
    'open_tree',
    'fsopen',
    'fsconfig',
  ],
  ...['fsmount', 'fspick', 'mount_setattr'],
];
/** Reported as absent, because programs then use other calls; the flags of `clone3` are in memory, where no filter looks. */
const absent = ['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'clone3'];
/** CLONE_NEW*: time, mount, cgroup, UTS, IPC, user, process, network. */
const namespaces = [0x80, 0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000];
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const families = [1, 2, 10, 16];
const maxFamily = 64;

const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 };

interface Rule {
  names: string[];
  action: 'SCMP_ACT_ERRNO';
  errnoRet: number;
  args?: { index: number; value: number; valueTwo: number; op: string }[];
}
const refuse = (names: string[], errnoRet: number, arg?: { value: number; valueTwo?: number; op: string }): Rule => ({
  names,
  action: 'SCMP_ACT_ERRNO',
  errnoRet,
  ...(arg === undefined ? {} : { args: [{ index: 0, valueTwo: 0, ...arg }] }),
});

/**
 * The filter in the format that container engines share. Calls of another architecture than the machine's are refused.
 * @internal for its tests
 */
export function seccompProfile(): object {
  const sockets = ['socket', 'socketpair'];
  const others = Array.from({ length: maxFamily }, (_, family) => family).filter(
    (family) => !families.includes(family),
  );
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      refuse(denied, errno.EPERM),
      refuse(absent, errno.ENOSYS),
      ...namespaces.map((bit) =>
        refuse(['clone'], errno.EPERM, { value: bit, valueTwo: bit, op: 'SCMP_CMP_MASKED_EQ' }),
      ),
      ...others.map((family) => refuse(sockets, errno.EAFNOSUPPORT, { value: family, op: 'SCMP_CMP_EQ' })),
      refuse(sockets, errno.EAFNOSUPPORT, { value: maxFamily, op: 'SCMP_CMP_GE' }),
    ],
  };
}

/** Writes the filter into the data folder, and returns its path: engines read it from a file. */
export function writeSeccompProfile(dataDir: string): string {
  const text = JSON.stringify(seccompProfile());
  const folder = join(dataDir, 'containers');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `seccomp-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
