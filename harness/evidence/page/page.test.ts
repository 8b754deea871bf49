import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { madeUpRun } from '../../reporting/made-up-records.ts';
import { colours, contrastOf, shapePairs, type Theme, textPairs } from './colours.ts';
import type { PageGate, PageLedger, PastDrill } from './page-source.ts';
import { renderPage } from './render-page.ts';
import { htmlFaults } from './testing/html-faults.ts';
import { fullDrill, fullRun, pastDrill } from './testing/made-up-page.ts';
import { pageView } from './view-model.ts';
import { writePage } from './write-page.ts';

const themes: readonly Theme[] = ['light', 'dark'];
const noLedger: PageLedger = {
  at: 'reports/ledger',
  option: '',
  promised: null,
  entries: null,
  isCut: false,
  problem: null,
};
const bytesOf = (page: string): number => Buffer.byteLength(page);

/** Every string of a record replaced, except for those that a schema or a reader interprets. */
function withHostileTexts<T>(value: T, text: string, key = ''): T {
  const kept = ['utc', 'began', 'ended', 'verdict', 'outcome', 'state', 'promise', 'kind', 'schedule', 'blame', 'at'];
  if (typeof value === 'string') {
    const isName = key === 'name' && ['content', 'rto', 'exposure', 'detection', 'restore'].includes(value);
    return (kept.includes(key) || isName ? value : `${text}${value}`) as T;
  }
  if (Array.isArray(value)) return value.map((each) => withHostileTexts(each, text, key)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withHostileTexts(each, text, name)]),
  ) as T;
}

describe('the report page', () => {
  it('escapes every text of a record, wherever it stands', async () => {
    const hostile = `<"><img src=x onerror=alert(1)></script></style></title>&'\``;
    const run = withHostileTexts(fullRun([fullDrill('orders', 'breached'), fullDrill('users')]), hostile);
    const page = await renderPage(pageView({ run, past: [pastDrill(run.drills[0] ?? fullDrill(), 3)] }));
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/script/g)).toHaveLength(1);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)?.length).toBe(page.match(/<title/g)?.length);
    expect(page).toContain('&lt;&quot;&gt;&lt;img src=x');
  });

  it('links only to files beside it and to places on it', async () => {
    const drill = fullDrill();
    const places = {
      runFile: { label: 'r', href: 'javascript:alert(1)', digest: 'd' },
      drillFiles: new Map([[drill.drillId, { label: 'd', href: '//elsewhere.example/x', digest: 'd' }]]),
    };
    const page = await renderPage(pageView({ run: fullRun([drill]), past: [], places }));
    for (const [, href] of page.matchAll(/<a [^>]*href="([^"]*)"/g)) expect(href).toMatch(/^(#|\.\.\/)/);
  });

  it('is well-formed HTML without inline styles and handlers', async () => {
    const page = await renderPage(
      pageView({ run: fullRun([fullDrill('orders', 'unproven'), fullDrill('users')]), past: [] }),
    );
    expect(await htmlFaults(page)).toEqual([]);
    expect(page).not.toMatch(/<[^>]*\s(on\w+|style)=/);
    expect(page).toContain("default-src 'none'");
  });

  it('stays below 1 MB for 20 contracts and below 5 MB for 200, and says which charts it left out', async () => {
    const pageOf = (count: number) => {
      const drills = Array.from({ length: count }, (_, index) => fullDrill(`contract-${index}`));
      const past = drills.flatMap((drill) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((day) => pastDrill(drill, day)));
      return renderPage(pageView({ run: madeUpRun(drills), past }));
    };
    expect(bytesOf(await pageOf(20))).toBeLessThan(1_000_000);
    expect(bytesOf(await pageOf(200))).toBeLessThan(5_000_000);
    const many = await pageOf(400);
    expect(bytesOf(many)).toBeLessThan(10_000_000);
    expect(many).toMatch(/The charts of \d+ promises are left out/);
  });

  it.each(themes)('has enough contrast in the %s theme, in charts too', (theme) => {
    const poor = [
      ...textPairs.map((pair) => [...pair, 4.5] as const),
      ...shapePairs.map((pair) => [...pair, 3] as const),
    ].filter(([one, on, least]) => contrastOf(colours[one][theme], colours[on][theme]) < least);
    expect(poor).toEqual([]);
  });
});

