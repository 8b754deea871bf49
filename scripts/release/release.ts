import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { notesOf } from './changelog.ts';

const manifestSchema = z.object({ name: z.string(), version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/) });
const packedSchema = z.array(z.object({ filename: z.string() })).length(1);
/** npm 12 returns an object by package, npm 11 and older a list. */
const packedByNameSchema = z.record(z.string(), z.object({ filename: z.string() }));

/** Reason why nothing was released, and the fix. Nothing was tagged. */
export class ReleaseRefusedError extends Error {
  override readonly name = 'ReleaseRefusedError';
}

export interface Release {
  readonly tag: string;
  /** The packed file. */
  readonly tarball: string;
}

/**
 * Makes a release of the version in `package.json`: checks that it may be released, packs it, runs the trial of the package, and creates an
 * annotated tag with the changelog's entry. Pushes and publishes nothing.
 * @param root folder of the repository
 * @throws {ReleaseRefusedError} before anything is packed, when the tree is dirty, the tag exists, or the changelog has no entry for the
 *   version; before the tag is made, when the trial changed the repository.
 */
export async function release(root: string, say: (line: string) => void): Promise<Release> {
  const git = async (...args: string[]): Promise<string> => (await execa('git', args, { cwd: root })).stdout;
  const { version } = manifestSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const tag = `v${version}`;

  const requireClean = async (when: string): Promise<void> => {
    const changes = await git('status', '--porcelain');
    if (changes === '') return;
    throw new ReleaseRefusedError(`the repository has changes ${when}:\n${changes}\nCommit or remove them.`);
  };
  await requireClean('that are not committed');
  if ((await git('tag', '--list', tag)) !== '') {
    throw new ReleaseRefusedError(
      `the tag ${tag} exists. Set the next version: npm version --no-git-tag-version VERSION`,
    );
  }
  const notes = notesOf(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version);
  if (notes === undefined) {
    throw new ReleaseRefusedError(
      `CHANGELOG.md has no entry for ${version}. Write what users see below a line "## [${version}] - YYYY-MM-DD".`,
    );
  }
  const commit = await git('rev-parse', 'HEAD');

  say(`Packing ${tag} …`);
  const folder = join(root, 'reports', 'release');
  await mkdir(folder, { recursive: true });
  const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  const tarball = join(folder, fileNameOf(JSON.parse(stdout)));
  say(`Trying the package: npm run test:package …`);
  await execa('npm', ['run', '--silent', 'test:package'], { cwd: root, stdout: 'inherit', stderr: 'inherit' });

  await requireClean('after the trial');
  if ((await git('rev-parse', 'HEAD')) !== commit) {
    throw new ReleaseRefusedError('the commit changed during the trial. Start again: the trial was of another commit.');
  }
  await git('tag', '--annotate', '--cleanup=verbatim', '--message', `${tag}\n\n${notes}`, tag, commit);
  return { tag, tarball };
}

function fileNameOf(packed: unknown): string {
  const list = packedSchema.safeParse(packed);
  if (list.success) return list.data[0]?.filename ?? '';
  return Object.values(packedByNameSchema.parse(packed))[0]?.filename ?? '';
}
