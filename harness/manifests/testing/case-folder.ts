import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with those files, removed on disposal. */
export function folderWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'dr-manifests-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
