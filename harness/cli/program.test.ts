import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import type { DrillOptions } from './make-run.ts';
import type { Commands } from './program.ts';
import { createProgram } from './program.ts';

interface Called {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | undefined;
  readonly thrown: unknown;
  readonly drills: readonly DrillOptions[];
}

async function call(...args: string[]): Promise<Called> {
  const drills: DrillOptions[] = [];
  let [output, errors] = ['', ''];
  let exitCode: number | undefined;
  const never = () => Promise.reject(new Error('not this one'));
  const commands: Commands = {
    drill: async (options) => {
      drills.push(options);
      return 1;
    },
    init: never,
    demo: never,
    toolchain: never,
    doctor: never,
    gc: never,
    gate: never,
    export: never,
    comment: never,
    history: never,
    diff: never,
    notify: never,
    list: never,
    verdict: never,
    report: never,
    compliance: never,
    runbook: never,
    plan: never,
    keygen: never,
    changeKey: never,
    verify: never,
    anchor: never,
    signOff: never,
    openDeviation: never,
    closeDeviation: never,
    listDeviations: never,
  };
  const program = createProgram('1.2.3', commands, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => {
        output += text;
      },
      writeErr: (text) => {
        errors += text;
      },
    });
  }
  let thrown: unknown;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    thrown = error;
  }
  return { output, errors, exitCode, thrown, drills };
}

