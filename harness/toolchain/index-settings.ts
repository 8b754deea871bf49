import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The user's sources of Python packages, and the network settings for them. */
export interface IndexSettings {
  /** The index, then further ones, in the order of queries; empty where pip is told to use none. They may contain credentials. */
  readonly indexes: readonly string[];
  /** Proxy from pip's settings; otherwise the environment's proxies apply. */
  readonly proxy?: string;
  /** Files with certificates of authorities that this user trusts besides the usual ones. */
  readonly certificateFiles: readonly string[];
}

export interface IndexSurroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

const PUBLIC_INDEX = 'https://pypi.org/simple';
/** pip's null device: with PIP_CONFIG_FILE set to it, pip reads no file at all. */
const NO_FILES = '/dev/null';

/**
 * Reads the settings as pip does: environment variables, then `[install]` of all its files, then `[global]`. A later file overrides an
 * earlier one. uv's variables apply where pip's are not set. https://pip.pypa.io/en/stable/topics/configuration/ and
 * https://docs.astral.sh/uv/reference/environment/
 */
export async function readIndexSettings(surroundings: IndexSurroundings): Promise<IndexSettings> {
  const { environment } = surroundings;
  const fromFiles = await settingsOfFiles(surroundings);
  const variable = (...names: readonly string[]) =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value.trim() !== '');
  const index = variable('PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL') ?? fromFiles.get('index-url');
  const more = variable('PIP_EXTRA_INDEX_URL', 'UV_INDEX', 'UV_EXTRA_INDEX_URL') ?? fromFiles.get('extra-index-url');
  const asksNone = /^(1|true|yes|on|y|t)$/i.test(variable('PIP_NO_INDEX') ?? fromFiles.get('no-index') ?? '');
  const proxy = variable('PIP_PROXY') ?? fromFiles.get('proxy');
  const certificates = [variable('PIP_CERT', 'SSL_CERT_FILE') ?? fromFiles.get('cert')];
  return {
    indexes: asksNone
      ? []
      : [index ?? PUBLIC_INDEX, ...(more ?? '').split(/\s+/)].map(withoutName).filter((url) => url !== ''),
    ...(proxy === undefined ? {} : { proxy }),
    certificateFiles: certificates.filter((path) => path !== undefined),
  };
}

/** Removes the name that uv allows before an index: `internal=https://…`. */
const withoutName = (index: string): string => index.trim().replace(/^[\w.-]+=(?=https?:)/, '');

async function settingsOfFiles(surroundings: IndexSurroundings): Promise<ReadonlyMap<string, string>> {
  const global = new Map<string, string>();
  const ofInstall = new Map<string, string>();
  for (const path of pipFiles(surroundings)) {
    for (const { section, key, value } of entriesOf(await readIfThere(path))) {
      if (section === 'global') global.set(key, value);
      if (section === 'install') ofInstall.set(key, value);
    }
  }
  return new Map([...global, ...ofInstall]);
}

/** Returns pip's configuration files in ascending precedence: of the machine, of the user, of the virtual environment, PIP_CONFIG_FILE. */
function pipFiles({ environment, platform = process.platform, home = homedir() }: IndexSurroundings): string[] {
  const named = environment['PIP_CONFIG_FILE'];
  if (named === NO_FILES) return [];
  const given = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  const isMac = platform === 'darwin';
  const library = '/Library/Application Support/pip/pip.conf';
  const sharedFolders = (given('XDG_CONFIG_DIRS') ?? '/etc/xdg').split(delimiter);
  const ofMachine = isMac
    ? [library]
    : [...sharedFolders.map((dir) => join(dir, 'pip/pip.conf')).toReversed(), '/etc/pip.conf'];
  const ofUser = [
    join(home, '.pip/pip.conf'),
    join(given('XDG_CONFIG_HOME') ?? join(home, '.config'), 'pip/pip.conf'),
    ...(isMac ? [join(home, library)] : []),
  ];
  const environmentFolder = given('VIRTUAL_ENV');
  return [
    ...ofMachine,
    ...ofUser,
    ...(environmentFolder === undefined ? [] : [join(environmentFolder, 'pip.conf')]),
    ...(named === undefined || named === '' ? [] : [named]),
  ];
}

/** Reads a file. A missing or unreadable one counts as empty, as for pip. */
async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return '';
    throw error;
  }
}

interface Entry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** Parses the format of Python's configparser: sections, `key = value` or `key: value`, and indented continuation lines. */
function entriesOf(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const last = entries.at(-1);
    if (/^\s/.test(line) && last?.section === section) {
      entries[entries.length - 1] = { ...last, value: `${last.value} ${line.trim()}`.trim() };
      continue;
    }
    const head = /^\[([^\]]+)\]/.exec(line)?.[1];
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (head !== undefined) section = head.trim();
    else if (pair?.[1] !== undefined) {
      const key = pair[1].trim().toLowerCase().replaceAll('_', '-').replace(/^--/, '');
      entries.push({ section, key, value: (pair[2] ?? '').trim() });
    }
  }
  return entries;
}
