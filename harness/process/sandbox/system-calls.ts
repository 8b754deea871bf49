/**
 * The system calls that no program of the platform needs and that lead out of a sandbox, or to parts of the kernel that only they
 * reach: namespaces, mounts, modules, keys, BPF. Docker refuses the same ones to a container without privileges
 * (https://docs.docker.com/engine/security/seccomp/). Root without a user namespace could make one with `unshare` otherwise, and
 * would have every capability in it.
 */

type Architecture = 'x64' | 'arm64';

/** From <linux/audit.h>. */
const AUDIT_ARCHITECTURE: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** unshare, setns, mount, umount2, pivot_root, open_by_handle_at, init_module, delete_module, finit_module, kexec_load, add_key,
 *  request_key, keyctl, perf_event_open, bpf, userfaultfd: numbers of <asm/unistd.h>. */
const REFUSED: Readonly<Record<Architecture, readonly number[]>> = {
  x64: [272, 308, 165, 166, 155, 304, 175, 176, 313, 246, 248, 249, 250, 298, 321, 323],
  arm64: [97, 268, 40, 39, 41, 265, 105, 106, 273, 104, 217, 218, 219, 241, 280, 282],
};
/** open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr: the same on every architecture. */
const REFUSED_EVERYWHERE = [428, 429, 430, 431, 432, 433, 442];
const CLONE: Readonly<Record<Architecture, number>> = { x64: 56, arm64: 220 };
/** Its flags lie in memory, where a filter cannot look: it is said not to exist, and the C library takes `clone` instead. */
const CLONE3 = 435;
const CLONE_NEWUSER = 0x10000000;

const [EPERM, ENOSYS] = [1, 38];
const ALLOW = 0x7fff0000;
const refuse = (errno: number): number => 0x00050000 + errno;

/** Offsets in struct seccomp_data. */
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT] = [0, 4, 16];
/** A system call of the x32 interface, which has other numbers. */
const X32 = 0x40000000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const end = (value: number): Instruction => [0x06, 0, 0, value];
/** Ends with `value` when the loaded word is `wanted`, goes on otherwise. */
const endWhen = (wanted: number, value: number): readonly Instruction[] => [[0x15, 0, 1, wanted], end(value)];

/**
 * A filter for `bwrap --seccomp`: an array of struct sock_filter.
 * @returns undefined for an architecture whose system calls are not known here.
 */
export function systemCallFilter(architecture: string = process.arch): Uint8Array | undefined {
  if (architecture !== 'x64' && architecture !== 'arm64') return undefined;
  const program: readonly Instruction[] = [
    load(ARCHITECTURE),
    [0x15, 1, 0, AUDIT_ARCHITECTURE[architecture]],
    end(refuse(ENOSYS)),
    load(NUMBER),
    [0x35, 0, 1, X32],
    end(refuse(ENOSYS)),
    ...[...REFUSED[architecture], ...REFUSED_EVERYWHERE].flatMap((call) => endWhen(call, refuse(EPERM))),
    ...endWhen(CLONE3, refuse(ENOSYS)),
    [0x15, 0, 3, CLONE[architecture]],
    load(FIRST_ARGUMENT),
    [0x45, 0, 1, CLONE_NEWUSER],
    end(refuse(EPERM)),
    end(ALLOW),
  ];
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.setUint16(index * 8, code, true);
    bytes.setUint8(index * 8 + 2, ifTrue);
    bytes.setUint8(index * 8 + 3, ifFalse);
    bytes.setUint32(index * 8 + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}
