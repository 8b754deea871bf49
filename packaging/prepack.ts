import { cp, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { declarationsOf } from './packed-manifest.ts';
import { distFolder, manifestFile, rootFolder } from './places.ts';
import { pruneDeclarations } from './prune-declarations.ts';
import { packManifest, restoreManifest } from './restore-manifest.ts';

// Run by npm before it packs. The manifest changes last: a compile that fails leaves the source tree as it was.
await restoreManifest();
await rm(distFolder, { recursive: true, force: true });
const compile = (...args: string[]) => execa('tsc', args, { cwd: rootFolder, preferLocal: true, stdio: 'inherit' });
await compile('-p', 'packaging/tsconfig.json', '--declaration', 'false', '--removeComments', 'true');
await compile('-p', 'packaging/tsconfig.types.json');
await pruneDeclarations(distFolder, declarationsOf(JSON.parse(await readFile(manifestFile, 'utf8'))));
// What is no code: lock files of the toolchain, schemas. Folders without any stay empty, and npm packs no folders.
const source = join(rootFolder, 'harness');
// Records and programs that only tests and the bench read would make the tarball a tenth larger.
const stays = (path: string) => /(^|\/)(testing|bench)(\/|$)/.test(relative(source, path)) || path.endsWith('.ts');
await cp(source, distFolder, { recursive: true, filter: (path) => !stays(path) });
await packManifest();
