import { describe, expect, it } from 'vitest';
import { Secrets } from './secrets.ts';

describe('secret values', () => {
  it('B11: are redacted longest first, so that no part of a longer one is left', () => {
    const secrets = new Secrets();
    secrets.add('abcd', 'a test');
    secrets.add('abcdefgh', 'a test');
    expect(secrets.redact('key abcdefgh, id abcd')).toBe('key ***, id ***');
  });

  it('B11: are left alone where they are too short to keep anything secret', () => {
    const secrets = new Secrets();
    secrets.add('1', 'Secret settings, key replicas');
    expect(secrets.redact('11 of 12 messages')).toBe('11 of 12 messages');
  });

  it('are redacted in base64, in a URL, in JSON and line by line', () => {
    const secrets = new Secrets();
    const key = '-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END KEY-----\n';
    secrets.add(key, 'a test');
    secrets.add('p@ss word/"1"', 'a test');
    const written = [
      'line MC4CAQAwBQYDK2VwBCIEIJ',
      Buffer.from(key).toString('base64'),
      encodeURIComponent('p@ss word/"1"'),
      JSON.stringify({ password: 'p@ss word/"1"' }),
    ];
    expect(written.map((text) => secrets.redact(text))).toEqual(['line ***', '***', '***', '{"password":"***"}']);
    expect(secrets.redact('-----END KEY-----')).toBe('-----END KEY-----');
  });

  it('leave a text alone that holds none of them', () => {
    const secrets = new Secrets();
    expect(secrets.redact('nothing is known yet')).toBe('nothing is known yet');
    secrets.add('hunter2hunter2', 'a test');
    expect(secrets.foundIn('hunter2hunter2')).toBe(true);
    expect(secrets.foundIn('hunter2')).toBe(false);
  });
});
