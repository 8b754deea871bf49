import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { madeUpPosture, madeUpRun } from '../../reporting/testing/made-up-records.ts';
import { link } from './markup.ts';
import type { PageGate, PageLedger, PastDrill } from './page-source.ts';
import { coloursOf, contrastOf, shapePairs, textPairs } from './testing/contrast.ts';
import { htmlFaults } from './testing/html-faults.ts';
import { fullDrill, fullRun, pastDrill, writtenPage } from './testing/made-up-page.ts';
import { pageView } from './view-model.ts';
import { writePage } from './write-page.ts';

const noLedger: PageLedger = {
  at: 'reports/ledger',
  option: '',
  promised: null,
  entries: null,
  isCut: false,
  problem: null,
};
const someEntries = { first: 3, last: 9, count: 7, unsigned: 7, keyIds: [], drillIds: [] };
/** Returns the page's text on a ledger that holds a run without drills. */
const verified = (entries: Partial<NonNullable<PageLedger['entries']>>) =>
  pageView({ run: madeUpRun([]), past: [], ledger: { ...noLedger, entries: { ...someEntries, ...entries } } })
    .provenance;
const bytesOf = (page: string): number => Buffer.byteLength(page);

/** Replaces every string of a record, except for those that a schema or a reader interprets. */
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
    const page = await writtenPage({ run, past: [pastDrill(run.drills[0] ?? fullDrill(), 3)] });
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/script/g)).toHaveLength(1);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)?.length).toBe(page.match(/<title/g)?.length);
    expect(page).toContain('&lt;&quot;&gt;&lt;img src=x');
  });

  it('is well-formed HTML without inline styles and handlers', async () => {
    const page = await writtenPage({ run: fullRun([fullDrill('orders', 'unproven'), fullDrill('users')]), past: [] });
    expect(await htmlFaults(page)).toEqual([]);
    expect(page).not.toMatch(/<[^>]*\s(on\w+|style)=/);
    expect(page).toContain("default-src 'none'");
  });

  it('stays below 1 MB for 20 contracts and below 5 MB for 200, and says which charts it left out', async () => {
    const pageOf = (count: number) => {
      const drills = Array.from({ length: count }, (_, index) => fullDrill(`contract-${index}`));
      const past = drills.flatMap((drill) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((day) => pastDrill(drill, day)));
      return writtenPage({ run: madeUpRun(drills), past });
    };
    expect(bytesOf(await pageOf(20))).toBeLessThan(1_000_000);
    expect(bytesOf(await pageOf(200))).toBeLessThan(5_000_000);
    const many = await pageOf(400);
    expect(bytesOf(many)).toBeLessThan(10_000_000);
    expect(many).toMatch(/The charts of \d+ promises are left out/);
  });

  it.each(['light', 'dark'] as const)('has enough contrast in the %s theme, in charts too', async (theme) => {
    const colour = coloursOf(await writtenPage({ run: madeUpRun([]), past: [] }), theme);
    const poor = [
      ...textPairs.map((pair) => [...pair, 4.5] as const),
      ...shapePairs.map((pair) => [...pair, 3] as const),
    ].filter(([one, on, least]) => contrastOf(colour(one), colour(on)) < least);
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

  it('says which posture check halts the roll-out, who answers for it and what to do next', async () => {
    const check = { name: 'daily', sentence: 'None is there.', owner: 'platform', nextStep: 'Repair the backups.' };
    const posture = madeUpPosture([
      { ...check, verdict: 'at-risk', halts: 'backups' },
      { name: 'settings', verdict: 'met', sentence: 'As declared.' },
    ]);
    const source = { run: madeUpRun([], [posture]), past: [] };
    const view = pageView(source);
    expect(view.needsHuman).toMatchObject([
      {
        mark: 'at-risk',
        what: 'off-site-backups: daily',
        sentence: 'None is there. It halts the roll-out (backups).',
        nextStep: 'Repair the backups.',
        owner: 'platform',
      },
    ]);
    expect(view.decision).toMatchObject({ mark: 'at-risk' });
    expect(view.decision.counts).toContainEqual({ mark: 'at-risk', count: 1, what: 'at risk, by posture check' });
    const page = await writtenPage(source);
    expect(page).toContain('<b>It halts the roll-out (backups). Owner: platform. Repair the backups.</b>');
    expect(page.match(/<b>It halts the roll-out/g)).toHaveLength(1);
    expect(await htmlFaults(page)).toEqual([]);
  });

  it('page 1: shows the commands in what it does not prove as commands', async () => {
    const run = madeUpRun([fullDrill()]);
    const page = await writtenPage({ run, past: [], whyNoGate: '`npx dr-contracts report` asks the gate.' });
    expect(page).toContain('<code class="command">npx dr-contracts report</code> asks the gate.');
    expect(page).toContain('<code class="command">dr-contracts verify</code> checks them.');
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
    const signed = verified({ count: 7, unsigned: 0, keyIds: ['ab12'] });
    expect(signed.verify.at(-1)?.command).toBe('npx dr-contracts verify --key ledger.pub.pem');
    expect(signed.verify.at(-1)?.shows).toContain('each entry of this run is signed with that public key');
    expect(signed.facts).toContainEqual({
      name: 'ledger',
      value: 'reports/ledger, entries 3 to 9 (signed with key ab12)',
    });
    expect(verified({ count: 7, unsigned: 7, keyIds: [] }).verify.at(-1)).toMatchObject({
      command: 'npx dr-contracts verify',
      shows: expect.stringContaining('anybody could have written them'),
    });
  });

  it('page 1: claims a signature of no entry that has none, and of no run that the ledger does not hold', () => {
    const partly = verified({ count: 7, unsigned: 2, keyIds: ['ab12'] });
    expect(partly.verify.at(-1)?.shows).toContain('5 of the 7 entries of this run are signed');
    expect(partly.verify.at(-1)?.shows).not.toContain('each entry');
    expect(partly.facts.find(({ name }) => name === 'ledger')?.value).toContain('2 of 7 entries not signed');
    for (const problem of [null, 'Older drills were not read.']) {
      const absent = pageView({ run: madeUpRun([]), past: [], ledger: { ...noLedger, problem } }).provenance;
      expect(absent.verify.at(-1)?.shows).not.toMatch(/signed|The ledger holds this run/);
    }
    const unread = pageView({ run: madeUpRun([]), past: [] }).provenance;
    expect(unread.verify.at(-1)?.shows).not.toMatch(/signed|The ledger holds this run/);
  });

  it('page 1: says which part of the run the ledger does not hold', () => {
    const run = madeUpRun([fullDrill('orders'), { ...fullDrill('users'), drillId: 'another' }]);
    const entries = { ...someEntries, unsigned: 0, keyIds: ['ab12'], drillIds: ['another'] };
    const { verify, facts } = pageView({ run, past: [], ledger: { ...noLedger, entries } }).provenance;
    expect(verify.at(-1)?.shows).toContain('It does not hold 1 of the 2 drills on this page.');
    expect(facts.find(({ name }) => name === 'ledger')?.value).toContain('it holds 1 of 2 drills');
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
          proofs: [{ disaster: 'stream-deleted', drillId: fullDrill().drillId, regression: null }],
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

describe('the decision of a gate on the page', () => {
  const record = fullDrill('orders', 'breached');
  const problem = { kind: 'breached', contract: 'orders', disaster: 'stream-deleted', sentence: 's', nextStep: 'n' };
  const by = { reason: 'r', owner: 'o', approver: 'a', expires: '2025-12-01' };
  const regression = { state: 'slower', sentence: 'Another drill was slower.' };
  /** Returns a gate decision that waives one problem and judges one drill. */
  const gateOf = (waived: string, drillId: string, problems: PageGate['problems'] = []): PageGate => ({
    decision: problems.length === 0 ? 'pass' : 'block',
    exitCode: problems.length === 0 ? 0 : 2,
    at: '2025-11-23T13:00:00.000Z',
    commit: null,
    sources: { policy: 'dr-gate.ts', waivers: 'dr-waivers.yaml' },
    problems: [],
    waivers: [],
    promises: [
      {
        contract: 'orders',
        owner: 'o',
        outcome: problems.length === 0 ? 'waived' : 'blocked',
        problems,
        waived: [{ problem: { ...problem, kind: waived }, ...by }],
        proofs: [{ disaster: 'stream-deleted', drillId, regression }],
      },
    ],
  });
  const viewOf = (gate: PageGate, drill = record) => pageView({ run: madeUpRun([drill]), past: [], gate });

  it.each([
    ['covers the verdict of this drill', gateOf('breached', record.drillId), 'waived'],
    ['covers the age of the proof only', gateOf('overdue', record.drillId), 'breached'],
    ['covers another drill', gateOf('breached', 'another'), 'breached'],
    ['leaves something open', gateOf('breached', record.drillId, [{ ...problem, kind: 'unproven' }]), 'breached'],
  ])('page 1: a waiver that %s', (_, gate, mark) => {
    expect(viewOf(gate).promises[0]?.mark).toBe(mark);
  });

  it('page 1: says of this drill only what was compared for this drill', () => {
    expect(viewOf(gateOf('overdue', record.drillId)).promises[0]?.history.sentences).toContain(regression.sentence);
    expect(viewOf(gateOf('overdue', 'another')).promises[0]?.history.sentences).not.toContain(regression.sentence);
  });

  it('page 1: names a breach that another drill showed and this one did not', () => {
    const open = [{ ...problem, sentence: 'It broke on docker.' }];
    const met = fullDrill('orders', 'met');
    const told = (gate: PageGate, drill: typeof met) => viewOf(gate, drill).needsHuman.map(({ sentence }) => sentence);
    expect(told(gateOf('overdue', met.drillId, open), met)).toContain('It broke on docker.');
    expect(told(gateOf('overdue', record.drillId, open), record)).not.toContain('It broke on docker.');
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

  it('links only to files beside it and to places on it', async () => {
    const run = { ...fullRun(), runId: 'javascript:alert(1)' };
    const drills = join(folder, 'runs', run.runId, 'drills');
    await mkdir(drills, { recursive: true });
    await writeFile(join(drills, `orders--stream-deleted--${run.drills[0]?.drillId}.json`), '{}');
    await writeFile(join(folder, 'runs', run.runId, 'run.json'), '{}');
    const linksOf = async (file: string) => {
      const wishes = { outDir: folder, run, history: { past: [] }, root: folder };
      const page = await readFile(await writePage({ ...wishes, file: join(folder, file) }), 'utf8');
      return [...page.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)/g)].map(([, href, label]) => ({ href, label }));
    };
    await mkdir(join(folder, 'latest'));
    const apart = await linksOf('latest/report.html');
    const records = apart.filter(({ label }) => label?.startsWith('runs/javascript:alert(1)/'));
    expect(records.map(({ href }) => href?.slice(0, 3))).toEqual(['../', '../']);
    for (const { href } of apart) expect(href).toMatch(/^(#|\.\.\/)/);
    // Beside the folder of the run, the address of its files would begin with the name of that folder.
    const beside = await linksOf('runs/report.html');
    expect(beside.map(({ label }) => label)).toEqual(apart.map(({ label }) => label));
    for (const { href } of beside) expect(href).toMatch(/^#/);
    expect(String(await link({ label: 'x', href: '//elsewhere.example/x' }))).toBe('<a href="#">x</a>');
  });

  it('is the same for the same records', async () => {
    const source = { run: fullRun(), past: [pastDrill(fullDrill(), 2)] };
    expect(await writtenPage(source)).toBe(await writtenPage(source));
  });
});
