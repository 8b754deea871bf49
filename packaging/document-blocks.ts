import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootFolder } from './places.ts';

/** A fenced block of a page. */
export interface Block {
  /** The heading above it. */
  readonly section: string;
  readonly language: string;
  readonly text: string;
}

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: { readonly language: string; readonly lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.lines.push(line);
      else section = /^#+ (.*)$/.exec(line)?.[1] ?? section;
    } else if (open === undefined) {
      open = { language: fence[1] ?? '', lines: [] };
    } else {
      blocks.push({ section, language: open.language, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    }
  }
  return blocks;
}

/** Returns the command lines in sentences and tables: code that begins with a program that a reader starts. */
export function commandsIn(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/\s*\n\s*/g, ' ');
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  return [...new Set(spans.filter((text) => /^(?:npx|npm|node|dr-contracts|chmod|sh|bash|git|docker) /.test(text)))];
}

/** Returns the commands of a shell block, without its comments. */
export const commandLinesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** A page whose blocks and commands are taken one by one by the code that runs them. Nothing runs the rest. */
export class Page {
  readonly #path: string;
  #blocks: readonly Block[];
  readonly #commands: Set<string>;

  private constructor(path: string, markdown: string) {
    this.#path = path;
    this.#blocks = blocksOf(markdown);
    this.#commands = new Set(commandsIn(markdown));
  }

  /** @param path relative to the root of the repository. */
  static async read(path: string): Promise<Page> {
    return new Page(path, await readFile(join(rootFolder, path), 'utf8'));
  }

  /** Returns the text of the next block below a heading. @throws where there is none. */
  take(section: string, language: string): string {
    const block = this.#blocks.find((each) => each.section === section && each.language === language);
    if (block === undefined)
      throw new Error(`${this.#path}: there is no (further) block of ${language} below "${section}"`);
    this.#blocks = this.#blocks.filter((each) => each !== block);
    return block.text;
  }

  /** Returns the blocks below a heading that name their file in the first line, or in the line below `#!`, by that name. */
  takeFiles(section: string): ReadonlyMap<string, string> {
    const files = new Map<string, string>();
    for (const block of this.#blocks.filter((each) => each.section === section)) {
      const name = /^(?:#!.*\n)?(?:#|\/\/) ([\w./-]+)\n/.exec(block.text)?.[1];
      if (name === undefined) continue;
      files.set(name, block.text);
      this.#blocks = this.#blocks.filter((each) => each !== block);
    }
    return files;
  }

  /** Takes a command from a sentence. @throws where no sentence contains it. */
  command(text: string): string {
    if (!this.#commands.delete(text)) throw new Error(`${this.#path} does not say \`${text}\``);
    return text;
  }

  /** Blocks and commands that have not been taken. */
  get left(): readonly string[] {
    const blocks = this.#blocks.map(
      ({ section, language, text }) => `${this.#path}, "${section}" (${language}):\n${text}`,
    );
    return [...blocks, ...[...this.#commands].map((text) => `${this.#path}: \`${text}\``)];
  }
}
