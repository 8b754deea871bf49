import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { makeFolderSync } from '../base/files.ts';
import { cacheRoot } from '../toolchain/cache-root.ts';

// Every start strips the types of some hundred modules and compiles each. Node caches the result, checked against the source. Where the
// folder cannot be written, it compiles as before. Node's default folder can be prepared by other users of the machine.
const folder = join(cacheRoot(), 'compiled');
try {
  // Compiled modules may contain text of a contract file: only the owner may read them.
  makeFolderSync(folder, 0o700);
  enableCompileCache(folder);
} catch {
  // Without the cache a start is only slower. A real problem with the folder is reported by the code that needs it.
}
await import('./main.ts');
