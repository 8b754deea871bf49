import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ExplainedError, UsageError } from '../model/errors.ts';
import { exitCodeOfFailure, renderFailure } from './failure.ts';
import { InterruptedError } from './interruption.ts';

const explained = new ExplainedError({
  thing: 'tool etcd',
  expected: 'version 3.6',
  observed: 'there is none',
  nextStep: 'Run `npx dr-contracts toolchain`.',
});
const EXPLAINED = 'tool etcd: expected version 3.6, but there is none. Run `npx dr-contracts toolchain`.';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that must not be there.
const CONTROLS = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/;

const thrownBy = (work: () => Promise<unknown>) =>
  work().then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

describe('a failure', () => {
  it('that explains itself is printed as it is, on one line', () => {
    expect(renderFailure(explained, false)).toBe(`dr-contracts: ${EXPLAINED}\n`);
  });

  it('prints no control characters of a text from outside', () => {
    const forged = new ExplainedError({
      thing: 'x\u001B[2J',
      expected: 'y',
      observed: 'z\u009B2J\r',
      nextStep: 'Do\nit.',
    });
    expect(renderFailure(forged, false)).not.toMatch(CONTROLS);
    expect(renderFailure(forged, false)).toContain('Do\nit.');
  });

  it('that wraps one that explains itself keeps both', () => {
    expect(renderFailure(new Error('could not start the target', { cause: explained }), false)).toBe(
      `dr-contracts: could not start the target: ${EXPLAINED}\n`,
    );
  });

  it('of several parts is printed as several messages, each once', () => {
    const several = new AggregateError([explained, new Error('second'), explained]);
    expect(renderFailure(several, false).trimEnd().split('\n')).toEqual([
      `dr-contracts: ${EXPLAINED}`,
      expect.stringContaining('second. This is a defect'),
    ]);
  });

  it('in a clean-up never hides the one before it', () => {
    const suppressed = Object.assign(new Error('x'), {
      name: 'SuppressedError',
      error: new Error('clean-up'),
      suppressed: explained,
    });
    expect(renderFailure(suppressed, false).split('\n')[0]).toBe(`dr-contracts: ${EXPLAINED}`);
  });

  it('of the file system names the path and the fix', async () => {
    const error = await thrownBy(() => readFile('/nonexistent/file'));
    expect(renderFailure(error, false)).toBe(
      'dr-contracts: /nonexistent/file: expected to be usable, but it does not exist (ENOENT). Check the path, and create what is missing.\n',
    );
  });

  it('by an occupied port names the port', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    try {
      const address = first.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const [error] = await once(createServer().listen(port, '127.0.0.1'), 'error').catch((cause: unknown) => [cause]);
      expect(renderFailure(error, false)).toContain(`port ${port}: expected a free port, but the port is occupied`);
    } finally {
      first.close();
    }
  });

  it('of data from outside names the field', async () => {
    const error = await thrownBy(async () => z.object({ a: z.object({ b: z.number() }) }).parse({ a: {} }));
    expect(renderFailure(error, false)).toContain('`a.b` is missing, but has to be a number');
  });

  it('that nobody foresaw is called a defect, without a stack trace unless asked for', () => {
    const error = new TypeError('x is not a function');
    expect(renderFailure(error, false)).toBe(
      'dr-contracts: x is not a function. This is a defect in dr-contracts; run again with DR_CONTRACTS_DEBUG=1 to see where, and report it.\n',
    );
    expect(renderFailure(error, true)).toMatch(/\n\s+at .*failure\.test\.ts/);
  });

  it('of usage is left to commander, which has printed it', () => {
    expect(renderFailure(new CommanderError(1, 'commander.unknownOption', 'unknown option'), false)).toBe('');
  });

  it('that is its own cause ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(renderFailure(error, false)).toContain('round');
  });
});

describe('the exit code of a failure', () => {
  const explanation = { thing: 'a', expected: 'b', observed: 'c', nextStep: 'd' };
  it.each([
    ['a call that has to be corrected', new UsageError(explanation), 64],
    ['a run that could not be made', new ExplainedError(explanation), 2],
    ['an interruption', new InterruptedError('SIGINT'), 2],
    ['a defect', new TypeError('x is not a function'), 70],
    [
      'a defect after a failure that was explained',
      new AggregateError([new ExplainedError(explanation), new Error('x')]),
      70,
    ],
  ])('of %s', (_what, thrown, code) => {
    expect(exitCodeOfFailure(thrown)).toBe(code);
  });
});
