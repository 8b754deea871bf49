import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Secrets, secret } from '../model/secrets.ts';
import { authorVariables } from './author-environment.ts';

const drills = new Map([
  ['NATS_URL', 'nats://127.0.0.1:4222'],
  ['BACKUP_BUCKET', 'drills'],
]);

afterEach(() => vi.unstubAllEnvs());

describe('the variables that a contract gives', () => {
  it('B4: are secret where the author says so', () => {
    const secrets = new Secrets();
    const { values, recordable } = authorVariables({ GPG_PASSPHRASE: secret('hunter2-hunter2') }, drills, secrets);
    expect(values.get('GPG_PASSPHRASE')).toBe('hunter2-hunter2');
    expect(recordable).toEqual(new Set());
    expect(secrets.redact('gpg --passphrase hunter2-hunter2')).toBe('gpg --passphrase ***');
  });

  it.each(['GPG_PASSPHRASE', 'API_KEY', 'DATABASE_PASS', 'NATS_CREDS', 'HARMLESS'])(
    'B4: are secret when the contract read them from the environment, under the name %s as well',
    (name) => {
      vi.stubEnv('DRC_TEST_PRODUCTION', 'from-the-vault-1');
      const secrets = new Secrets();
      authorVariables({ [name]: process.env['DRC_TEST_PRODUCTION'] ?? '' }, drills, secrets);
      expect(secrets.redact('said from-the-vault-1')).toBe('said ***');
    },
  );

  it('B4: have their secret parts redacted: what was read from the environment, and a password in a URL', () => {
    vi.stubEnv('DRC_TEST_PRODUCTION', 'from-the-vault-1');
    const secrets = new Secrets();
    const given = { ONE: `pg://db/${process.env['DRC_TEST_PRODUCTION']}`, TWO: 'pg://user:secret-two@db/' };
    authorVariables(given, drills, secrets);
    expect(secrets.redact('from-the-vault-1 secret-two db')).toBe('*** *** db');
  });

  it('may be recorded where the drill made all of the value, and nowhere else', () => {
    const secrets = new Secrets();
    const given = {
      SERVER: '$(NATS_URL)',
      REPOSITORY: 's3:$(BACKUP_BUCKET)/restic',
      LEVEL: 'info',
      NOTHING: '$(UNKNOWN)',
    };
    const { values, recordable } = authorVariables(given, drills, secrets);
    expect(recordable).toEqual(new Set(['SERVER']));
    expect(values.get('REPOSITORY')).toBe('s3:drills/restic');
    expect(secrets.redact('level info, LEVEL=info')).toBe('level info, LEVEL=***');
  });

  it('name the variable of a secret without a value, when the drill needs it', () => {
    const given = { GPG_PASSPHRASE: secret(undefined) };
    expect(() => authorVariables(given, drills, new Secrets())).toThrow(/GPG_PASSPHRASE.*not set/);
  });

  it('B4: do not show a declared secret in any way in which a value is printed', () => {
    const declared = secret('hunter2-hunter2');
    const printed = [
      `${declared}`,
      JSON.stringify({ declared }),
      inspect({ declared }),
      inspect(declared, { showHidden: true }),
    ];
    expect(printed.join()).not.toContain('hunter2');
  });
});
