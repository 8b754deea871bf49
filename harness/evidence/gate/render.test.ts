import { describe, expect, it } from 'vitest';
import type { GateDecision, GateProblem, PromiseDecision } from './decision.ts';
import { renderGateJunit, renderGateMarkdown, renderGithubAnnotations, renderGitlabReport } from './render-formats.ts';
import { renderGateText } from './render-text.ts';
import { decide, promise, run, waiver } from './testing/made-up-gate.ts';

const traits = { live: false, columns: 100, rows: 24, colour: false, unicode: false };
const NASTY = `a <b> & "c" 'd' ]]> | \u0007 %0A ::error::\nsecond line`;

const problem = (wanted: Partial<GateProblem> = {}): GateProblem => ({
  kind: 'breached',
  code: 1,
  contract: 'orders',
  disaster: 'wiped',
  findings: ['rto'],
  sentence: NASTY,
  nextStep: 'Do this.',
  ...wanted,
});
const state = (wanted: Partial<PromiseDecision> = {}): PromiseDecision => ({
  contract: 'orders',
  kind: 'drill',
  priority: 'P1',
  owner: 'tests',
  file: 'contracts/orders.spec.ts',
  outcome: 'blocked',
  isAtRisk: false,
  cadenceMs: null,
  nextDue: null,
  proofs: [],
  problems: [problem()],
  waived: [],
  notes: [],
  ...wanted,
});
async function decision(wanted: Partial<GateDecision> = {}): Promise<GateDecision> {
  return {
    ...(await decide([])),
    decision: 'block',
    exitCode: 1,
    problems: [],
    promises: [state()],
    notes: [],
    ...wanted,
  };
}

