// Criteria for a credential: the name of a value, and the value itself.

/** Values that a template fills in, and answers that are no secret. */
const FILLED_IN = [/^-+$/, /^\{\{[^}]*\}\}$/, /^(true|false|yes|no|on|off)$/i];

/** Output of a vault or a cipher, useless without its key. */
const ENCRYPTED = [
  /^ENC\[[A-Z0-9_]+,/,
  /^\$ANSIBLE_VAULT;/,
  /^-----BEGIN (AGE ENCRYPTED FILE|PGP MESSAGE)-----/,
  /^age-encryption\.org\//,
  /^vault:[a-z]/,
  /^ref\+[a-z0-9]+:\/\//,
  /^(op|sm|awssm|gcpsm|azurekeyvault|keyvault|secretref):\/\//,
  /^arn:[a-z-]+:(secretsmanager|ssm):/,
  /^projects\/[^/\s]+\/secrets\/[^/\s]+(\/versions\/\w+)?$/,
  /^ENC\(.+\)$/,
  /^\{cipher\}/,
  // Hashes of bcrypt, crypt and argon2, which a server compares with.
  /^\$(2[aby]|1|5|6|y|argon2(id|i|d))\$/,
  /^(sha256|sha512|md5|scram-sha-256)[:$]/i,
];

/** A default inside a variable, which is a value really in use. */
const WITH_DEFAULT = /^\$\{\w+:?[-=](.+)\}$/;

/** True if a value is empty, stands for another, or is useless to a reader. */
export function isHarmless(value: string): boolean {
  const text = value.trim();
  const fallback = WITH_DEFAULT.exec(text)?.[1];
  if (fallback !== undefined) return isHarmless(fallback);
  if (text === '' || isPlaceholder(text) || isVariable(text)) return true;
  return [...FILLED_IN, ...ENCRYPTED].some((pattern) => pattern.test(text));
}

/** A base64 key may begin with a slash as well. */
const isPath = (value: string): boolean =>
  /^(\.{0,2}\/|~\/|[A-Z]:\\|file:)/.test(value) && !value.split('/').some((part) => looksRandom(part));

/** Returns the password of a URL. A NATS token stands in the place of the user. */
export function passwordIn(text: string): string | undefined {
  for (const [, scheme = '', user = '', password] of text.matchAll(
    /\b([a-z][a-z0-9+.-]*):\/\/([^\s:@/"']*)(?::([^\s@/"']*))?@/gi,
  )) {
    const secret = password ?? (/^(nats|tls)$/i.test(scheme) ? user : '');
    if (!isHarmless(secret)) return secret;
  }
  return undefined;
}

type Strength = 'password' | 'maybe';

const PASSWORDS = new Set(['password', 'passwd', 'passphrase', 'pass', 'pwd', 'passcode']);
const MAYBE = new Set(['secret', 'token', 'credential', 'credentials', 'apikey', 'dsn', 'nkey', 'jwt', 'bearer']);
const KINDS_OF_KEYS = new Set([
  'access',
  'api',
  'secret',
  'private',
  'encryption',
  'account',
  'storage',
  'master',
  'auth',
  'application',
  'shared',
  'signing',
]);
/** The shell's current folder. */
const NOT_SECRET = /^(OLD)?PWD$/;

/** Returns whether a value under that name is a credential: certainly, or if it looks like one. Undefined if the name says nothing. */
export function strengthOf(name: string): Strength | undefined {
  if (NOT_SECRET.test(name)) return undefined;
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  // A field of a kubeconfig.
  if (name === 'client-key-data') return 'password';
  if (PASSWORDS.has(last) || /(password|passwd|passphrase)$/.test(last)) return 'password';
  if (MAYBE.has(last) || /^rediscli_auth$/i.test(name)) return 'maybe';
  return last === 'key' && KINDS_OF_KEYS.has(words.at(-2) ?? '') ? 'maybe' : undefined;
}

/** Returns the words of `dbPassword2`, `DB_PASSWORD` and `db.password` in lower case. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

/** Returns whether a value passed to a program under that name is a credential. */
export function isCredential(name: string, value: string): boolean {
  const strength = strengthOf(name);
  if (strength === undefined) return passwordIn(value) !== undefined;
  if (isHarmless(value)) return false;
  if (strength === 'password') return !isPath(value);
  return !isPath(value) && (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || passwordIn(value) !== undefined);
}

/** Does the same for a field of any document, where a name such as `secret` often refers to another object. */
export function isCredentialField(name: string, value: string): boolean {
  // A name in capitals is an environment variable.
  return (
    isCredential(name, value) && (strengthOf(name) !== 'maybe' || /^[A-Z][A-Z0-9_]*$/.test(name) || looksRandom(value))
  );
}

/** Returns whether the value looks random, as no name does. */
function looksRandom(value: string): boolean {
  return value.length >= 16 && !/\s/.test(value) && /[0-9]/.test(value) && /[A-Z]/.test(value) && /[a-z]/.test(value);
}

/** Last words of names whose value needs no hiding, in a Secret or elsewhere. */
const HARMLESS_NAMES = new Set(
  'username user login host hostname server port region zone endpoint endpoints url uri database db dbname name namespace bucket prefix path folder type mode scheme protocol ssl sslmode provider repository enabled email issuer audience version'.split(
    ' ',
  ),
);

/** Returns whether a value of a Secret is a credential: every value counts, except those that may be public. */
export function isSecretValue(key: string, value: string): boolean {
  const text = value.trim();
  if (passwordIn(text) !== undefined) return true;
  if (isHarmless(text)) return false;
  if (strengthOf(key) === undefined && HARMLESS_NAMES.has(wordsOf(key).at(-1) ?? '')) return false;
  if (/^(ca|tls|client|server)\.crt$/.test(key) || isPublic(text)) return text.includes('PRIVATE KEY');
  if (/^\.?dockerc(onfigjson|fg)$/.test(key)) return hasRegistryLogin(text);
  if (!text.includes('\n')) return !/^(https?|s3|nats|tls):\/\/\S+$/.test(text);
  return !isConfiguration(text);
}

const isPublic = (text: string): boolean => /^-----BEGIN (CERTIFICATE|PUBLIC KEY|TRUSTED CERTIFICATE)-----/.test(text);

/** Recognises a settings file in which each secret is a placeholder. */
function isConfiguration(text: string): boolean {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^([#;]|\[[^\]]*\]$)/.test(line));
  return lines.every((line) => {
    const [, name = '', value = ''] = /^["']?([\w.-]+)["']?\s*[:=]\s*["']?(.*?)["']?,?$/.exec(line) ?? [];
    if (name === '') return /^[{}[\],]*$/.test(line) || isHarmless(line);
    return isHarmless(value) || HARMLESS_NAMES.has(wordsOf(name).at(-1) ?? '');
  });
}

/** Returns whether the credentials file of a container registry contains a login. */
function hasRegistryLogin(text: string): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return true;
  }
  return fieldsOf(parsed).some(
    ([name, value]) =>
      /^(auth|password|identitytoken|registrytoken)$/.test(name) && !isHarmless(value) && !isEmptyLogin(value),
  );
}

/** Recognises `user:` without a password, or with a placeholder, in base64. */
function isEmptyLogin(value: string): boolean {
  const [, password = 'unknown'] = /^[^:]*:(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
  return isHarmless(password);
}

/** Returns every text of a document with the name of its field. */
function fieldsOf(value: unknown, name = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[name, value]];
  if (Array.isArray(value)) return value.flatMap((each) => fieldsOf(each, name));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => fieldsOf(child, key));
}

// Placeholders, recognised by their words: values that a person fills in later.

/** Words of which one alone marks a placeholder. */
const SAY_SO = new Set(
  'changeme changeit changethis replaceme replacethis fillme setme todo tbd fixme placeholder dummy example redacted removed unset undefined none null nil yourpassword yoursecret yourtoken yourkey fake'.split(
    ' ',
  ),
);
/** Words that ask the reader for something, if the other words name it. */
const ASK = new Set(
  'change replace your insert enter fill put set update edit add paste provide my the to not'.split(' '),
);
/** After these, a word of the reader's own may follow: `enter-your-grafana-password`. */
const ASK_PLAINLY =
  /^(replace[-_ ]+(me[-_ ]+)?with|(insert|enter|fill|paste|provide|put)[-_ ]+(in[-_ ]+)?(your|the|a)|your)[-_ ]/i;
const THINGS = new Set(
  'password passwd passphrase pass pwd pw secret secrets key token credential credentials value string id here me it this username user name'.split(
    ' ',
  ),
);
const FILLERS = new Set(
  'with in be changed set filled replaced please a an the my your own new real actual strong secure random long some access api private auth account login admin root app db database aws s3 nats restic minio gcp azure postgres mysql redis backup service client before after use deploy deployment production for of and or text'.split(
    ' ',
  ),
);

/** Marks around a name in templates of many kinds. */
const MARKED = [
  /^<{1,2}([^<>]*)>{1,2}$/,
  /^\[{1,2}([^[\]]*)\]{1,2}$/,
  /^\({1,2}([^()]*)\){1,2}$/,
  /^__(\w+)__$/,
  /^%{1,2}(\w+)%{1,2}$/,
  /^@{1,2}([\w.-]+)@{1,2}$/,
  /^#\{([^{}]*)\}#?$/,
  /^\{([A-Za-z_]\w*)\}$/,
  /^\*{2,3}([^*]*)\*{2,3}$/,
];

/** Marks only, or a known token prefix and then marks. */
const CROSSED_OUT = /^([x*.?…_-]{2,}|([a-z]{2,6}[-_]?){1,2}[x*]{6,})$/i;
/** Examples of Amazon's documentation, which belong to no account. */
const DOCUMENTED = /^((AKIA|ASIA)[A-Z0-9]+EXAMPLE|[A-Za-z0-9/+]+EXAMPLEKEY)$/;

/** Maximum length: a placeholder is no longer than a sentence. */
const LONGEST = 200;

/** True for a text that stands for a value to be filled in later. A password that only begins like one is not a placeholder. */
function isPlaceholder(text: string): boolean {
  if (/^REPLACE_WITH_[A-Z0-9_]+$/.test(text) || CROSSED_OUT.test(text) || DOCUMENTED.test(text)) return true;
  if (text.length > LONGEST) return false;
  for (const pattern of MARKED) {
    const inside = pattern.exec(text)?.[1];
    if (inside !== undefined) return inside.trim() === '' || isName(inside.trim());
  }
  return saysSo(text.replace(/^[!*("'\s]+|[!*)"'\s.]+$/g, ''));
}

/** A name has words and few digits; `7hQ$2kLm9Zx4` is no name. */
function isName(text: string): boolean {
  if (isPlaceholder(text)) return true;
  if (/[$!^&~`"';\\]/.test(text) && !/\s/.test(text)) return false;
  const isOneCase = text === text.toUpperCase() || text === text.toLowerCase();
  const isParted = /[-_ .:/]/.test(text);
  return (isOneCase && isParted) || !/\d/.test(text) || isThing(text);
}

/** `DbPassword2`, `AccessKey1`. */
const isThing = (text: string): boolean => THINGS.has(plainWordsOf(text.replace(/\d+$/, '')).at(-1) ?? '');

function saysSo(text: string): boolean {
  const [, plain = '', number = ''] = /^(.*?)(?:[-_ ]?(\d{0,3}))$/s.exec(text) ?? [];
  if (plain === '' || /\d/.test(plain.replaceAll(/\bs3\b|_s3_|(?<![a-z])s3(?![a-z0-9])/gi, ''))) return false;
  if (/^n\/a$/i.test(plain)) return true;
  // One word or several: change-me and changeme.
  const words = plainWordsOf(plain);
  const known = (word: string): boolean => SAY_SO.has(word) || ASK.has(word) || THINGS.has(word) || FILLERS.has(word);
  const last = words.at(-1) ?? '';
  if (ASK_PLAINLY.test(plain) && THINGS.has(last)) return words.every((word) => word.length <= 14);
  if (!words.every(known)) return false;
  if (words.some((word) => SAY_SO.has(word))) return true;
  // `my-password` is a placeholder, `my-password-77` a real password.
  const [first = ''] = words;
  if (!ASK.has(first) || words.length < 2) return words[0] === 'to' && words[1] === 'be';
  return /^(my|the)$/.test(first) ? number === '' : true;
}

const plainWordsOf = (text: string): readonly string[] =>
  text
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

/** Beginnings of words with a dollar sign for the s. */
const WITH_DOLLAR = /^\$(ecret|ecr3t|uper|ummer|pring|unshine)/i;

/** Recognises one or more variables of a shell, make or Kubernetes. A password may also begin with a dollar sign. */
function isVariable(text: string): boolean {
  if (/^\$\{\{[^}]*\}\}$/.test(text) || /^`[^`]*`$/.test(text) || /^\$\(.*\)$/s.test(text)) return true;
  if (/^(\$\{[^}]*\}[-_:./@]?)+$/.test(text)) return true;
  const [, name] = /^\$\$?([A-Za-z_][\w.:-]*)$/.exec(text) ?? [];
  if (name === undefined || WITH_DOLLAR.test(text)) return false;
  return isName(name);
}
