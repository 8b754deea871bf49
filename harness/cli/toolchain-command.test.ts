import { expect, it } from 'vitest';
import type { HostSandbox } from '../model/sandbox.ts';
import { withStubIo } from './stub-parts.ts';
import { runToolchain } from './toolchain-command.ts';

const tools = { path: (name: string) => name, inUse: [{ name: 'etcd', version: '3.6.4', source: 'cache' }] } as const;
const partsWith = (sandbox: HostSandbox) => ({
  obtainEveryTool: async () => tools,
  obtainSandbox: async () => sandbox,
});

it('obtains the sandbox too: doctor names this command as the fix', () =>
  withStubIo(async ({ io, stdout, stderr }) => {
    const sandbox = { version: '0.11.0', source: 'installed', userNamespace: true, scopedBy: null } as const;
    expect(await runToolchain(io, partsWith({ kind: 'bubblewrap', path: '/cache/bwrap', ...sandbox }))).toBe(0);
    expect(stdout()).toMatch(/bubblewrap +0\.11\.0 +installed/);
    expect(stdout()).toContain('2 tools ready');
    expect(stderr()).not.toContain('sandbox');
  }));

it('says why a machine has no sandbox, and what to do', () =>
  withStubIo(async ({ io, stdout, stderr }) => {
    const fix = 'Permit user namespaces.';
    expect(await runToolchain(io, partsWith({ kind: 'refused', reason: 'bwrap exited 1', fix }))).toBe(0);
    expect(stdout()).toContain('1 tool ready');
    expect(stderr()).toContain('note: there is no sandbox: bwrap exited 1. Permit user namespaces.');
  }));
