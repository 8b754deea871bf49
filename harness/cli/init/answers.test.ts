import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Answers, askAnswers } from './answers.ts';

const { signal } = new AbortController();

/** Simulates a reader who answers each question with the next line, and then leaves. */
async function ask(given: Partial<Answers>, lines: readonly string[]): Promise<{ answers: Answers; asked: string }> {
  const [input, output] = [new PassThrough(), new PassThrough({ encoding: 'utf8' })];
  const left = [...lines];
  let asked = '';
  output.on('data', (text: string) => {
    asked += text;
    if (!text.endsWith(': ')) return;
    const line = left.shift();
    if (line === undefined) input.end();
    else input.write(`${line}\n`);
  });
  return {
    answers: await askAnswers(given, { ci: 'gitlab' }, { input, output, signal }),
    asked,
  };
}

describe('the questions of init', () => {
  it('take a line of nothing for the proposal, which depends on what is protected', async () => {
    const { answers } = await ask({}, ['kubernetes', '', '10m', '', 'P0', 'Ops', '', '']);
    expect(answers).toEqual({
      asset: 'kubernetes',
      name: 'configuration',
      rto: '10m',
      rpo: '1h',
      priority: 'P0',
      owner: 'Ops',
      cron: '*/30 * * * *',
      ci: 'gitlab',
    });
  });

  it('are not asked where an option has answered', async () => {
    const { asked } = await ask({ asset: 'nats', rto: '1h', owner: 'me' }, ['', '', '', '', '']);
    expect(asked.match(/: /g)).toHaveLength(5);
    expect(asked).not.toMatch(/RTO|Who answers/);
  });

  it('are asked again, with the reason, when the answer cannot be', async () => {
    const { answers, asked } = await ask({}, ['', 'My Orders', 'my-orders', '', '', '', '', '', '']);
    expect(answers.name).toBe('my-orders');
    expect(asked).toContain('lower-case letters, digits and hyphens');
  });

  it('E32: take answers that are pasted all at once, one for each question', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.resume();
    input.end('nats\npayments\n20m\n\nP0\nOps\n');
    const answers = askAnswers({ cron: '*/2 * * * *', ci: 'none' }, { ci: 'gitlab' }, { input, output, signal });
    await expect(answers).resolves.toMatchObject({
      name: 'payments',
      rto: '20m',
      rpo: '5m',
      priority: 'P0',
      owner: 'Ops',
    });
  });

  it('end with an explanation when the reader leaves', async () => {
    await expect(ask({}, ['nats', 'orders'])).rejects.toThrow(/the input ended early\. Nothing was written/);
  });

  it('come after the options, so that nobody answers them to hear of a bad option', async () => {
    await expect(ask({ rpo: 'never' }, [])).rejects.toThrow(/^--rpo: /);
  });
});
