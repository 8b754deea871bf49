import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { inspectToolchain } from '../inspect.ts';
import { obtainToolchain } from '../obtain.ts';
import { recipeOf } from '../recipes.ts';
import { fakeProgram, temporaryFolder } from '../testing/fake-programs.ts';
import { packToolchain, toolchainKey, unpackToolchain } from './index.ts';
import { changeManifest, cutShort, type Piece, piecesOf, writePieces } from './testing/crafted-pack.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const patient = () => ({ clock: systemClock, signal: new AbortController().signal, progress: () => undefined });

/** Makes a machine with a `go` that builds a script instantly, and a pack of the result. Afterwards Go is gone and the cache is empty. */
async function otherMachine(
  dir: string,
  says: string = recipeOf('nats').version,
): Promise<{ file: string; digest: string }> {
  const bin = join(dir, 'bin');
  await mkdir(bin);
  const build = `
if [ "$1" = version ]; then echo "go version go1.99.0 linux/amd64"; exit 0; fi
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho v${recipeOf('nats').version}\\n' > "$2"
/bin/chmod 755 "$2"`;
  await fakeProgram(bin, 'go', build);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('DR_CONTRACTS_NATS', '');
  vi.stubEnv('DR_CONTRACTS_DISPOSABLE_MACHINE', '1');
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'cache'));
  const file = join(dir, 'toolchain.tar.gz');
  const { digest } = await packToolchain(['nats'], file, patient());
  if (says !== recipeOf('nats').version)
    await change(file, (pieces) => replaceContent(pieces, `#!/bin/sh\necho v${says}\n`));
  vi.stubEnv('PATH', '/nowhere');
  vi.stubEnv('DR_CONTRACTS_CACHE', join(dir, 'other cache'));
  return { file, digest };
}

async function change(file: string, edit: (pieces: Piece[]) => void): Promise<void> {
  const pieces = await piecesOf(file);
  edit(pieces);
  await writePieces(file, pieces);
}

/** Replaces a program, with the matching digest. */
function replaceContent(pieces: readonly Piece[], text: string): void {
  const program = pieces[1];
  if (program === undefined) throw new Error('no program');
  program.content = Buffer.from(text);
  changeManifest(pieces, ({ entries }) => {
    const [file] = entries[0]?.files ?? [];
    if (file === undefined) throw new Error('no file');
    file.sizeBytes = program.content.length;
    file.sha256 = createHash('sha256').update(program.content).digest('hex');
  });
}

/** Returns what counts as installed: a refused pack may leave locks, but none of that. */
async function installedIn(dir: string): Promise<readonly string[]> {
  const names = await readdir(join(dir, 'other cache'), { recursive: true, withFileTypes: true });
  return names.filter((name) => name.isFile() && !name.parentPath.endsWith('lock')).map(({ name }) => name);
}

