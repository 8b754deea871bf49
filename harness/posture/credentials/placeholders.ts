// What a person takes for a value that is filled in later, by the words of which it is made.

/** Each of them alone says that the value is not there yet. */
const SAY_SO = new Set(
  'changeme changeit changethis replaceme replacethis fillme setme todo tbd fixme placeholder dummy example redacted removed unset undefined none null nil yourpassword yoursecret yourtoken yourkey fake'.split(
    ' ',
  ),
);
/** They ask the reader for something, if the other words say for what. */
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

/** Marks around a name, as templates of many kinds have them. */
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

/** Nothing but marks, or a known beginning of a token and then marks. */
const CROSSED_OUT = /^([x*.?…_-]{2,}|([a-z]{2,6}[-_]?){1,2}[x*]{6,})$/i;
/** Examples of Amazon's documentation, which no account has. */
const DOCUMENTED = /^((AKIA|ASIA)[A-Z0-9]+EXAMPLE|[A-Za-z0-9/+]+EXAMPLEKEY)$/;

/** Nobody writes more than a sentence where a value will stand. */
const LONGEST = 200;

/** True for a text that stands for a value which somebody fills in later. A password that only begins like one is none. */
export function isPlaceholder(text: string): boolean {
  if (/^REPLACE_WITH_[A-Z0-9_]+$/.test(text) || CROSSED_OUT.test(text) || DOCUMENTED.test(text)) return true;
  if (text.length > LONGEST) return false;
  for (const pattern of MARKED) {
    const inside = pattern.exec(text)?.[1];
    if (inside !== undefined) return inside.trim() === '' || isName(inside.trim());
  }
  return saysSo(text.replace(/^[!*("'\s]+|[!*)"'\s.]+$/g, ''));
}

/** A name has words, and digits in few places; nobody calls a thing `7hQ$2kLm9Zx4`. */
function isName(text: string): boolean {
  if (isPlaceholder(text)) return true;
  if (/[$!^&~`"';\\]/.test(text) && !/\s/.test(text)) return false;
  const isOneCase = text === text.toUpperCase() || text === text.toLowerCase();
  const isParted = /[-_ .:/]/.test(text);
  return (isOneCase && isParted) || !/\d/.test(text) || isThing(text);
}

/** `DbPassword2`, `AccessKey1`. */
const isThing = (text: string): boolean => THINGS.has(wordsOf(text.replace(/\d+$/, '')).at(-1) ?? '');

function saysSo(text: string): boolean {
  const [, plain = '', number = ''] = /^(.*?)(?:[-_ ]?(\d{0,3}))$/s.exec(text) ?? [];
  if (plain === '' || /\d/.test(plain.replaceAll(/\bs3\b|_s3_|(?<![a-z])s3(?![a-z0-9])/gi, ''))) return false;
  if (/^n\/a$/i.test(plain)) return true;
  // In one word or several: change-me and changeme.
  const words = wordsOf(plain);
  const known = (word: string): boolean => SAY_SO.has(word) || ASK.has(word) || THINGS.has(word) || FILLERS.has(word);
  const last = words.at(-1) ?? '';
  if (ASK_PLAINLY.test(plain) && THINGS.has(last)) return words.every((word) => word.length <= 14);
  if (!words.every(known)) return false;
  if (words.some((word) => SAY_SO.has(word))) return true;
  // `my-password` is a placeholder, `my-password-77` is somebody's password.
  const [first = ''] = words;
  if (!ASK.has(first) || words.length < 2) return words[0] === 'to' && words[1] === 'be';
  return /^(my|the)$/.test(first) ? number === '' : true;
}

const wordsOf = (text: string): readonly string[] =>
  text
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');

/** Beginnings of words that people write with a dollar sign for the s. */
const WITH_DOLLAR = /^\$(ecret|ecr3t|uper|ummer|pring|unshine)/i;

/** A variable of a shell, of make or of Kubernetes, and several of them in a row. A password may begin with a dollar sign as well. */
export function isVariable(text: string): boolean {
  if (/^\$\{\{[^}]*\}\}$/.test(text) || /^`[^`]*`$/.test(text) || /^\$\(.*\)$/s.test(text)) return true;
  if (/^(\$\{[^}]*\}[-_:./@]?)+$/.test(text)) return true;
  const [, name] = /^\$\$?([A-Za-z_][\w.:-]*)$/.exec(text) ?? [];
  if (name === undefined || WITH_DOLLAR.test(text)) return false;
  return isName(name);
}
