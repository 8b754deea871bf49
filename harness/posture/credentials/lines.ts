import { basename } from 'node:path';
import { isCredential, isCredentialField, isHarmless, isSecretValue, passwordIn, strengthOf } from './values.ts';

/** A credential in a line of a text. The value is only for comparisons within the scan and never leaves it. */
export interface LineFinding {
  readonly line: number;
  readonly kind: string;
  readonly value: string;
}

/** `NAME=value` anywhere in a line, as in a shell, a Dockerfile or `docker run -e`. */
const ASSIGNMENT =
  /(?:^|[\s;&|("'])([A-Z][A-Z0-9_]*)=("[^"]*"|'[^']*'|`[^`]*`|\$\([^)]*\)|\$\{[^}]*\}[^\s;&|)]*|[^\s;&|"'`)]+)/g;
/** `name = value` or `name: value` alone in a line or between braces, as in settings files. */
const SETTING =
  /(?:^|[{,(])\s*(?:export\s+|set\s+|define\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*(?:=>|[:=])\s*("[^"]*"|'[^']*'|[^\s,;}#]+)/g;
/** `--password value`. */
const OPTION = /(?:^|\s)--?([a-z][a-z-]*)(?:=|\s+)("[^"]*"|'[^']*'|[^\s"']+)/g;

/** Kinds of credentials that are recognisable by their form. */
const KNOWN = [
  { kind: 'seed of an nkey', pattern: /\bS[UAOPNCX][A-Z2-7]{56}\b/ },
  { kind: 'credentials of NATS', pattern: /-----BEGIN USER NKEY SEED-----/ },
  { kind: 'secret key of age', pattern: /\bAGE-SECRET-KEY-(PQ-)?1[A-Z0-9]{40,}\b/i },
  // The file as one word, as CI systems want it: base64 of `{"type": "service_account", …` with any indentation.
  {
    kind: 'key of a Google service account',
    pattern:
      /\b(?:ewogICJ0eXBlIjogInNlcnZpY2VfYWNjb3Vud|eyJ0eXBlIjoic2VydmljZV9hY2NvdW50|eyJ0eXBlIjogInNlcnZpY2VfYWNjb3Vud)[\w+/=]{100,}/,
  },
  { kind: 'HMAC key of Google Cloud Storage', pattern: /\bGOOG1E[A-Z0-9]{55}\b/ },
  { kind: 'API key of Google', pattern: /\bAIza[\w-]{35}(?![\w-])/ },
  { kind: 'private key', pattern: /-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----/ },
];

const SETTINGS_FILE =
  /(\.(conf|cfg|cnf|ini|properties|toml|tf|tfvars|hcl|env|s3cfg)|^\.env(\..+)?|\.s3cfg|^rclone\.conf|^credentials)$/i;
const EXPRESSIONS = /\.(tf|tfvars|hcl)$/i;
const SCRIPT =
  /(\.(sh|bash|zsh|ksh|envrc|env|service|mk|ps1)|^(dockerfile|makefile|containerfile)(\..+)?|^\.env(\..+)?)$/i;

/** Finds credentials in the lines of a file, by its name and by the lines. */
export function* credentialLines(path: string, content: string): Generator<LineFinding> {
  const only = isFileOfOne(path) ? content.trim() : '';
  if (only !== '' && !/\s/.test(only) && !isHarmless(only)) yield { line: 1, kind: 'password', value: only };
  const name = basename(path).replace(/\.(gotmpl|tpl|tmpl|j2|erb|example|sample|template|dist)$/i, '');
  const lines = joined(content);
  for (const { text, line } of lines) {
    // In a comment, only unmistakable credentials count.
    const isComment = /^\s*(#|\/\/|;)/.test(text) && !/=\S/.test(text);
    for (const { kind, value } of isComment ? unmistakable(text) : inLine(name, text)) yield { line, kind, value };
  }
}

/** Finds credentials by their own form, or by their place in an address. */
function* unmistakable(text: string): Generator<Omit<LineFinding, 'line'>> {
  for (const { kind, pattern } of KNOWN) {
    const [value] = pattern.exec(text) ?? [];
    if (value !== undefined) yield { kind, value };
  }
  const inUrl = passwordIn(text);
  if (inUrl !== undefined) yield { kind: 'password in a URL', value: inUrl };
}

function* inLine(name: string, text: string): Generator<Omit<LineFinding, 'line'>> {
  yield* unmistakable(text);
  const inUrl = passwordIn(text);
  for (const [, variable = '', written = ''] of text.matchAll(ASSIGNMENT)) {
    const value = unquoted(written);
    if (isCredential(variable, value) && inUrl === undefined) yield { kind: `value of ${variable}`, value };
  }
  if (SETTINGS_FILE.test(name)) {
    for (const [, field = '', written = ''] of text.matchAll(SETTING)) {
      const value = unquoted(written);
      // A literal has quotes there; without them it is an expression, such as var.password.
      if (EXPRESSIONS.test(name) && value === written) continue;
      if (isCredential(field, value) && inUrl === undefined) yield { kind: `value of ${field}`, value };
    }
  }
  yield* inCommand(name, text);
  const [, ofFile] = fileOfPasswords(name)?.exec(text) ?? [];
  if (ofFile !== undefined && !/^\s*#/.test(text) && !isHarmless(ofFile)) yield { kind: 'password', value: ofFile };
}

function* inCommand(name: string, text: string): Generator<Omit<LineFinding, 'line'>> {
  // mc alias set NAME URL KEY SECRET
  const [, , secret] = /\bmc(?:li)?\s+(?:alias\s+set|config\s+host\s+add)\s+\S+\s+\S+\s+(\S+)\s+(\S+)/.exec(text) ?? [];
  if (secret !== undefined && !isHarmless(unquoted(secret)))
    yield { kind: 'secret key of an mc alias', value: unquoted(secret) };
  const [, login] = /\bcurl\b.*?\s(?:-u|--user)[= ]?["']?[^\s:"']+:([^\s"']+)/.exec(text) ?? [];
  if (login !== undefined && !isHarmless(login)) yield { kind: 'password of a request', value: login };
  const [, glued] =
    /\b(?:mysql|mysqldump|mariadb|mariadb-dump|mysqladmin)\b.*?\s-p([^\s"']+|"[^"]+"|'[^']+')/.exec(text) ?? [];
  if (glued !== undefined && !isHarmless(unquoted(glued)))
    yield { kind: 'password of a command', value: unquoted(glued) };
  const [, passed] = /\bsshpass\s+-p\s*(\S+)/.exec(text) ?? [];
  if (passed !== undefined && !isHarmless(unquoted(passed)))
    yield { kind: 'password of a command', value: unquoted(passed) };
  // kubectl create secret generic NAME --from-literal=KEY=VALUE, and helm --set a.password=VALUE
  for (const [, key = '', written = ''] of text.matchAll(
    /--from-literal[= ]["']?([^=\s"']+)=("[^"]*"|'[^']*'|[^\s"']+)/g,
  )) {
    const value = unquoted(written);
    if (/\bsecret\b/.test(text) ? isSecretValue(key, value) : isCredential(key, value))
      yield { kind: `value of ${key}`, value };
  }
  for (const [, all = ''] of text.matchAll(/--set(?:-string)?[= ]["']?([^\s"']+)/g)) {
    for (const [, key = '', value = ''] of all.matchAll(/([^=,]+)=([^,]*)/g)) {
      if (isCredential(key, value)) yield { kind: `value of ${key}`, value };
    }
  }
  if (!SCRIPT.test(name) && !/^\s*(\$|sudo|nats|mc|restic|aws|redis-cli|psql|pg_dump|velero|kubectl)\s/.test(text))
    return;
  for (const [, option = '', written = ''] of text.matchAll(OPTION)) {
    const value = unquoted(written);
    if (!value.startsWith('-') && isCredentialField(option, value)) yield { kind: `value of --${option}`, value };
  }
}

/** A file whose single line is a password, such as `restic-password.txt`. */
const isFileOfOne = (path: string): boolean =>
  !/\.(?!txt$)[a-z0-9]{2,4}$/i.test(path) && strengthOf(basename(path).replace(/\.txt$/i, '')) === 'password';

/** Returns the pattern of a password-list file: host:port:database:user:password, or `machine … password …`. */
function fileOfPasswords(name: string): RegExp | undefined {
  if (/pgpass(\.conf)?$/.test(name)) return /^(?:(?:[^:\\]|\\.)*:){4}(.+)$/;
  if (/^[._]netrc$/.test(name)) return /\bpassword\s+(\S+)/;
  return /\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S+)/;
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2');

/** Yields lines, with lines that end in a backslash joined to the next. */
function* joined(content: string): Generator<{ readonly text: string; readonly line: number }> {
  let before = '';
  let first = 0;
  for (const [index, text] of content.split(/\r\n|\n|\r/).entries()) {
    if (before === '') first = index + 1;
    if (text.endsWith('\\')) {
      before += `${text.slice(0, -1)} `;
      continue;
    }
    yield { text: before + text, line: first };
    before = '';
  }
  if (before !== '') yield { text: before, line: first };
}
