import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { makeFolderSync } from '../base/files.ts';
import { cacheRoot } from '../toolchain/cache-root.ts';

// Types are stripped from some hundred modules, and each is compiled, at every start. Node keeps the result, checked against the source. Where
// the folder cannot be written, it compiles as before. Its own default folder is one that other users of the machine can prepare.
const folder = join(cacheRoot(), 'compiled');
try {
  // What is compiled may hold what a contract file holds: for its owner's eyes only.
  makeFolderSync(folder, 0o700);
  enableCompileCache(folder);
} catch {
  // A start without the cache is slower, and nothing else: a real trouble with the folder is told by what needs it.
}
await import('./main.ts');
