import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { packedManifest } from './packed-manifest.ts';
import { distFolder, keptManifestFile, manifestFile, rootFolder } from './places.ts';
import { restoreManifest } from './restore-manifest.ts';

// Run by npm before it packs. The manifest changes last: a compile that fails leaves the source tree as it was.
await restoreManifest();
await rm(distFolder, { recursive: true, force: true });
await execa('tsc', ['-p', 'packaging/tsconfig.json'], { cwd: rootFolder, preferLocal: true, stdio: 'inherit' });
for (const locks of ['go', 'python']) {
  await cp(join(rootFolder, 'harness/toolchain', locks), join(distFolder, 'toolchain', locks), { recursive: true });
}
// Read at run time: the compiler leaves it behind.
const dashboards = 'systems/kubernetes/acceptance/grafana-dashboard.schema.json';
await cp(join(rootFolder, 'harness', dashboards), join(distFolder, dashboards));
const manifest = await readFile(manifestFile, 'utf8');
await writeFile(keptManifestFile, manifest, { flag: 'wx' });
await writeFile(manifestFile, `${JSON.stringify(packedManifest(JSON.parse(manifest)), undefined, 2)}\n`);
