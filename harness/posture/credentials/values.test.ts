import { describe, expect, it } from 'vitest';
import { credentialLines } from './lines.ts';
import { isCredential, isHarmless, isSecretValue } from './values.ts';

/** A shell variable, not a JavaScript template. */
const variable = (name: string) => ['$', `{${name}}`].join('');

describe('C29: a person takes it for a value that is filled in later', () => {
  it.each([
    'changeme123',
    'changeme1',
    'CHANGE_ME_2',
    'change-me-please',
    '!!changeme!!',
    'REPLACE_ME',
    'REPLACE_ME_2',
    'replaceme',
    'REPLACE_WITH_S3_KEY_2',
    'to be set',
    'TODO: set me',
    'FIXME',
    'your-password-here',
    'yourpassword',
    'YOUR_API_KEY_1',
    'YOUR_AWS_S3_SECRET_KEY',
    'enter-your-grafana-password',
    'insert-token-here',
    'my-password',
    'placeholder1',
    'PLACEHOLDER_PASSWORD',
    'example-secret',
    'dummy-password',
    'not-a-real-password',
    'fake-token',
    'xxxx-xxxx-xxxx',
    'sk-xxxxxxxxxxxx',
    '***REMOVED***',
    '[REDACTED]',
    '(redacted)',
    '<password-1>',
    '<your password>',
    '<S3_KEY_2>',
    '<<PASSWORD>>',
    '[[password]]',
    '((db-password))',
    '#{DB_PASSWORD}#',
    '@@PASSWORD@@',
    '__DB_PASSWORD_2__',
    '{password2}',
    'AKIAIOSFODNN7EXAMPLE',
    ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/'),
  ])('%s', (value) => {
    expect(isHarmless(value)).toBe(true);
    expect(isSecretValue('password', value)).toBe(false);
  });

  it.each([
    ['a variable of a workflow', ['$', '{{ secrets.DB_PASSWORD }}'].join('')],
    ['two variables', `${variable('A')}-${variable('B')}`],
    ['a variable that must be set', variable('A:?must be set')],
    ['a command in a command', '$(cat $(ls x))'],
    ['a variable with a number', '$DB_PASSWORD_2'],
    ['a variable in words', '$dbPassword2'],
    ['a secret of a manager', 'projects/acme/secrets/db/versions/latest'],
    ['what Jasypt has encrypted', 'ENC(abcdEF12==)'],
    ['what Spring has encrypted', '{cipher}682bc583f4641835fa2db009'],
  ])('reads it from elsewhere: %s', (_, value) => {
    expect(isHarmless(value)).toBe(true);
  });

  it('takes an expression of terraform for no value, and a text for one', () => {
    const found = (text: string) => [...credentialLines('db.tf', text)].length;
    expect(found('  password = var.db_password\n  token = random_password.db.result\n')).toBe(0);
    expect(found('  password = "hunter22"\n')).toBe(1);
  });
});

describe('C29: a person takes it for a password, whatever it begins with', () => {
  it.each([
    'my-dog-rex-2019',
    'my-password-77',
    'My_S3cr3tP4ss',
    'my-secret-garden-gate',
    'the-eagle-has-landed-42',
    'put-7Kq9xx',
    'enter_Sandman91',
    'insert-coin-1985',
    'your-mother-4-President',
    'change-horses-midstream',
    'changeMyLife77',
    'changeme-Xy7Qp2Lk9',
    'example.7Yq!k2',
    'no-one-knows',
    'true-love-88',
    '$ecr3tP4ssW',
    '$uperSecret1',
    '<7hQ$2kLm9Zx4>',
    '[a8F3kd92LzQ]',
    '__a8F3kd92LzQ1__',
    '@Summer2024@',
    '%Winter2023%',
    variable('PASSWORD:-hunter22'),
  ])('%s', (value) => {
    expect(isHarmless(value)).toBe(false);
    expect(isCredential('DB_PASSWORD', value)).toBe(true);
  });

  it('takes no key in base64 for a path, because it begins with a slash', () => {
    const key = ['/x7KqPL3mz9RtY2Wv', 'abcdEFGH1234567890abc'].join('/');
    expect(isCredential('AWS_SECRET_ACCESS_KEY', key)).toBe(true);
    expect(isCredential('RESTIC_PASSWORD', '/run/secrets/restic-password')).toBe(false);
  });

  it('decides a long text at once', () => {
    expect(isHarmless(`a${'*'.repeat(1_000_000)}b`)).toBe(false);
  });
});
