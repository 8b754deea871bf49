import { cp, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { declarationsOf } from './packed-manifest.ts';
import { distFolder, manifestFile, rootFolder } from './places.ts';
import { pruneDeclarations } from './prune-declarations.ts';
import { packManifest, restoreManifest } from './restore-manifest.ts';

// npm runs it before packing. The manifest changes last, so that a failed compilation leaves the source tree unchanged.
await restoreManifest();
await rm(distFolder, { recursive: true, force: true });
const compile = (...args: string[]) => execa('tsc', args, { cwd: rootFolder, preferLocal: true, stdio: 'inherit' });
await compile('-p', 'packaging/tsconfig.json', '--declaration', 'false', '--removeComments', 'true');
await compile('-p', 'packaging/tsconfig.types.json');
await pruneDeclarations(distFolder, declarationsOf(JSON.parse(await readFile(manifestFile, 'utf8'))));
// Files other than code: lock files of the toolchain, schemas. Folders without any stay empty, and npm packs no empty folders.
const source = join(rootFolder, 'harness');
// Leaves out records and programs of tests and the bench, which would make the tarball a tenth larger.
const stays = (path: string) => /(^|\/)(testing|bench)(\/|$)/.test(relative(source, path)) || path.endsWith('.ts');
await cp(source, distFolder, { recursive: true, filter: (path) => !stays(path) });
await packManifest();
