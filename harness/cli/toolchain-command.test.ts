import { expect, it } from 'vitest';
import type { HostSandbox } from '../model/sandbox.ts';
import { withStubIo } from './stub-parts.ts';
import { runToolchain, type ToolchainParts } from './toolchain-command.ts';

const tools = { path: (name: string) => name, inUse: [{ name: 'etcd', version: '3.6.4', source: 'cache' }] } as const;
const partsWith = (sandbox: HostSandbox) => ({
  neededTools: async () => ({ target: 'local' }) as const,
  obtainTools: async () => tools,
  obtainSandbox: async () => sandbox,
});

it('obtains the sandbox too: doctor names this command as the fix', () =>
  withStubIo(async ({ io, stdout, stderr }) => {
    const sandbox = { version: '0.11.0', source: 'installed', userNamespace: true, scopedBy: null } as const;
    expect(
      await runToolchain({ all: false }, io, partsWith({ kind: 'bubblewrap', path: '/cache/bwrap', ...sandbox })),
    ).toBe(0);
    expect(stdout()).toMatch(/bubblewrap +0\.11\.0 +installed/);
    expect(stdout()).toContain('2 tools ready');
    expect(stderr()).not.toContain('sandbox');
  }));

it('says why a machine has no sandbox, and what to do', () =>
  withStubIo(async ({ io, stdout, stderr }) => {
    const fix = 'Permit user namespaces.';
    expect(await runToolchain({ all: false }, io, partsWith({ kind: 'refused', reason: 'bwrap exited 1', fix }))).toBe(
      0,
    );
    expect(stdout()).toContain('1 tool ready');
    expect(stderr()).toContain('note: there is no sandbox: bwrap exited 1. Permit user namespaces.');
  }));

it.each([
  [false, { target: 'local', names: ['nats-server', 'nats'] }],
  [true, { target: 'local' }],
] as const)('E21: obtains what the contracts here need, unless every tool is asked for (--all: %s)', (all, obtained) =>
  withStubIo(async ({ io }) => {
    const asked: unknown[] = [];
    const parts: ToolchainParts = {
      ...partsWith({ kind: 'refused', reason: 'none', fix: 'none' }),
      neededTools: async () => ({ target: 'local', names: ['nats-server', 'nats'] }),
      obtainTools: async (needed) => {
        asked.push(needed);
        return tools;
      },
    };
    expect(await runToolchain({ all }, io, parts)).toBe(0);
    expect(asked).toEqual([obtained]);
  }),
);
