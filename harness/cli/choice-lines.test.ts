import { expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { chooseTarget } from '../targets/choose-target.ts';
import { choiceLine, choiceLines } from './choice-lines.ts';

const LOCAL = { name: 'local', capabilities: [] } as const;

it("E29: the last line of a run says that it ran without Docker, and leaves Docker's error message to the first lines", () => {
  const why = 'Docker is not available (docker daemon: it exited 1: Cannot connect to the Docker daemon at unix:///x)';
  const choice = { ...LOCAL, why, withoutDocker: 'no Docker daemon answers' };
  expect(choiceLine(choice)).toContain('Cannot connect');
  expect(choiceLines(choice)).toEqual([
    'dr-contracts: note: ran on plain processes (no Docker daemon answers; `dr-contracts doctor` says more)',
  ]);
});

it('E29: says nothing to somebody who asked for a target', async () => {
  const step = { clock: systemClock, signal: new AbortController().signal, progress: () => undefined };
  expect(choiceLines(await chooseTarget('local', [], step))).toEqual([]);
});

it('names the other target only where it supplies what this one lacks', () => {
  const docker = { name: 'docker', capabilities: [], why: 'a daemon answers' } as const;
  const leftOut = (...lacking: string[]) => [{ contract: 'words', lacking }];
  expect(choiceLines(docker, leftOut('gcs')).join()).toContain('words (needs gcs). --target local can; --all counts');
  expect(choiceLines(docker, leftOut('gcs', 'words')).join()).toContain('(needs gcs and words). --all counts');
});
