import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HostSandbox } from '../model/target.ts';
import { localToolNames } from '../toolchain/recipes.ts';
import { withStubIo } from './testing/stub-parts.ts';
import { type BuilderParts, runNeededBuilders, runToolchain, type ToolchainParts } from './toolchain-command.ts';

const tools = { path: (name: string) => name, inUse: [{ name: 'etcd', version: '3.6.4', source: 'cache' }] } as const;
const never = async (): Promise<never> => Promise.reject(new Error('not called'));
const partsWith = (sandbox: HostSandbox): ToolchainParts => ({
  neededTools: async () => ({ target: 'local' }),
  obtainTools: async () => tools,
  obtainSandbox: async () => sandbox,
  packTools: never,
  installPack: never,
  toolchainKey: never,
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

const entries = [{ label: 'nats', version: '0.5.1' }];
const refused = { kind: 'refused', reason: 'none', fix: 'none' } as const;

it.each([
  [false, ['nats-server', 'nats']],
  [true, undefined],
] as const)(
  'writes what the contracts here need into a file, or everything (--all: %s), and says its digest',
  (all, packed) =>
    withStubIo(async ({ io, stdout }) => {
      const asked: unknown[] = [];
      const parts: ToolchainParts = {
        ...partsWith(refused),
        neededTools: async () => ({ target: 'local', names: ['nats-server', 'nats'] }),
        packTools: async (names, file) => {
          asked.push(names, file);
          return { entries, file, sizeBytes: 1_048_576, digest: 'sha256:abc' };
        },
      };
      expect(await runToolchain({ all, pack: 'out/tools.tar.gz' }, io, parts)).toBe(0);
      expect(asked).toEqual([packed, join(io.cwd, 'out/tools.tar.gz')]);
      expect(stdout()).toContain('tools.tar.gz: 1.0 MiB, sha256:abc');
      expect(stdout()).toContain('npx dr-contracts toolchain --from tools.tar.gz --digest sha256:abc');
    }),
);

it('installs what such a file holds, with the digest that it must have, and obtains nothing', () =>
  withStubIo(async ({ io, stdout }) => {
    const asked: unknown[] = [];
    const parts: ToolchainParts = {
      ...partsWith(refused),
      neededTools: never,
      obtainTools: never,
      obtainSandbox: never,
      installPack: async (file, digest) => {
        asked.push(file, digest);
        return { digest: 'sha256:abc', entries: entries.map((entry) => ({ ...entry, isNew: true })) };
      },
    };
    expect(await runToolchain({ all: false, from: '/tools.tar.gz', digest: 'sha256:abc' }, io, parts)).toBe(0);
    expect(asked).toEqual(['/tools.tar.gz', 'sha256:abc']);
    expect(stdout()).toMatch(/nats +0\.5\.1 +installed/);
  }));

it.each([
  [false, 'nats-server nats'],
  [true, localToolNames.join(' ')],
] as const)('prints the key of those tools and nothing else (--all: %s)', (all, named) =>
  withStubIo(async ({ io, stdout, stderr }) => {
    const parts: ToolchainParts = {
      ...partsWith(refused),
      neededTools: async () => ({ target: 'local', names: ['nats-server', 'nats'] }),
      obtainTools: never,
      toolchainKey: async (names) => names.join(' '),
    };
    expect(await runToolchain({ all, key: true }, io, parts)).toBe(0);
    expect([stdout(), stderr()]).toEqual([`${named}\n`, '']);
  }),
);

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

it.each([
  [false, ['nats-server', 'nats'], 'go=true\npython=false\n'],
  [true, localToolNames, 'go=true\npython=true\n'],
] as const)('says which builders a pipeline has to install (--all: %s)', (all, names, said) =>
  withStubIo(async ({ io, stdout }) => {
    const parts: BuilderParts = {
      neededTools: async () => ({ target: 'local', names: ['nats-server', 'nats'] }),
      neededBuilders: async (asked) => {
        expect(asked).toEqual(names);
        return new Set(asked.includes('aws') ? ['go', 'python'] : ['go']);
      },
    };
    expect(await runNeededBuilders({ all }, io, parts)).toBe(0);
    expect(stdout()).toBe(said);
  }),
);
