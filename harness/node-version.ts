import { createRequire } from 'node:module';

// The first import of each public entry: a Node that is too old is refused before anything that it lacks is used. This file imports nothing
// of the project, and uses nothing that is newer than Node 18.

/** The oldest Node that the package runs on: `engines` of its package.json, e.g. `22.22.2`. */
export function neededNode(): string {
  const { engines } = createRequire(import.meta.url)('../package.json');
  return String(engines.node).replace(/^>=\s*/, '');
}

/** @throws {Error} for a Node that is too old, with one sentence that names both versions. */
function requireNode(): void {
  const running = process.versions.node;
  const needed = neededNode();
  if (isAtLeast(running, needed)) return;
  throw new Error(`dr-contracts: Node.js: expected ${needed} or newer, but this is ${running}. Install Node 24.`);
}

function isAtLeast(version: string, needed: string): boolean {
  const [have = [], want = []] = [version, needed].map((text) => text.split('.').map(Number));
  const at = want.findIndex((part, index) => part !== have[index]);
  return at === -1 || (have[at] ?? 0) > (want[at] ?? 0);
}

requireNode();
