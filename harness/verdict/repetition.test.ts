import { describe, expect, it } from 'vitest';
import type { PastResult, PastRun } from '../model/past-run.ts';
import { RepetitionFinder, type RepetitionLimits } from './repetition.ts';

const NOW = '2026-03-20T12:00:00.000Z';
const DAY_MS = 86_400_000;
const LIMITS: RepetitionLimits = { runs: 3, findingForMs: 7 * DAY_MS };
const promises = [
  { contract: 'orders', disasters: ['wiped', 'lost'] },
  { contract: 'off-site', disasters: [] },
];
type Verdict = PastResult['verdict'];

const daysAgo = (days: number): string => new Date(Date.parse(NOW) - days * DAY_MS).toISOString();

const drill = (verdict: Verdict, part = 'wiped', contract = 'orders') => ({ contract, part, isCheck: false, verdict });
const check = (verdict: Verdict, part = 'fresh') => ({ contract: 'off-site', part, isCheck: true, verdict });

type Result = Pick<PastResult, 'contract' | 'part' | 'isCheck' | 'verdict'> & Partial<PastResult>;

function run(days: number, results: readonly Result[], target = 'local'): PastRun {
  const found = { at: daysAgo(days), sentence: 'It was not so.', isOfRepetition: false };
  return {
    runId: `run-${days}`,
    began: daysAgo(days),
    target,
    promises,
    results: results.map((result) => ({ ...found, ...result })),
  };
}

/** Returns the repetitions in the runs, the newest first, and the number of runs read. */
function find(runs: readonly PastRun[], { isCut = false, limits = LIMITS } = {}) {
  const finder = new RepetitionFinder(limits, NOW);
  finder.add({ ...run(0, []), runId: 'this' }, true);
  let read = 0;
  for (const each of runs) {
    read += 1;
    if (finder.add(each, false) === 'enough') break;
  }
  return { ...finder.result(isCut), numberRead: read };
}

const items = (runs: readonly PastRun[]) => find(runs).differences.map(({ item }) => item);

describe('a promise that fails in several runs in a row', () => {
  const failing = [run(0.1, [drill('unproven')]), run(0.2, [drill('breached')]), run(0.3, [drill('unproven')])];

  it('is found with its target, the time since when, and the command that proves it gone', () => {
    const { differences, compared } = find(failing);
    expect(differences).toEqual([
      {
        item: 'orders › wiped on local',
        expected: 'the promise to be kept at least once in 3 runs',
        found: `3 failures in a row since ${daysAgo(0.3)}; in the last one it was unproven (It was not so)`,
        nextStep:
          'Find the cause, then prove that it is gone: `npx dr-contracts drill --contract orders --target local`.',
        cause: 'failed-repeatedly',
      },
    ]);
    expect(compared).toBe(3);
  });

  it('repeats of the last reason what fits', () => {
    const long = { ...drill('breached'), sentence: `${'much '.repeat(60)}more. Then more.` };
    const [first, ...others] = failing as [PastRun, ...PastRun[]];
    const [{ found } = { found: '' }] = find([run(0.05, [long]), first, ...others]).differences;
    expect(found).toMatch(/much…\)$/);
    const short = { ...drill('breached'), sentence: 'Too late. Look here.' };
    expect(find([run(0.05, [short]), first, ...others]).differences[0]?.found).toMatch(/breached \(Too late\)$/);
  });

  it('is none while it failed in fewer', () => {
    expect(items(failing.slice(0, 2))).toEqual([]);
  });

  it('is none when it was kept in between, also at risk', () => {
    const [first, second, third] = failing as [PastRun, PastRun, PastRun];
    expect(items([first, run(0.15, [drill('at-risk')]), second, third])).toEqual([]);
    expect(items([run(0.05, [drill('met')]), ...failing])).toEqual([]);
  });

  it('is the same promise: another disaster of its contract does not count', () => {
    expect(items([run(0.1, [drill('breached', 'lost')]), ...failing.slice(0, 2)])).toEqual([]);
  });

  it('is looked for through runs that did not make it', () => {
    const [first, second, third] = failing as [PastRun, PastRun, PastRun];
    expect(items([first, run(0.15, [drill('met', 'lost')]), second, third])).toEqual(['orders › wiped on local']);
  });

  it('fails no more once the project does not state it', () => {
    const withdrawn = [1, 2, 3].map((days) =>
      run(days, [drill('breached', 'gone'), drill('breached', 'wiped', 'old')]),
    );
    expect(items(withdrawn)).toEqual([]);
  });

  it('counts each target by itself: a breach there is not undone here', () => {
    const elsewhere = [1, 2, 3].map((days) => run(days, [drill('breached')], 'docker'));
    expect(items([run(0.5, [drill('met')]), ...elsewhere])).toEqual(['orders › wiped on docker']);
    const mixed = [run(1, [drill('breached')]), run(2, [drill('breached')], 'docker'), run(3, [drill('breached')])];
    expect(items(mixed)).toEqual([]);
  });

  it('is none where a target never proves it and another one does', () => {
    const unproven = [1, 2, 3].map((days) => run(days, [drill('unproven')]));
    expect(items([run(0.5, [drill('met')], 'docker'), ...unproven])).toEqual([]);
    expect(items([...unproven, run(4, [drill('met')], 'docker')])).toEqual(['orders › wiped on local']);
  });
});

