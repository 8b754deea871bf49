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

  it('are redacted in base64, in hex, in a URL, in JSON and line by line', () => {
    const secrets = new Secrets();
    const key = '-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END KEY-----\n';
    secrets.add(key, 'a test');
    secrets.add('p@ss word/"1"', 'a test');
    const written = [
      'line MC4CAQAwBQYDK2VwBCIEIJ',
      Buffer.from(key).toString('base64'),
      Buffer.from(key).toString('hex'),
      encodeURIComponent('p@ss word/"1"'),
      JSON.stringify({ password: 'p@ss word/"1"' }),
    ];
    expect(written.map((text) => secrets.redact(text))).toEqual([
      'line ***',
      '***',
      '***',
      '***',
      '{"password":"***"}',
    ]);
    expect(secrets.redact('-----END KEY-----')).toBe('-----END KEY-----');
  });

  it('are redacted inside base64 of more, at each of the three places where they can begin', () => {
    const secrets = new Secrets();
    secrets.add('hunter2-hunter2', 'a test');
    for (const before of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.from(`${before}hunter2-hunter2 and more`).toString('base64');
      expect(secrets.foundIn(encoded), before).toBe(true);
    }
  });

  it('are the user information of a URL: a password, or the token in its place', () => {
    const secrets = new Secrets();
    secrets.addCredentialsOf('nats://app:s%40cret@one:4222,tls://t0ken@two:4222', 'a test');
    expect(secrets.redact('app s%40cret s@cret t0ken one')).toBe('app *** *** *** one');
  });

  it('B4: leave a value readable that the drill made, in a Secret too, unless it was known to be secret before', () => {
    const secrets = new Secrets();
    secrets.addPublic('kgents-dr-backups');
    secrets.add('kgents-dr-backups', 'Secret backup, key bucket');
    expect(secrets.redact('s3://kgents-dr-backups/')).toBe('s3://kgents-dr-backups/');
    secrets.add('hunter2-hunter2', 'a test');
    secrets.addPublic('hunter2-hunter2');
    expect(secrets.redact('hunter2-hunter2')).toBe('***');
  });

  it('leave the name of an object whole that contains one, and nothing else that does', () => {
    const secrets = new Secrets();
    secrets.add('payments', 'Secret payments-credentials, key username');
    secrets.addName('payments-credentials');
    expect(secrets.redact('Secret payments-credentials holds payments')).toBe('Secret payments-credentials holds ***');
  });

  it('B4: hide an undeclared value where its variable is listed, and nowhere else', () => {
    const secrets = new Secrets();
    secrets.addUndeclared('LOG_LEVEL', 'info');
    const listed = ['LOG_LEVEL=info', 'export LOG_LEVEL="info"', 'LOG_LEVEL: info', '{"LOG_LEVEL":"info"}'];
    expect(listed.map((text) => secrets.redact(text))).toEqual([
      'LOG_LEVEL=***',
      'export LOG_LEVEL="***"',
      'LOG_LEVEL: ***',
      '{"LOG_LEVEL":"***"}',
    ]);
    expect(secrets.redact('information at level info')).toBe('information at level info');
  });

  it('leave a text alone that holds none of them', () => {
    const secrets = new Secrets();
    expect(secrets.redact('nothing is known yet')).toBe('nothing is known yet');
    secrets.add('hunter2hunter2', 'a test');
    expect(secrets.foundIn('hunter2hunter2')).toBe(true);
    expect(secrets.foundIn('hunter2')).toBe(false);
  });
});
