/**
 * System calls that no program of a sandbox needs and that reach what namespaces do not separate, by what they reach.
 * Numbers are of the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 * The outer layer starts under this filter, and every process below it inherits it, the inner layer too.
 */
const denied: Record<string, { x64: readonly number[]; arm64: readonly number[] }> = {
  // add_key, request_key, keyctl: keyrings belong to a user and a session, not to a namespace.
  keyrings: { x64: [248, 249, 250], arm64: [217, 218, 219] },
  // bpf, perf_event_open, userfaultfd: programs and traps in the kernel.
  kernelPrograms: { x64: [321, 298, 323], arm64: [280, 241, 282] },
  // kexec_load, kexec_file_load, init_module, finit_module, delete_module, acct, swapon, swapoff, reboot, quotactl,
  // quotactl_fd, settimeofday, clock_settime, syslog, vhangup: the machine as a whole.
  machine: {
    x64: [246, 320, 175, 313, 176, 163, 167, 168, 169, 179, 443, 164, 227, 103, 153],
    arm64: [104, 294, 105, 273, 106, 89, 224, 225, 142, 60, 443, 170, 112, 116, 58],
  },
  // open_by_handle_at, fanotify_init: files without a path to them.
  handles: { x64: [304, 300], arm64: [265, 262] },
  // uselib, ustat, sysfs, _sysctl, lookup_dcookie, nfsservctl, iopl, ioperm, modify_ldt: obsolete.
  obsolete: { x64: [134, 136, 139, 156, 212, 180, 172, 173, 154], arm64: [18, 42] },
};
/** io_uring_setup, io_uring_enter, io_uring_register: reported as absent, because programs then use other calls. */
const absent = [425, 426, 427];
const sockets = { x64: [41, 53], arm64: [198, 199] };
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Others, such as AF_VSOCK and AF_ALG, are not part of a network namespace. */
const families = [1, 2, 10, 16];
/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64: the calls of another architecture, such as 32-bit ones, have other numbers. */
const auditArch = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** Bit of the numbers of the x32 calls. */
const x32 = 0x40000000;

const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 };
const allow = 0x7fff0000;
const refuse = (number: number): number => 0x00050000 | number;
/** Offsets in `struct seccomp_data`; arguments are 64 bits, and the low half comes first. */
const offset = { number: 0, architecture: 4, argument: 16 };

/** Instructions of classic BPF: load a word, jump by a comparison with a constant, return. */
const load = (at: number) => ({ code: 0x20, yes: 0, no: 0, k: at });
const jumpIf = (comparison: 'equal' | 'atLeast', k: number, yes: number, no: number) => ({
  code: comparison === 'equal' ? 0x15 : 0x35,
  yes,
  no,
  k,
});
const answer = (k: number) => ({ code: 0x06, yes: 0, no: 0, k });
type Instruction = ReturnType<typeof answer>;

/** The filter as bubblewrap reads it with `--seccomp`: an array of `struct sock_filter`. */
export function seccompFilter(arch: keyof typeof auditArch): Buffer {
  const rules = [
    ...Object.values(denied).flatMap((group) => group[arch].map((number) => [number, errno.EPERM] as const)),
    ...absent.map((number) => [number, errno.ENOSYS] as const),
  ];
  const ofCall = (number: number, ...then: Instruction[]): Instruction[] => [
    jumpIf('equal', number, 0, then.length),
    ...then,
  ];
  return encode([
    load(offset.architecture),
    jumpIf('equal', auditArch[arch], 1, 0),
    answer(refuse(errno.ENOSYS)),
    load(offset.number),
    jumpIf('atLeast', x32, 0, 1),
    answer(refuse(errno.ENOSYS)),
    ...rules.flatMap(([number, error]) => ofCall(number, answer(refuse(error)))),
    ...sockets[arch].flatMap((number) =>
      ofCall(
        number,
        load(offset.argument),
        ...families.flatMap((family) => ofCall(family, answer(allow))),
        answer(refuse(errno.EAFNOSUPPORT)),
      ),
    ),
    answer(allow),
  ]);
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, yes, no, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  }
  return bytes;
}