describe('the command line', () => {
  it.each([
    ['an unknown command', ['dril'], 'Did you mean drill?'],
    ['a pack to write and to read', ['toolchain', '--pack', 'a', '--from', 'b'], "cannot be used with option '--from"],
    ['a pack to read with --all', ['toolchain', '--from', 'a', '--all'], "cannot be used with option '--all'"],
    ['a digest without a pack', ['toolchain', '--digest', `sha256:${'0'.repeat(64)}`], "needs '--from <file>'"],
    ['a digest that is none', ['toolchain', '--from', 'a', '--digest', 'abc'], 'sha256: and 64 hexadecimal digits'],
    ['a key and a pack', ['toolchain', '--key', '--pack', 'a'], "cannot be used with option '--pack"],
    ['an unknown target', ['drill', '--target', 'moon'], 'Allowed choices are auto, local, docker'],
    ['no job at all', ['drill', '--jobs', '0'], 'a whole number from 1 to 64'],
    ['a fraction of runs to keep', ['drill', '--keep-runs', '1.5'], 'a whole number from 1 to'],
    ['an option without its value', ['drill', '--contract'], "option '--contract <name...>' argument missing"],
    ['an argument too many', ['gc', 'all'], 'too many arguments'],
    ['a change of key without a reason', ['change-key', '--to', 'k.pem', '--reason', ' '], 'a text that is not blank'],
    ['a verdict on nothing', ['verdict'], "missing required argument 'file'"],
  ])('refuses %s with one message, a hint and exit 64', async (_what, args, message) => {
    const { errors, thrown, drills, output } = await call(...args);
    expect(thrown).toBeInstanceOf(CommanderError);
    expect(thrown).toMatchObject({ exitCode: 64 });
    expect(errors).toContain(message);
    expect(errors.match(/^dr-contracts: /gm)).toHaveLength(1);
    expect(errors).toContain('--help');
    expect(output).toBe('');
    expect(drills).toEqual([]);
  });

  it.each([
    ['a time that is none', ['gate', '--at', '2026-13-01'], 'Write a day or a time with its zone'],
    ['a time without its zone', ['gate', '--at', '2026-01-01T00:00'], 'Write a day or a time with its zone'],
    ['an unknown format', ['gate', '--format', 'xml'], 'Allowed choices are text, json, junit, github, gitlab'],
    ['an address that is none', ['gate', '--serve', 'here'], 'Write a port, or a host and a port'],
    ['a base branch whose variable is not set', ['gate', '--base', ''], 'a text that is not blank'],
    ['a commit whose variable is not set', ['gate', '--commit', ' '], 'a text that is not blank'],
    ['a ledger whose variable is not set', ['gate', '--ledger', ''], 'a text that is not blank'],
    ['an unknown option', ['gate', '--polcy', 'x'], 'Did you mean --policy?'],
  ])('refuses %s with exit 64, because 2 would say that something is not proved', async (_what, args, message) => {
    const { errors, thrown } = await call(...args);
    expect(errors).toContain(message);
    expect(thrown).toMatchObject({ exitCode: 64 });
  });

  it('drills what changed since a commit, or what is named, and not both', async () => {
    expect((await call('drill', '--affected')).drills).toMatchObject([{ affected: true }]);
    expect((await call('drill', '--affected', 'main')).drills).toMatchObject([{ affected: 'main' }]);
    expect((await call('drill', '--affected', '--contract', 'x')).thrown).toBeInstanceOf(CommanderError);
  });

  it('takes artefacts that are tested by name and whole digest, and refuses any other form', async () => {
    const digest = 'a'.repeat(64);
    const { drills } = await call('drill', '--subject', `api@sha256:${digest}`, `web:1@sha256:${digest}`);
    expect(drills[0]?.subjects).toEqual([
      { name: 'api', digest: { sha256: digest } },
      { name: 'web:1', digest: { sha256: digest } },
    ]);
    for (const wrong of ['api', 'api@sha256:abc', `@sha256:${digest}`, `api@md5:${digest}`]) {
      const { errors, thrown } = await call('drill', '--subject', wrong);
      expect(errors).toContain('Write a name and its whole digest');
      expect(thrown).toBeInstanceOf(CommanderError);
    }
  });

  it('hands the drill the options that were given, and passes its exit code on', async () => {
    const { drills, exitCode } = await call('drill');
    // The configuration supplies the options that are left out.
    expect(drills).toEqual([{ contracts: [], all: false, posture: false, keep: false, json: false }]);
    expect(exitCode).toBe(1);
  });

  it('takes several contracts, in one option or in more', async () => {
    const { drills } = await call('drill', '--contract', 'a', 'b', '--contract', 'c', '--json', '--jobs', '3');
    expect(drills).toEqual([expect.objectContaining({ contracts: ['a', 'b', 'c'], json: true, jobs: 3 })]);
  });

  it.each([
    [
      ['report', '--from', '2026-11-01', '--run', 'x'],
      "'--run' is for the page of a run, but --from asks for the report of a period",
    ],
    [['report', '--to', '2026-11-30'], "'--to' is for the report of a period: add --from"],
    [['report', '--format', 'pdf'], "'--format' is for the report of a period: add --from"],
    [['report', '--from', '2026-11-31'], 'Write a day or a time with its zone'],
    [['report', '--from', '2026-11-01', '--controls', 'soc2,hipaa'], 'There is no framework hipaa. Known: soc2,'],
  ])('refuses %j', async (args, message) => {
    const { errors, thrown } = await call(...args);
    expect(errors).toContain(message);
    expect(thrown).toBeInstanceOf(CommanderError);
  });

  it('explains itself with --help', async () => {
    const { output, thrown } = await call('--help');
    for (const part of [
      'First steps:',
      'Exit codes:',
      'Environment:',
      'drill',
      'doctor',
      'gc',
      'toolchain',
      'verdict',
    ]) {
      expect(output).toContain(part);
    }
    expect(thrown).toMatchObject({ exitCode: 0 });
  });

  it('explains with toolchain --help how programs move to another machine', async () => {
    const { output, thrown } = await call('toolchain', '--help');
    for (const part of ['--pack <file>', '--from <file>', '--digest <digest>', '--key', 'same Python']) {
      expect(output).toContain(part);
    }
    expect(thrown).toMatchObject({ exitCode: 0 });
  });

  it('says its version', async () => {
    expect((await call('--version')).output).toBe('1.2.3\n');
  });
});