describe('a pack of the toolchain', () => {
  it('moves what was built to another cache, where it is used without Go and called by the digest of the pack', async () => {
    await using folder = await temporaryFolder();
    const { file, digest } = await otherMachine(folder.dir);
    expect(await unpackToolchain(file, digest, patient())).toEqual({
      digest,
      entries: [{ label: 'nats', version: recipeOf('nats').version, isNew: true }],
    });
    const { inUse, path } = await obtainToolchain(['nats'], patient());
    expect(inUse).toEqual([{ name: 'nats', version: recipeOf('nats').version, source: `pack ${digest}` }]);
    expect(await readFile(path('nats'), 'utf8')).toContain(recipeOf('nats').version);
    expect((await inspectToolchain()).find(({ name }) => name === 'nats')).toMatchObject({
      foundVersion: recipeOf('nats').version,
      source: `pack ${digest}`,
    });
    const again = await unpackToolchain(file, undefined, patient());
    expect(again.entries).toEqual([{ label: 'nats', version: recipeOf('nats').version, isNew: false }]);
  });

  it('has the same bytes and so the same digest each time that the same cache is packed', async () => {
    await using folder = await temporaryFolder();
    const { digest } = await otherMachine(folder.dir);
    vi.stubEnv('DR_CONTRACTS_CACHE', join(folder.dir, 'cache'));
    const again = await packToolchain(['nats'], join(folder.dir, 'again.tar.gz'), patient());
    expect(again.digest).toBe(digest);
    expect(again.digest).toBe(
      `sha256:${createHash('sha256')
        .update(await readFile(again.file))
        .digest('hex')}`,
    );
  });

  it('holds what was built here, never a program from PATH or from a variable', async () => {
    await using folder = await temporaryFolder();
    await otherMachine(folder.dir);
    const own = await fakeProgram(join(folder.dir, 'bin'), 'nats', `echo ${recipeOf('nats').version}; # not built`);
    vi.stubEnv('DR_CONTRACTS_CACHE', join(folder.dir, 'cache'));
    vi.stubEnv('DR_CONTRACTS_NATS', own);
    vi.stubEnv('PATH', join(folder.dir, 'bin'));
    const { file } = await packToolchain(['nats'], join(folder.dir, 'own.tar.gz'), patient());
    expect((await piecesOf(file))[1]?.content.toString('utf8')).not.toContain('not built');
  });

  it('leaves no half of a file where it cannot be written', async () => {
    await using folder = await temporaryFolder();
    await otherMachine(folder.dir);
    vi.stubEnv('DR_CONTRACTS_CACHE', join(folder.dir, 'cache'));
    await mkdir(join(folder.dir, 'taken.tar.gz'));
    await expect(packToolchain(['nats'], join(folder.dir, 'taken.tar.gz'), patient())).rejects.toThrow(/^pack .*taken/);
    expect((await readdir(folder.dir)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is told apart by a key that names the machine and changes with the tools', async () => {
    const key = await toolchainKey(['nats']);
    expect(key).toMatch(new RegExp(`^dr-contracts-toolchain-${process.platform}-${process.arch}.*-[0-9a-f]{16}$`));
    expect(await toolchainKey(['nats'])).toBe(key);
    expect(await toolchainKey(['nats', 'nats-server'])).not.toBe(key);
    vi.stubEnv('DR_CONTRACTS_CACHE', '/elsewhere');
    expect(await toolchainKey(['localstack-python'])).toBe(await toolchainKey(['aws']));
  });
});

describe('a pack is refused, and nothing of it is installed,', () => {
  const nothingPlaced = async (dir: string) => expect(await installedIn(dir)).toEqual([]);

  it.each<[string, (pieces: Piece[], dir: string) => void, RegExp]>([
    [
      'when a program was changed',
      (pieces) => pieces[1]?.content.write('X', 5),
      /nats has the digest sha256:\w+ where the manifest says sha256:/,
    ],
    [
      'when a program is longer than the manifest says',
      (pieces) => {
        if (pieces[1] !== undefined) pieces[1].content = Buffer.concat([pieces[1].content, Buffer.from('more')]);
      },
      /has \d+ bytes where the manifest says/,
    ],
    [
      'when it is of another platform',
      (pieces) => changeManifest(pieces, (manifest) => void Object.assign(manifest, { platform: 'plan9-mips' })),
      /expected programs for this machine.*holds programs for plan9-mips/,
    ],
    [
      'when it was made of other lock files',
      (pieces) =>
        changeManifest(pieces, ({ entries }) => {
          for (const entry of entries) entry.name = entry.name.replace(/\w{16}$/, '0123456789abcdef');
        }),
      /it holds others: nats-.*0123456789abcdef/,
    ],
    [
      'when the manifest names a path outside of it',
      (pieces) =>
        changeManifest(pieces, ({ entries }) => {
          for (const file of entries[0]?.files ?? []) file.path = '../../escaped';
        }),
      /is not a path inside the pack/,
    ],
    [
      'when the manifest names an absolute path',
      (pieces, dir) =>
        changeManifest(pieces, ({ entries }) => {
          for (const file of entries[0]?.files ?? []) file.path = join(dir, 'escaped');
        }),
      /is not a path inside the pack/,
    ],
    [
      'when a file in it has a path outside of it',
      (pieces) => {
        if (pieces[1] !== undefined) pieces[1].path = '../../../escaped';
      },
      /it holds "\.\.\/\.\.\/\.\.\/escaped" where the manifest has "nats-/,
    ],
    [
      'when a symbolic link stands for a program',
      (pieces) => {
        pieces[1] = {
          path: pieces[1]?.path ?? '',
          content: Buffer.alloc(0),
          type: 'SymbolicLink',
          linkpath: '/bin/sh',
        };
      },
      /is not a regular file but a SymbolicLink/,
    ],
    [
      'when a symbolic link leads out of it before a file is written through it',
      (pieces, dir) => {
        const name = pieces[1]?.path.split('/')[0] ?? '';
        pieces.splice(1, 0, { path: name, content: Buffer.alloc(0), type: 'SymbolicLink', linkpath: dir });
      },
      /is not a regular file but a SymbolicLink/,
    ],
    [
      'when a hard link stands for a program',
      (pieces) => {
        pieces[1] = { path: pieces[1]?.path ?? '', content: Buffer.alloc(0), type: 'Link', linkpath: '/bin/sh' };
      },
      /is not a regular file but a Link/,
    ],
    [
      'when a device is in it',
      (pieces) => void pieces.push({ path: 'null', content: Buffer.alloc(0), type: 'CharacterDevice' }),
      /is not a regular file but a CharacterDevice/,
    ],
    [
      'when more is in it than the manifest says',
      (pieces) => void pieces.push({ path: 'more', content: Buffer.from('more'), type: 'File' }),
      /it holds "more" where the manifest has its end/,
    ],
    ['when a file of the manifest is not in it', (pieces) => void pieces.pop(), /it ends before nats-/],
    [
      'when it does not begin with the manifest',
      (pieces) => void pieces.shift(),
      /it begins with "nats-.*, not with manifest\.json/,
    ],
    ['when it is an empty archive', (pieces) => void pieces.splice(0), /it (is empty|cannot be read)/],
    [
      'when the manifest is of another format',
      (pieces) => changeManifest(pieces, (manifest) => void Object.assign(manifest, { formatVersion: 2 })),
      /its manifest: .*formatVersion/s,
    ],
    [
      'when the manifest is no JSON',
      (pieces) => {
        if (pieces[0] !== undefined) pieces[0].content = Buffer.from('{');
      },
      /its manifest is not JSON/,
    ],
    [
      'when an entry is in it twice',
      (pieces) => changeManifest(pieces, ({ entries }) => entries.push(...structuredClone(entries))),
      /it holds nats-\S+ twice/,
    ],
    [
      'when it needs a Python that is not here',
      (pieces) => changeManifest(pieces, ({ entries }) => Object.assign(entries[0] ?? {}, { python: '3.12' })),
      /expected Python 3\.12 on this machine.*no Python 3\.12 is on PATH/,
    ],
  ])('%s', async (_what, edit, refusal) => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    await change(file, (pieces) => edit(pieces, folder.dir));
    await expect(unpackToolchain(file, undefined, patient())).rejects.toThrow(refusal);
    await nothingPlaced(folder.dir);
    await expect(access(join(folder.dir, 'escaped'))).rejects.toThrow('ENOENT');
    await expect(obtainToolchain(['nats'], patient())).rejects.toThrow('no go is on PATH');
  });

  it.each([8, 40, 200])('when its last %s bytes are missing', async (bytes) => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    await cutShort(file, bytes);
    await expect(unpackToolchain(file, undefined, patient())).rejects.toThrow(
      /cannot be read: .*unexpected end of file/,
    );
    await nothingPlaced(folder.dir);
  });

  it('when it is something else, or is not there', async () => {
    await using folder = await temporaryFolder();
    await otherMachine(folder.dir);
    const file = join(folder.dir, 'text');
    await writeFile(file, 'no pack');
    await expect(unpackToolchain(file, undefined, patient())).rejects.toThrow(/cannot be read: incorrect header check/);
    await expect(unpackToolchain(`${file}.gone`, undefined, patient())).rejects.toThrow(/ENOENT/);
    await nothingPlaced(folder.dir);
  });

  it('when it is whole, but another one than the digest names', async () => {
    await using folder = await temporaryFolder();
    const { file, digest } = await otherMachine(folder.dir);
    await change(file, (pieces) => replaceContent(pieces, `#!/bin/sh\necho v${recipeOf('nats').version} # changed\n`));
    await expect(unpackToolchain(file, digest, patient())).rejects.toThrow(`not ${digest}`);
    await nothingPlaced(folder.dir);
  });

  it('when a program in it is of another version', async () => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir, '0.0.1');
    await expect(unpackToolchain(file, undefined, patient())).rejects.toThrow('it says 0.0.1');
    await nothingPlaced(folder.dir);
  });

  it('when it is told to stop', async () => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    const stop = new AbortController();
    const progress = (message: string) => {
      if (message.startsWith('checking')) stop.abort(new Error('told to stop'));
    };
    const installing = unpackToolchain(file, undefined, { ...patient(), signal: stop.signal, progress });
    await expect(installing).rejects.toThrow('told to stop');
    await nothingPlaced(folder.dir);
  });
});

describe('a pack is installed', () => {
  it('after what a killed installation left was removed', async () => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    const left = join(folder.dir, 'other cache', 'toolchain', 'unpacking', 'pack-left');
    await mkdir(join(left, 'half'), { recursive: true });
    await unpackToolchain(file, undefined, patient());
    await expect(access(left)).rejects.toThrow('ENOENT');
  });

  it('once when two install it at the same time', async () => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    const both = await Promise.all([
      unpackToolchain(file, undefined, patient()),
      unpackToolchain(file, undefined, patient()),
    ]);
    expect(both.flatMap(({ entries }) => entries.map(({ isNew }) => isNew)).sort()).toEqual([false, true]);
  });

  it('also through a cache folder that is a link', async () => {
    await using folder = await temporaryFolder();
    const { file } = await otherMachine(folder.dir);
    await mkdir(join(folder.dir, 'elsewhere'));
    await symlink(join(folder.dir, 'elsewhere'), join(folder.dir, 'other cache'));
    await unpackToolchain(file, undefined, patient());
    expect((await obtainToolchain(['nats'], patient())).inUse[0]?.source).toMatch(/^pack sha256:/);
  });
});
