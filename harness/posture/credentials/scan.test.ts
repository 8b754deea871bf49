import { describe, expect, it } from 'vitest';
import { scanForCredentials } from './scan.ts';
import { foundIn } from './testing/scan-of.ts';

// Assembled here, so that no scanner finds a credential in this file.
const SECRET_KEY = ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYzzTESTKEYa'].join('/');

const secret = (line: string) => `apiVersion: v1\nkind: Secret\nmetadata: { name: writer }\nstringData:\n  ${line}\n`;

describe('the search for credentials', () => {
  it('finds none in the platform, which has placeholders', async () => {
    const { compared, differences, undecided } = await scanForCredentials(
      ['fixtures/platform'],
      new AbortController().signal,
    );
    expect({ differences, undecided }).toEqual({ differences: [], undecided: [] });
    expect(compared).toBeGreaterThan(20);
  });

  it('finds a known kind of key in any file, and never shows it', async () => {
    const [first, ...others] = await foundIn('run.sh', `export AWS_SECRET_ACCESS_KEY=${SECRET_KEY}\n`);
    expect(first).toMatchObject({ item: 'run.sh:1', expected: 'no credential', found: 'one (AWSSecretAccessKey)' });
    expect(others).toEqual([]);
    expect(JSON.stringify(first)).not.toContain(SECRET_KEY);
  });

  it('finds a made-up password in a Secret, as text or in base64, and never shows it', async () => {
    const text = await foundIn('a.yaml', secret('password: hunter22'));
    const data = secret(`password: ${Buffer.from('hunter22').toString('base64')}`).replace('stringData', 'data');
    for (const found of [text, await foundIn('a.yaml', data)]) {
      expect(found).toMatchObject([{ item: 'a.yaml: Secret writer, password', found: 'a value' }]);
      expect(JSON.stringify(found)).not.toContain('hunter22');
    }
  });

  it.each(['password: REPLACE_WITH_PASSWORD', 'username: mailer', 'password: ""'])('lets "%s" pass', async (line) => {
    expect(await foundIn('a.yaml', secret(line))).toEqual([]);
  });
});
