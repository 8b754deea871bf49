import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { neededNode, requireNode } from './node-version.ts';

describe('the Node that the package needs', () => {
  it.each(['18.0.0', '20.20.2', '22.9.9', '22.22.1'])('E09: Node %s is refused in one sentence', (running) => {
    expect(() => requireNode(running)).toThrow(
      new RegExp(
        `^dr-contracts: Node\\.js: expected 22\\.22\\.2 or newer, but this is ${running}\\. Install Node 24\\.$`,
      ),
    );
  });

  it.each(['22.22.2', '22.23.0', '24.0.0', '26.1.0'])('Node %s is accepted', (running) => {
    expect(() => requireNode(running)).not.toThrow();
  });

  it('is the version that package.json declares', () => {
    expect(neededNode()).toBe('22.22.2');
  });

  it.each(['./index.ts', './contract/vitest-target.ts'])(
    'E09: %s checks it before it loads anything else',
    async (entry) => {
      const text = await readFile(new URL(entry, import.meta.url), 'utf8');
      expect(/^import .*$/m.exec(text)?.[0]).toMatch(/node-version\.ts';$/);
    },
  );
});
