import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanHolder } from '../model/plan.ts';
import type { RunRecord } from '../model/run-record.ts';
import { madeUpContract, madeUpPassing } from '../reporting/runbook/testing/made-up-contract.ts';
import { madeUpPosture, madeUpRun } from '../reporting/testing/made-up-records.ts';
import type { CommandIo } from './command-io.ts';
import { type PlanOptions, runPlan } from './plan-command.ts';
import { withStubIo } from './testing/stub-parts.ts';

const options: PlanOptions = { check: false, file: 'docs/platform-plan.md' };
const check = { ...options, check: true };
const contract = madeUpContract({ facts: { ...madeUpPassing().contract, definition: 'sha256:drill' } });
const [disaster] = contract.disasters;
const drill: PlanHolder = { contract: contract.facts.name, disaster: disaster?.name ?? '' };
const settings: PlanHolder = { posture: 'off-site-backups', check: 'settings' };
const test: PlanHolder = { test: 'tests/backup.test.ts', name: 'the job uploads' };
const load = async () => ({
  contracts: [contract],
  postures: [{ name: 'off-site-backups', checks: [{ name: 'settings', definition: 'sha256:settings' }] }],
});

async function put(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

const planOf = (...heldBy: readonly (readonly PlanHolder[])[]) => ({
  title: 'Our plan',
  lines: heldBy.map((each, index) => ({
    id: `A${index + 1}`,
    text: `Line | ${index + 1}`,
    seen: 'by a run',
    heldBy: each,
  })),
});

const runWith = (verdict: 'met' | 'breached', ended = '2026-01-01T00:00:00.000Z'): RunRecord => ({
  ...madeUpRun(
    [{ ...madeUpPassing(), contract: contract.facts }],
    [
      {
        ...madeUpPosture([
          { name: 'settings', verdict, sentence: 'Versioning is off.', definition: 'sha256:settings' },
        ]),
        at: ended,
      },
    ],
  ),
});

const reportOf = (status: string) => ({
  testResults: [
    {
      name: '/somewhere/tests/backup.test.ts',
      startTime: 1_767_225_600_000,
      endTime: 1_767_225_660_000.5,
      assertionResults: [
        { title: 'the job uploads', ancestorTitles: ['the job'], status, failureMessages: ['Error: no'] },
      ],
    },
  ],
});

/** Makes a project whose plan has three lines: one held by a drill, one by a check and one by a test. */
async function withProject(
  plan: unknown,
  work: (given: { io: CommandIo; stdout: () => string; page: () => Promise<string>; out: string }) => Promise<void>,
) {
  await withStubIo(async ({ io, stdout }) => {
    await put(join(io.cwd, 'dr-contracts.config.ts'), "export default { plan: 'plan.json' };");
    await put(join(io.cwd, 'plan.json'), plan);
    await put(join(io.cwd, 'tests/backup.test.ts'), "test('the job uploads', …)");
    const out = join(io.cwd, 'reports');
    await work({ io, stdout, page: () => readFile(join(io.cwd, options.file), 'utf8'), out });
  });
}

describe('the plan', () => {
  it('says for each line what held it, the verdict, when, and on which target, and then matches', () =>
    withProject(planOf([drill], [settings], [test]), async ({ io, stdout, page, out }) => {
      await put(join(out, 'runs/1/run.json'), runWith('met'));
      await put(join(out, 'runs/2/run.json'), '{"half');
      await put(join(out, 'tests/docker/one.json'), reportOf('passed'));
      expect(await runPlan(options, io, load)).toBe(0);
      const text = await page();
      expect(text).toContain('3 of 3 lines are held.');
      expect(text).toContain(
        '| A2 | Line \\| 2 | by a run | `check off-site-backups: settings` | met | local | 2026-01-01 00:00 UTC |',
      );
      expect(text).toContain('`test tests/backup.test.ts: the job uploads` | met | docker | 2026-01-01 00:01 UTC |');
      expect(await runPlan(check, io, load)).toBe(0);
      expect(stdout()).toContain('docs/platform-plan.md matches the plan, and every line is held (3).');
    }));

  it('keeps what was seen on another machine, or long ago, until a newer run says otherwise', () =>
    withProject(planOf([settings]), async ({ io, page, out }) => {
      await put(join(io.cwd, 'elsewhere.json'), runWith('met'));
      await runPlan({ ...options, runs: ['elsewhere.json'] }, io, load);
      await runPlan(options, io, load);
      expect(await page()).toContain('| met | local | 2026-01-01 00:00 UTC |');
      expect(await runPlan(check, io, load)).toBe(0);
      await put(join(out, 'runs/2/run.json'), runWith('breached', '2026-01-02T00:00:00.000Z'));
      await expect(runPlan(check, io, load)).rejects.toThrow(
        /line A1 of the plan .*check off-site-backups: settings: breached on local: Versioning is off/,
      );
    }));

  it('fails the check for a line that nothing holds, names the others, and shows all of them on the page', () =>
    withProject(
      planOf([], [test], [{ posture: 'off-site-backups', check: 'setings' }]),
      async ({ io, stdout, page }) => {
        await expect(runPlan(check, io, load)).rejects.toThrow(
          /line A1 of the plan \("Line \| 1"\).*nothing holds it: name a contract, a check or a test.*2 other lines are not held either: A2, A3/,
        );
        await runPlan(options, io, load);
        expect(stdout()).toContain('0 of 3 lines are held. Not held: A1, A2, A3.');
        const text = await page();
        expect(text).toContain('| A1 | Line \\| 1 | by a run | **nothing** | **not held** |');
        expect(text).toContain('**not seen**');
        expect(text).toMatch(/\*\*A3\*\* check off-site-backups: setings: there is no such check \(did you mean/);
      },
    ));

  it.each([
    ['failed', 'breached on local: the test failed: Error: no'],
    ['skipped', 'unproven on local: the test did not run (skipped)'],
  ])('is not held by a test that %s', (status, why) =>
    withProject(planOf([test]), async ({ io, stdout, out }) => {
      await put(join(out, 'tests/local/one.json'), reportOf(status));
      await runPlan(options, io, load);
      expect(stdout()).toContain(why);
    }),
  );

  it('is not held by a test that its file does not name, whatever a report says', () =>
    withProject(
      planOf([
        { ...test, name: 'the job' },
        { ...test, test: 'tests/gone.test.ts' },
      ]),
      async ({ io, stdout }) => {
        await put(join(io.cwd, 'tests/backup.test.ts'), "test('renamed', …)");
        await runPlan(options, io, load);
        expect(stdout()).toContain('test tests/backup.test.ts: the job: there is no such test');
        expect(stdout()).toContain('test tests/gone.test.ts: the job uploads: there is no such test');
      },
    ));

  it('fails the check for a page that was edited, one that is missing, and one of another plan', () =>
    withProject(planOf([settings]), async ({ io, page, out }) => {
      await put(join(out, 'runs/1/run.json'), runWith('met'));
      await expect(runPlan(check, io, load)).rejects.toThrow(
        'but it does not exist. Write it again: npx dr-contracts plan',
      );
      await runPlan(options, io, load);
      const written = await page();
      await put(join(io.cwd, 'plan.json'), planOf([settings], [settings]));
      await expect(runPlan(check, io, load)).rejects.toThrow('has changed since it was written');
      await put(join(io.cwd, 'plan.json'), planOf([settings]));
      await put(join(io.cwd, options.file), written.replace('local', 'docker'));
      await expect(runPlan(check, io, load)).rejects.toThrow('it was edited by hand');
      await expect(runPlan(options, io, load)).rejects.toThrow('Nothing was written');
      await runPlan({ ...options, force: true }, io, load);
      expect(await page()).toBe(written);
    }));

  it('takes no check, drill or test for a proof once it is defined otherwise', () =>
    withProject(planOf([drill], [settings], [test]), async ({ io, stdout, out }) => {
      await put(join(out, 'runs/1/run.json'), runWith('met'));
      await put(join(out, 'tests/local/one.json'), reportOf('passed'));
      await runPlan(options, io, load);
      expect(await runPlan(check, io, load)).toBe(0);
      await put(join(io.cwd, 'tests/backup.test.ts'), "test('the job uploads', nothing)");
      const changed = async () => ({
        contracts: [{ ...contract, facts: { ...contract.facts, definition: 'sha256:other' } }],
        postures: [{ name: 'off-site-backups', checks: [{ name: 'settings', definition: 'sha256:other' }] }],
      });
      await expect(runPlan(check, io, changed)).rejects.toThrow(
        /line A1 .*but its options, or files behind it, have changed since: run it again\. 2 other lines are not held either: A2, A3/,
      );
      // The reports are old, and so prove nothing, however often the page is written.
      await runPlan(options, io, changed);
      await runPlan(options, io, changed);
      expect(stdout()).toMatch(/0 of 3 lines are held.*0 of 3 lines are held/s);
    }));

  it('takes nothing from a record that does not say how its promises were defined', () =>
    withProject(planOf([drill], [settings]), async ({ io, stdout, out }) => {
      const { definition: _definition, ...older } = contract.facts;
      const posture = madeUpPosture([{ name: 'settings', verdict: 'met', sentence: 'Versioning is on.' }]);
      await put(join(out, 'runs/1/run.json'), madeUpRun([{ ...madeUpPassing(), contract: older }], [posture]));
      await runPlan(options, io, load);
      expect(stdout()).toMatch(/A1: .*does not say how it was defined then: run it again\nA2: .*does not say how/);
    }));

  it('takes nothing from an edited page', () =>
    withProject(planOf([settings]), async ({ io, stdout, page }) => {
      await put(join(io.cwd, 'one.json'), runWith('breached'));
      await runPlan({ ...options, runs: ['one.json'] }, io, load);
      await put(join(io.cwd, options.file), (await page()).replaceAll('breached', 'met'));
      await runPlan({ ...options, force: true }, io, load);
      expect(stdout()).toContain('A1: check off-site-backups: settings: no run at hand shows it');
    }));

  it('leaves a file alone that this command did not write', () =>
    withProject(planOf([settings]), async ({ io, page }) => {
      await put(join(io.cwd, options.file), '# By hand\n');
      await expect(runPlan(options, io, load)).rejects.toThrow('it was not written by this command');
      expect(await page()).toBe('# By hand\n');
    }));

  it.each([
    [
      'twice the same id',
      { title: 'Our plan', lines: [...planOf([]).lines, ...planOf([]).lines] },
      'must not use an id twice',
    ],
    ['no line', { title: 'Our plan', lines: [] }, '`lines` to be a list of at least 1 entry'],
    ['nothing', '', 'JSON, but it is empty'],
    ['half of it', '{"title"', 'JSON, but'],
    ['no title', { lines: planOf([]).lines }, '`title` to be a string, but there is none\\. Add `title`'],
    [
      'a target that is none',
      planOf([{ ...drill, on: 'locl' }]),
      '`on` to be one of the targets local, docker, but it is "locl" \\(did you mean "local"\\?\\)',
    ],
    [
      'a field that a holder has not',
      planOf([{ posture: 'off-site-backups', chek: 'settings' } as never]),
      'the fields posture, check, on, but it has an unknown field "chek" \\(did you mean "check"\\?\\)',
    ],
    ['a holder of no kind', planOf([{ conract: 'x' } as never]), '"conract" \\(did you mean "contract"\\?\\)'],
    ['a line that is none', { title: 'Our plan', lines: [7] }, '`lines.0` to be an object, but it is 7'],
    [
      'a holder that is none',
      { ...planOf(), lines: [{ id: 'A1', text: 'a', seen: 'b', heldBy: [{ contract: 'x' }] }] },
      '`disaster` to be a string, but there is none\\. Add `disaster`',
    ],
  ])('with %s is refused with one message', (_what, plan, message) =>
    withProject(plan, async ({ io }) => {
      await expect(runPlan(options, io, load)).rejects.toThrow(
        new RegExp(
          `^plan plan\\.json: (?!.*(?:Invalid input|CONFIG|dr-contracts\\.config|\\.\\.)).*expected .*${message}`,
          's',
        ),
      );
    }),
  );

  it('that the configuration does not name is asked for', () =>
    withStubIo(async ({ io }) => {
      await expect(runPlan(options, io, load)).rejects.toThrow(
        "the configuration: expected to name the file of a plan in `plan`, but it names none. Name it in dr-contracts.config.ts: plan: 'plan.json'.",
      );
    }));
});