describe('the text', () => {
  it('leaves to --explain what a drill did not prove that broke a promise as well', async () => {
    const unproven = problem({ kind: 'unproven', code: 2, findings: ['rpo'], sentence: 'No time is known.' });
    const text = renderGateText(await decision({ promises: [state({ problems: [problem(), unproven] })] }), traits);
    expect(text).toContain('Breached orders');
    expect(text).not.toContain('Unproven');
    const elsewhere = { ...unproven, disaster: 'lost' };
    expect(
      renderGateText(await decision({ promises: [state({ problems: [problem(), elsewhere] })] }), traits),
    ).toContain('Unproven orders › lost');
  });

  it('says of nothing that it may be promoted when the gate failed', async () => {
    const failed = problem({ kind: 'gate-failed', code: 70, contract: null, disaster: null, findings: [] });
    const passed = [state({ problems: [], outcome: 'passed' })];
    expect(renderGateText(await decision({ promises: passed, problems: [failed] }), traits)).not.toContain('May be');
    expect(renderGateText(await decision({ promises: passed, problems: [] }), traits)).toContain('May be promoted (1)');
  });

  it('says of a waiver for a misspelt contract that there is none of that name', async () => {
    const text = renderGateText(await decide(run(), { waivers: [waiver({ contract: 'ordres' })] }), traits);
    expect(text).toContain('there is no contract of this name');
  });

  it('fits a screen, however many contracts were never drilled', async () => {
    const promises = Array.from({ length: 20 }, (_, index) =>
      promise({ contract: `contract-${index}`, disasters: ['one', 'two'] }),
    );
    const text = renderGateText(await decide(run(), { promises }), traits);
    expect(text.split('\n').length).toBeLessThan(30);
    expect(text).toMatch(
      /^BLOCKED: 20 of 20 promises may not be promoted \(exit 2\)\n\nMissing \(40\): contract-0 \(one, two\),/,
    );
    expect(text).toContain('Run `npx dr-contracts drill`.');
  });

  it('tells breaches one by one, and cuts a sentence that is too long', async () => {
    const long = problem({ sentence: 'word '.repeat(200) });
    const text = renderGateText(await decision({ promises: [state({ problems: [long] })] }), traits);
    expect(text).toContain('(--explain tells all)');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('lists waived contracts apart, and announces the end of a waiver', async () => {
    const breached = run({
      change: (record) => {
        record.contract.rtoMs = 60_000;
      },
    });
    const text = renderGateText(
      await decide(breached, { waivers: [waiver({ expires: '2026-02-10' })] }),
      traits,
    ).replaceAll(/\s+/g, ' ');
    expect(text).toContain('PASS: the promise may be promoted, 1 of them only by a waiver (exit 0)');
    expect(text).toContain('Waived (1): orders (rto until 2026-02-10, accepted by cto)');
    expect(text).toContain('Note: the waiver of rto for orders ends in 9 d 12 h (2026-02-10), storage owns it.');
    const unused = renderGateText(await decide(run(), { waivers: [waiver()] }), traits).replaceAll(/\s+/g, ' ');
    expect(unused).toContain('Note: the waiver of rto for orders covers nothing; delete it.');
  });
});

describe('a problem that halts the roll-out', () => {
  const halting = problem({
    kind: 'unproven',
    code: 2,
    disaster: null,
    sentence: 'None is there.',
    halts: 'backups',
    owner: 'storage',
  });

  it('says so in each form', async () => {
    const one = await decision({ promises: [state({ problems: [halting] })] });
    const label = 'halts the roll-out (backups)';
    expect(renderGateText(one, traits)).toContain(`Unproven orders (P1, tests), ${label}\n  None is there.`);
    expect(renderGateMarkdown(one)).toContain(`| orders | unproven, ${label} (rto) | None is there.`);
    expect(renderGateJunit(one)).toContain(`It ${label}. Owner: storage.`);
    expect(renderGithubAnnotations(one)).toContain(`title=orders%3A unproven%2C ${label}::`);
    expect(renderGitlabReport(one)).toContain(`orders, ${label}: None is there.`);
  });

  it('is named where several are told together', async () => {
    const several = ['cost', 'backups', 'backups', 'access', 'rotation'] as const;
    const problems = several.map((halts, index) => ({ ...halting, halts, sentence: `Reason ${index}.` }));
    const text = renderGateText(await decision({ promises: [state({ problems })] }), traits);
    expect(text).toContain('Unproven (5): orders\n  Halts the roll-out: cost, backups, access and rotation.\n');
  });

  it('is nowhere while nothing halts', async () => {
    const plain = await decision();
    const forms = [renderGateMarkdown, renderGateJunit, renderGithubAnnotations, renderGitlabReport];
    for (const render of forms) expect(render(plain)).not.toContain('roll-out');
    expect(renderGateText(plain, traits)).not.toContain('roll-out');
  });
});

describe('the formats', () => {
  it('JUnit is well formed for every text, and never calls skipped what is not proved', async () => {
    const promises = [
      state(),
      state({ contract: 'api', problems: [problem({ kind: 'missing', code: 2, contract: 'api', disaster: null })] }),
      state({
        contract: 'web',
        outcome: 'waived',
        problems: [],
        waived: [{ problem: problem(), reason: NASTY, owner: 'o', approver: 'a', expires: '2027-01-01' }],
      }),
    ];
    const xml = renderGateJunit(
      await decision({ promises, problems: [problem({ kind: 'file-invalid', code: 64, contract: null })] }),
    );
    expect(xml).toContain('<testsuites name="dr-contracts gate" tests="4" failures="1" errors="2">');
    expect(xml).toMatch(/<testcase classname="orders" name="wiped"><failure type="breached"/);
    expect(xml).toMatch(/<testcase classname="api" name="posture"><error type="missing"/);
    expect(xml).toMatch(/<testcase classname="web" name="wiped"><skipped message="waived until 2027-01-01/);
    expect(xml).toContain("a &lt;b&gt; &amp; &quot;c&quot; 'd' ]]&gt; |  %0A");
    expect(xml).not.toContain('\u0007');
  });

  it('GitHub gets one command a line, whatever a sentence holds', async () => {
    const lines = renderGithubAnnotations(await decision())
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('%250A ::error::%0Asecond line Do this.');
    expect(lines[1]).toMatch(/^::notice /);
  });

  it('Markdown keeps a table whole, and no sentence becomes mark-up', async () => {
    const [row = ''] = renderGateMarkdown(await decision())
      .split('\n')
      .filter((line) => line.includes('second line'));
    expect(row).toContain('a &lt;b&gt; &amp; "c"');
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  it('GitLab gets the same fingerprint for the same problem in every run, and another one for another', async () => {
    const of = async (wanted: Partial<GateProblem>) =>
      (
        JSON.parse(renderGitlabReport(await decision({ promises: [state({ problems: [problem(wanted)] })] }))) as {
          fingerprint: string;
        }[]
      )[0]?.fingerprint;
    expect(await of({ sentence: 'took 19 min' })).toBe(await of({ sentence: 'took 20 min' }));
    expect(await of({ kind: 'stale' })).not.toBe(await of({}));
  });
});