describe('what the page says', () => {
  const view = (...given: Parameters<typeof fullDrill>) =>
    pageView({ run: madeUpRun([fullDrill(...given)]), past: [] });

  it('never says that a promise is kept that is not', () => {
    expect(view('orders', 'unproven').decision).toMatchObject({ mark: 'unproven', exitCode: 2 });
    expect(view('orders', 'breached').decision).toMatchObject({ mark: 'breached', exitCode: 1 });
    expect(pageView({ run: fullRun(), past: [] }).decision.mark).toBe('unproven');
  });

  it('lists everything that needs somebody, the broken first', () => {
    const items = pageView({
      run: fullRun([fullDrill('orders', 'unproven'), fullDrill('users', 'breached')]),
      past: [],
    }).needsHuman;
    expect(items.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'orders: stream-deleted',
        'users: stream-deleted',
        'off-site-backups: writer-policy',
        'uploads',
        'typo',
        'the run',
      ]),
    );
    expect(items[0]?.mark).toBe('breached');
    expect(items.map(({ sentence }) => sentence)).toContain('The drill did not clean up: scratch folder: busy.');
  });

  it('states a limit beside each kept finding, and claims nothing beside one that is not kept', () => {
    const [promise] = view('orders', 'breached').promises;
    expect(promise?.findings.map(({ doesNotProve }) => doesNotProve === null)).toEqual([true, false, false]);
    expect(view('orders', 'met').promises[0]?.findings.every(({ doesNotProve }) => doesNotProve !== null)).toBe(true);
  });

  it('gives each promise an id, an owner, a command and a section of the runbook', () => {
    const places = { runbook: { label: 'docs/runbook.md', href: '../../docs/runbook.md' } };
    const [promise] = pageView({ run: madeUpRun([fullDrill()]), past: [], places }).promises;
    expect(promise).toMatchObject({
      id: 'promise--orders--stream-deleted',
      owner: 'platform',
      repeatCommand: 'npx dr-contracts drill --target local --contract orders',
      runbook: { href: '../../docs/runbook.md#orders-stream-deleted' },
    });
  });

  it('says since when, and that it got worse', () => {
    const drill = fullDrill('orders', 'breached');
    const kept = pageView({ run: madeUpRun([drill]), past: [1, 2].map((day) => pastDrill(drill, day)) }).promises[0];
    expect(kept?.history.isWorse).toBe(true);
    const broken = pageView({
      run: madeUpRun([drill]),
      past: [pastDrill(drill, 1, 'breached'), pastDrill(drill, 2, 'breached'), pastDrill(drill, 3)],
    }).promises[0];
    expect(broken?.since).toBe('2025-11-21 (3 drills)');
    expect(broken?.history.isWorse).toBe(false);
  });

  it('says when there is no baseline yet, and compares with the median when there is one', () => {
    const drill = fullDrill();
    const told = (days: number) =>
      pageView({ run: madeUpRun([drill]), past: Array.from({ length: days }, (_, day) => pastDrill(drill, day + 1)) })
        .promises[0]?.history.sentences;
    expect(told(4)?.join()).toContain('No baseline yet');
    expect(told(5)?.join()).toContain('median of the last 5 comparable runs');
  });

  it('names promises that earlier runs drilled and this one did not', () => {
    const run = madeUpRun([fullDrill('orders')]);
    const { notDrilled, decision } = pageView({ run, past: [pastDrill(fullDrill('archive'), 4)] });
    expect(notDrilled).toMatchObject([{ contract: 'archive', last: { mark: 'met' } }]);
    expect(decision.doesNotProve.join()).toContain('1 promise was not drilled in this run.');
  });

  it('names every promise of the project that was never drilled, and one that was withdrawn', () => {
    const run = madeUpRun([fullDrill('orders')]);
    const promise = (contract: string, disasters: string[]) => ({
      contract,
      disasters,
      owner: 'tests',
      priority: 'P1',
    });
    const ledger = {
      ...noLedger,
      promised: [promise('orders', ['stream-deleted', 'server-lost']), promise('off-site', [])],
    };
    const { notDrilled, decision } = pageView({ run, past: [pastDrill(fullDrill('archive'), 4)], ledger });
    expect(notDrilled).toMatchObject([
      { contract: 'orders', disaster: 'server-lost', owner: 'tests', last: null, isWithdrawn: false },
      { contract: 'off-site', disaster: null, isWithdrawn: false },
      { contract: 'archive', isWithdrawn: true, reason: 'The project no longer states it.' },
    ]);
    expect(decision.doesNotProve.join()).toContain('2 promises were not drilled in this run.');
  });

  it('does not call the oldest drill that was read the first one', () => {
    const drill = fullDrill();
    const since = (ledger: PageLedger, days: readonly number[]) =>
      pageView({ run: madeUpRun([drill]), past: days.map((day) => pastDrill(drill, day)), ledger }).promises[0]?.since;
    expect(since(noLedger, [1, 2])).toBe('2025-11-21, the first drill on record (3 drills)');
    expect(since({ ...noLedger, isCut: true }, [1, 2])).toBe('2025-11-21 or earlier (at least 3 drills)');
    expect(since({ ...noLedger, problem: 'entry 3 is broken' }, [])).toBe('not known: older drills were not read');
  });

  it('compares no times of another measurement version, and no earlier regression', () => {
    const drill = fullDrill();
    const slow = { name: 'restore', measuredMs: 900_000, outcome: 'completed' };
    const past = [1, 2, 3, 4, 5, 6].map((day) => pastDrill(drill, day));
    const told = (changed: readonly PastDrill[]) =>
      pageView({ run: madeUpRun([drill]), past: changed }).promises[0]?.history;
    expect(told(past)?.sentences.join()).toContain('the median of the last 6 comparable runs');
    const slower = past.map((each, index) => (index === 0 ? { ...each, phases: [slow] } : each));
    expect(told(slower)?.sentences.join()).toContain('the median of the last 5 comparable runs');
    const older = told(past.map((each) => ({ ...each, measurementVersion: 99 })));
    expect(older?.sentences.join()).toContain('No baseline yet');
    expect(older?.runs.map(({ rtaMs }) => rtaMs === null)).toEqual([true, true, true, true, true, true, false]);
  });

  it('says how to verify the ledger, and what an unsigned one does not show', () => {
    const verified = (keyIds: (string | null)[]) =>
      pageView({ run: madeUpRun([]), past: [], ledger: { ...noLedger, entries: { first: 3, last: 9, keyIds } } })
        .provenance;
    expect(verified(['ab12']).verify.at(-1)?.command).toBe('npx dr-contracts verify --key ledger.pub.pem');
    expect(verified(['ab12']).facts).toContainEqual({
      name: 'ledger',
      value: 'reports/ledger, entries 3 to 9 (signed with key ab12)',
    });
    expect(verified([null]).verify.at(-1)).toMatchObject({
      command: 'npx dr-contracts verify',
      shows: expect.stringContaining('anybody could have written them'),
    });
  });

  it("opens with the gate's decision when there is one, and never makes a waived promise look kept", () => {
    const problem = { kind: 'breached', contract: 'orders', disaster: 'stream-deleted', sentence: 's', nextStep: 'n' };
    const gate: PageGate = {
      decision: 'pass',
      exitCode: 0,
      at: '2025-11-23T13:00:00.000Z',
      commit: 'c0ffee'.repeat(6),
      sources: { policy: 'dr-gate.ts', waivers: 'dr-waivers.yaml' },
      problems: [{ ...problem, kind: 'stale', sentence: 'Too old.' }],
      waivers: [
        { contract: 'orders', finding: 'rto', expires: '2025-12-01', owner: 'o', state: 'used', isEndingSoon: true },
      ],
      promises: [
        {
          contract: 'orders',
          owner: 'o',
          outcome: 'waived',
          problems: [],
          waived: [{ problem, reason: 'r', owner: 'o', approver: 'a', expires: '2025-12-01' }],
          proofs: [],
        },
      ],
    };
    const { decision, promises, needsHuman } = pageView({
      run: madeUpRun([fullDrill('orders', 'breached')]),
      past: [],
      gate,
    });
    expect(decision).toMatchObject({
      decidedBy: 'gate',
      mark: 'waived',
      headline: 'May be promoted',
      basis: 'Policy: dr-gate.ts. Waivers: dr-waivers.yaml. Commit: c0ffeec0ffee. As of 2025-11-23 13:00 UTC.',
    });
    expect(decision.sentence).toContain('By itself it ended with exit code 1.');
    expect(promises[0]?.mark).toBe('waived');
    expect(needsHuman.map(({ what }) => what)).toContain('waiver for orders');
    expect(needsHuman.find(({ sentence }) => sentence === 'Too old.')?.anchor).toBe('promise--orders--stream-deleted');
  });
});

describe('writing the page', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dr-page-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('names each record beside it, with its digest', async () => {
    const run = madeUpRun([fullDrill()]);
    const drills = join(folder, 'runs', run.runId, 'drills');
    await mkdir(drills, { recursive: true });
    await mkdir(join(folder, 'latest'));
    const [drill] = run.drills;
    await writeFile(join(drills, `orders--stream-deleted--${drill?.drillId}.json`), JSON.stringify(drill));
    await writeFile(join(folder, 'runs', run.runId, 'run.json'), JSON.stringify(run));
    const page = await readFile(await writePage({ outDir: folder, run, history: { past: [] }, root: folder }), 'utf8');
    expect(page).toContain(`sha256sum runs/${run.runId}/run.json`);
    expect(page).toContain(`href="../runs/${run.runId}/drills/orders--stream-deleted--${drill?.drillId}.json"`);
  });

  it('is the same for the same records', async () => {
    const source = { run: fullRun(), past: [pastDrill(fullDrill(), 2)] };
    expect(await renderPage(pageView(source))).toBe(await renderPage(pageView(source)));
  });
});
