import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { packedFiles, packedManifest } from './packed-manifest.ts';
import { manifestFile, rootFolder } from './places.ts';

/**
 * `npm run pack`: makes the tarball from a folder of its own. The tarball's manifest and its compiled code never lie in the source tree, so a pack
 * that is killed, or two at a time, leave the source tree as it was.
 *
 * Takes the options of `npm pack`; the tarball goes to the current folder unless `--pack-destination` says otherwise.
 */
const staging = await mkdtemp(join(tmpdir(), 'dr-contracts-pack-'));
try {
  const manifest: unknown = JSON.parse(await readFile(manifestFile, 'utf8'));
  await compile(join(staging, 'dist'));
  for (const file of packedFiles(manifest)) {
    await cp(join(rootFolder, file), join(staging, file), { recursive: true });
  }
  await writeFile(join(staging, 'package.json'), `${JSON.stringify(packedManifest(manifest), undefined, 2)}\n`);
  const args = ['pack', '--pack-destination', resolve('.'), ...process.argv.slice(2)];
  // npm rereads --pack-destination relative to its working folder, so the caller's must be absolute.
  await execa('npm', args, { cwd: staging, stdio: 'inherit' });
} finally {
  await rm(staging, { recursive: true, force: true });
}

async function compile(dist: string): Promise<void> {
  const args = ['-p', 'packaging/tsconfig.json', '--outDir', dist];
  await execa('tsc', args, { cwd: rootFolder, preferLocal: true, stdio: ['ignore', process.stderr, process.stderr] });
  // What is no code: lock files of the toolchain, schemas. Folders without any stay empty, and npm packs no folders.
  await cp(join(rootFolder, 'harness'), dist, { recursive: true, filter: (path) => !path.endsWith('.ts') });
}