describe('a posture check that is not met for days', () => {
  it('is found once it is older than the limit, however few runs there were', () => {
    const { differences } = find([run(1, [check('breached')]), run(8, [check('unproven')])]);
    expect(differences).toMatchObject([
      {
        item: 'off-site › fresh on local',
        expected: 'the promise to be kept again within 7 d',
        found: expect.stringContaining(`2 failures in a row for 8 d, since ${daysAgo(8)};`),
        cause: 'finding-too-old',
      },
    ]);
  });

  it('is none at the limit, nor when it was met in between', () => {
    expect(items([run(1, [check('breached')]), run(7, [check('breached')])])).toEqual([]);
    expect(items([run(1, [check('breached')]), run(4, [check('met')]), run(8, [check('breached')])])).toEqual([]);
  });

  it('stays open while nobody looks', () => {
    expect(items([run(30, [check('breached')])])).toEqual(['off-site › fresh on local']);
  });

  it('is no drill: one that failed long ago is found by the number of runs alone', () => {
    expect(items([run(30, [drill('breached')])])).toEqual([]);
  });

  it('fails no more once the contract does not make it', () => {
    expect(items([run(1, [check('met', 'other')]), run(8, [check('breached')]), run(9, [check('breached')])])).toEqual(
      [],
    );
  });

  it('is never the check of repetition itself, which would not clear', () => {
    const itself = { isOfRepetition: true };
    const runs = [1, 8, 9].map((days) => run(days, [{ ...check('breached'), ...itself }, check('met', 'other')]));
    expect(items(runs)).toEqual([]);
    expect(find(runs).compared).toBe(3);
  });
});

describe('what the ledger cannot tell', () => {
  it('is said while it holds too few runs for anything to have failed in all of them', () => {
    const none = find([]);
    expect(none).toMatchObject({ differences: [], undecided: [], read: 'no earlier run', compared: 3 });
    expect(none.notVerified).toEqual([
      'whether anything fails in 3 runs in a row, because the ledger holds no run before this one',
    ]);
    expect(find([run(1, [drill('met')])]).notVerified[0]).toContain('holds 1 run before');
    expect(find([1, 2, 3].map((days) => run(days, [drill('met')]))).notVerified).toEqual([]);
  });

  it('compares nothing where nothing was ever promised', () => {
    expect(new RepetitionFinder(LIMITS, NOW).result(false).compared).toBe(0);
  });

  it('is undecided if an entry that it needs was not read from the ledger', () => {
    const runs = [run(1, [check('breached'), drill('met')])];
    expect(find(runs, { isCut: true }).undecided).toMatchObject([{ item: 'off-site › fresh on local' }]);
    expect(find(runs, { isCut: true }).notVerified.at(-1)).toBe(`the runs of the ledger before ${daysAgo(1)}`);
    expect(find([run(1, [check('met')])], { isCut: true }).undecided).toEqual([]);
  });

  it('is undecided where the clock of this machine is minutes behind the last run', () => {
    const ahead = find([run(-0.01, [drill('met')])]);
    expect(ahead.undecided).toMatchObject([
      { reason: expect.stringMatching(/14 min 24 s ahead of the clock of this machine/), cause: 'clock-off' },
    ]);
    expect(find([run(-0.002, [drill('met')])]).undecided).toEqual([]);
  });
});

describe('how far it reads', () => {
  const all = (verdict: Verdict) => [drill(verdict), drill('met', 'lost'), check('met')];

  it('ends with the first run before the time of a finding', () => {
    const runs = [1, 2, 6, 8, 9, 10].map((days) => run(days, all('met')));
    expect(find(runs).numberRead).toBe(4);
  });

  it('goes on while a promise that failed may have failed in more runs, or was not seen', () => {
    const monthly = [1, 31, 61, 91].map((days) => run(days, all('breached')));
    expect(find(monthly).numberRead).toBe(3);
    expect(find(monthly).differences).toHaveLength(1);
    const unseen = [1, 8, 9, 10].map((days) => run(days, [drill('met'), check('met')]));
    expect(find(unseen).numberRead).toBe(4);
  });
});
